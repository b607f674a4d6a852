"""Defines privileges that many operations need, and their resource types."""

from __future__ import annotations

from contentlib.access.roles import ADMINISTERING, DOWNLOADING, UPLOADING
from contentlib.access.scopes import DELETED, DOWNLOAD_SESSION, ITEM, LIBRARY, TASK, UPDATE_SESSION
from contentlib.vapi.declare import About, Privilege

__all__ = ["DELETED", "DOWNLOADING", "DOWNLOAD_SESSION", "ITEM", "LIBRARY", "TASK", "UPDATE_SESSION"]

CATEGORY = "com.vmware.cis.tagging.Category"
TAG = "com.vmware.cis.tagging.Tag"

ANONYMOUS = Privilege("System.Anonymous")
VIEW = Privilege("System.View")
"""What every logged-in user has."""
READ = Privilege("System.Read")


def on_library(name: str, parameter: str = "library_id") -> Privilege:
    """A privilege on the library given in a parameter."""
    return Privilege(name, LIBRARY, parameter)


def on_item(name: str, parameter: str = "library_item_id") -> Privilege:
    """A privilege on the library item given in a parameter."""
    return Privilege(name, ITEM, parameter)


def on_category(name: str, parameter: str = "category_id") -> Privilege:
    """A privilege on the tag category given in a parameter."""
    return Privilege(name, CATEGORY, parameter)


def on_tag(name: str) -> Privilege:
    """A privilege on the tag given in the parameter `tag_id`."""
    return Privilege(name, TAG, "tag_id")


ABOUT_LIBRARY = About(LIBRARY, "library")
ABOUT_DELETED = About(DELETED, "deleted_id")
ABOUT_UPDATE = About(UPDATE_SESSION, "update_session_id", UPLOADING, ADMINISTERING)
"""An update session, which only its user and those who administer its library may act on."""
ABOUT_DOWNLOAD = About(DOWNLOAD_SESSION, "download_session_id", DOWNLOADING, ADMINISTERING)
ABOUT_TASK = About(TASK, "task", READ.name)
CHANGING_TASK = About(TASK, "task", READ.name, ADMINISTERING)
