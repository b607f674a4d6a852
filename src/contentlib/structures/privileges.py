"""Defines privileges that many operations need, and their resource types."""

from __future__ import annotations

from contentlib.vapi.declare import Privilege

LIBRARY = "com.vmware.content.Library"
ITEM = "com.vmware.content.library.Item"

ANONYMOUS = Privilege("System.Anonymous")
READ = Privilege("System.Read")


def on_library(name: str, parameter: str = "library_id") -> Privilege:
    """A privilege on the library given in a parameter."""
    return Privilege(name, LIBRARY, parameter)


def on_item(name: str, parameter: str = "library_item_id") -> Privilege:
    """A privilege on the library item given in a parameter."""
    return Privilege(name, ITEM, parameter)
