"""Defines values and rows of groups, roles, permissions and tokens.

A principal is a user or a group, written `user:NAME` or `group:NAME`, with the name as `fold` writes it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import msgspec

from contentlib.library.identifiers import new_identifier
from contentlib.library.names import fold

ADMINISTRATOR = "administrator"
"""The folded name of the role that has all privileges."""

_USER = "user:"
_GROUP = "group:"


def user_key(folded_name: str) -> str:
    """The principal of a user."""
    return _USER + folded_name


def group_key(folded_name: str) -> str:
    """The principal of a group."""
    return _GROUP + folded_name


def user_of(principal: str) -> str | None:
    """The folded name of the user that a principal is; None for a group."""
    return principal.removeprefix(_USER) if principal.startswith(_USER) else None


def group_of(principal: str) -> str | None:
    """The folded name of the group that a principal is; None for a user."""
    return principal.removeprefix(_GROUP) if principal.startswith(_GROUP) else None


class Group(msgspec.Struct, frozen=True):
    """A group; users of the provider `source` who are in its group `external_name` become members when they log in."""

    name: str
    folded_name: str
    description: str = ""
    source: str | None = None
    external_name: str | None = None


class Role(msgspec.Struct, frozen=True):
    """A named set of privileges."""

    name: str
    folded_name: str
    privileges: tuple[str, ...]
    description: str = ""


class Permission(msgspec.Struct, frozen=True):
    """A role, by its folded name, that a principal has on a library, or on everything where that is None."""

    id: str
    principal: str
    role: str
    library: str | None = None


def creators(user: str, library: str) -> Permission:
    """The permission of the user who creates a library."""
    return Permission(new_identifier(), user_key(fold(user)), ADMINISTRATOR, library)


class ApiToken(msgspec.Struct, frozen=True):
    """A token of a user (folded name), which is kept by its hash. Times are milliseconds since 1970 UTC.

    `role` and `libraries` narrow what its user may do; None does not.
    """

    id: str
    hash: str
    user: str
    name: str
    created: int
    expires: int | None = None
    role: str | None = None
    libraries: tuple[str, ...] | None = None


class LoginLink(msgspec.Struct, frozen=True):
    """A link that starts one login session of a user (folded name), kept by the hash of its secret."""

    id: str
    hash: str
    user: str
    expires: int


class LastUse(msgspec.Struct, frozen=True):
    """When and from which address a principal or a token (its identifier) was last used to log in or to call."""

    id: str
    time: int
    address: str


class GroupRows(Protocol):
    """Groups by their folded name, and their members."""

    async def get(self, folded_name: str) -> Group | None:
        """The group, or None."""

    async def add(self, row: Group) -> None:
        """Adds a group."""

    async def put(self, row: Group) -> None:
        """Replaces the group of the same folded name."""

    async def remove(self, identifier: str) -> None:
        """Removes the group; its members and what it is a member of are removed by `leave`."""

    async def all(self) -> list[Group]:
        """All groups, by folded name."""

    async def of_source(self, source: str) -> list[Group]:
        """The groups that a provider's groups are mapped to, by folded name."""

    async def members(self, folded_name: str, source: str | None = None) -> list[str]:
        """The principals that are members of a group themselves, in order; of one source where it is given."""

    async def join(self, folded_name: str, principal: str, source: str = "") -> None:
        """Makes a principal a member of a group; one that is a member stays so.

        `source` names the provider that asserts the membership, and is empty for one that is kept here. One principal can be a
        member by several sources.
        """

    async def leave(self, principal: str, folded_name: str | None = None, source: str | None = None) -> None:
        """Ends the membership of a principal in one group; without one, in all, and for a group also that of its members.

        With a source, only a membership by that source ends.
        """

    async def asserted(self, principal: str, source: str) -> list[str]:
        """The folded names of the groups that a principal is a member of itself, by a source, in order."""

    async def groups_of(self, principal: str) -> list[str]:
        """The folded names of all groups that a principal is a member of, directly or by other groups, in order."""

    async def users_in(self, folded_name: str) -> list[str]:
        """The folded names of all users who are members of a group, directly or by other groups, in order."""


class RoleRows(Protocol):
    """Roles that are not built in, by their folded name."""

    async def get(self, folded_name: str) -> Role | None:
        """The role, or None."""

    async def add(self, row: Role) -> None:
        """Adds a role."""

    async def put(self, row: Role) -> None:
        """Replaces the role of the same folded name."""

    async def remove(self, identifier: str) -> None:
        """Removes the role."""

    async def all(self) -> list[Role]:
        """All roles, by folded name."""


class PermissionRows(Protocol):
    """Permissions; a principal has one on each library, and one on everything. They go with their library."""

    async def get(self, identifier: str) -> Permission | None:
        """The permission, or None."""

    async def find(self, principal: str, library: str | None) -> Permission | None:
        """The permission of a principal on a library or, without one, on everything; or None."""

    async def add(self, row: Permission) -> None:
        """Adds a permission."""

    async def put(self, row: Permission) -> None:
        """Replaces the permission of the same identifier."""

    async def remove(self, identifier: str) -> None:
        """Removes the permission."""

    async def remove_of(self, principal: str) -> None:
        """Removes all permissions of a principal."""

    async def all(self, library: str | None = None, role: str | None = None) -> list[Permission]:
        """All permissions, of a library or of a role where one is given; by library, then principal, everything first."""

    async def on_everything(self, role: str) -> list[Permission]:
        """The permissions on everything that have a role."""

    async def reaching(self, user: str) -> list[Permission]:
        """The permissions of a user (folded name) and of all groups that `groups_of` answers for it."""


class ApiTokenRows(Protocol):
    """Tokens, by their identifier."""

    async def get(self, identifier: str) -> ApiToken | None:
        """The token, or None."""

    async def add(self, row: ApiToken) -> None:
        """Adds a token."""

    async def remove(self, identifier: str) -> None:
        """Removes the token."""

    async def all(self, user: str | None = None) -> list[ApiToken]:
        """All tokens, or those of a user (folded name), in order of creation."""


class LoginLinkRows(Protocol):
    """Login links, by their identifier."""

    async def get(self, identifier: str) -> LoginLink | None:
        """The link, or None."""

    async def add(self, row: LoginLink) -> None:
        """Adds a link."""

    async def remove_of(self, user: str) -> None:
        """Removes the links of a user (folded name)."""


class LastUseRows(Protocol):
    """Last uses; they are no part of what `access_generation` counts."""

    async def get(self, identifier: str) -> LastUse | None:
        """The last use, or None."""

    async def note(self, row: LastUse) -> None:
        """Keeps a last use, unless a later one is kept."""

    async def forget(self, identifiers: Collection[str]) -> None:
        """Removes last uses."""
