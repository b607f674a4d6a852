"""Implements contentlib.access.groups: users and groups that share permissions.

A service of our own: upstream has groups in a directory of its own.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.groups import Groups
from contentlib.access.roles import MODIFY_USERS, VIEW_ACCESS
from contentlib.library import principals
from contentlib.structures.access import PrincipalType
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PREFIX = "contentlib.access.groups"
_PATH = "/api/contentlib/access/groups"
_GROUP = f"{_PATH}/{{group}}"
_CHANGING = (Privilege(MODIFY_USERS),)
_READING = (Privilege(VIEW_ACCESS),)


class CreateSpec(Structure):
    """A group to be created.

    With `source`, a provider such as oidc:NAME or ldap:NAME, and `external_name`, the name of a group there, users of that
    group become members when they log in, until they log in without it.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_spec"
    name: str
    description: str | None = None
    external_name: str | None = None
    source: str | None = None


class Member(Structure):
    """A member of a group: a user or another group."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.member"
    name: Id
    type: PrincipalType


class Info(Structure):
    """A group with its own members, not those that it has by other groups."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    description: str
    members: builtins.list[Member]
    name: Id
    external_name: str | None = None
    source: str | None = None


class GroupsService(Service):
    """Groups of users and of other groups."""

    vapi_id = _PREFIX

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    @operation(Route("POST", _PATH, body="spec", status=201), errors=(AlreadyExists, InvalidArgument), privileges=_CHANGING)
    async def create(self, call: Call, spec: CreateSpec) -> Id:
        """Creates a group without members, and answers its name."""
        return await self._groups.create(spec.name, spec.description or "", (spec.source, spec.external_name))

    @operation(Route("GET", _PATH), privileges=_READING)
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the names of all groups."""
        return [each.name for each in await self._groups.all()]

    @operation(Route("GET", _GROUP), errors=(NotFound,), privileges=_READING)
    async def get(self, call: Call, group: Id) -> Info:
        """Returns a group."""
        found, members = await self._groups.get(group)
        return Info(
            description=found.description,
            members=[Member(name=each.name, type=_type(isinstance(each, principals.Group))) for each in members],
            name=found.name,
            external_name=found.external_name,
            source=found.source,
        )

    @operation(Route("PATCH", _GROUP, status=204), errors=(InvalidArgument, NotFound), privileges=_CHANGING)
    async def update(self, call: Call, description: str, group: Id) -> None:
        """Changes the description of a group."""
        await self._groups.describe(group, description)

    @operation(
        Route("POST", _GROUP, {"action": "map"}, status=204),
        errors=(AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound),
        privileges=_CHANGING,
    )
    async def map(self, call: Call, group: Id, external_name: str | None = None, source: str | None = None) -> None:
        """Maps a group to a group of a provider, in place of the one that it was mapped to; without both, to none.

        Memberships by the former mapping end. Users become members when they log in.
        """
        await self._groups.map(group, (source, external_name))

    @operation(Route("DELETE", _GROUP, status=204), errors=(NotAllowedInCurrentState, NotFound), privileges=_CHANGING)
    async def delete(self, call: Call, group: Id) -> None:
        """Removes a group with its permissions; its members stay."""
        await self._groups.remove(group)

    @operation(
        Route("POST", _GROUP, {"action": "add-member"}, body="member", status=204),
        errors=(InvalidArgument, NotFound),
        privileges=_CHANGING,
    )
    async def add_member(self, call: Call, group: Id, member: Member) -> None:
        """Makes a user or a group a member; a group cannot become a member of itself, also not by others."""
        await self._groups.join(group, member.name, is_group=member.type is PrincipalType.GROUP)

    @operation(
        Route("POST", _GROUP, {"action": "remove-member"}, body="member", status=204),
        errors=(NotAllowedInCurrentState, NotFound),
        privileges=_CHANGING,
    )
    async def remove_member(self, call: Call, group: Id, member: Member) -> None:
        """Ends a membership that is kept here; one that a provider asserts ends at the provider."""
        await self._groups.leave(group, member.name, is_group=member.type is PrincipalType.GROUP)


def _type(is_group: bool) -> PrincipalType:
    return PrincipalType.GROUP if is_group else PrincipalType.USER
