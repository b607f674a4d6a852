"""Privileges that many operations need, and the types of the resources that they are on."""

from __future__ import annotations

from contentlib.vapi.declare import Privilege

LIBRARY = "com.vmware.content.Library"
ITEM = "com.vmware.content.library.Item"

ANONYMOUS = Privilege("System.Anonymous")
READ = Privilege("System.Read")


def on_library(name: str, parameter: str = "library_id") -> Privilege:
    """A privilege on the library that a parameter names."""
    return Privilege(name, LIBRARY, parameter)


def on_item(name: str, parameter: str = "library_item_id") -> Privilege:
    """A privilege on the library item that a parameter names."""
    return Privilege(name, ITEM, parameter)
