"""Defines the structures of users, groups and permissions."""

from __future__ import annotations

from contentlib.vapi.types import Enumeration, enumeration


@enumeration("contentlib.access.principal_type")
class PrincipalType(Enumeration):
    """What has permissions."""

    GROUP = "GROUP"
    USER = "USER"
