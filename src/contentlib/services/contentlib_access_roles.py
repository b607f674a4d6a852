"""Implements contentlib.access.roles: named sets of privileges.

A service of our own: upstream manages roles in its Web Services.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.own_roles import OwnRoles
from contentlib.access.roles import BUILT_IN, MODIFY_ROLES
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PREFIX = "contentlib.access.roles"
_PATH = "/api/contentlib/access/roles"
_ROLE = f"{_PATH}/{{role}}"
_CHANGING = (Privilege(MODIFY_ROLES),)
_READING = (Privilege("System.View"),)


class CreateSpec(Structure):
    """A role to be created."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.create_spec"
    name: str
    privileges: set[str]
    description: str | None = None


class UpdateSpec(Structure):
    """What is to be changed of a role; what is not given stays."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.update_spec"
    description: str | None = None
    privileges: set[str] | None = None


class Info(Structure):
    """A role."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    built_in: bool
    description: str
    name: Id
    privileges: set[str]


class RolesService(Service):
    """Roles; those that are built in cannot be changed."""

    vapi_id = _PREFIX

    def __init__(self, roles: OwnRoles) -> None:
        self._roles = roles

    @operation(Route("POST", _PATH, body="spec", status=201), errors=(AlreadyExists, InvalidArgument), privileges=_CHANGING)
    async def create(self, call: Call, spec: CreateSpec) -> Id:
        """Creates a role and answers its name; privileges on users and roles are left to the role Administrator."""
        return await self._roles.create(spec.name, spec.privileges, spec.description or "")

    @operation(Route("GET", _PATH), privileges=_READING)
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the names of all roles, those that are built in first."""
        return [each.name for each in await self._roles.all()]

    @operation(Route("GET", _ROLE), errors=(NotFound,), privileges=_READING)
    async def get(self, call: Call, role: Id) -> Info:
        """Returns a role."""
        found = await self._roles.get(role)
        return Info(
            built_in=found.folded_name in BUILT_IN,
            description=found.description,
            name=found.name,
            privileges=set(found.privileges),
        )

    @operation(
        Route("PATCH", _ROLE, body="spec", status=204),
        errors=(InvalidArgument, NotAllowedInCurrentState, NotFound),
        privileges=_CHANGING,
    )
    async def update(self, call: Call, role: Id, spec: UpdateSpec) -> None:
        """Changes what is given, for all who have the role, from their next call on."""
        await self._roles.update(role, spec.privileges, spec.description)

    @operation(Route("DELETE", _ROLE, status=204), errors=(NotAllowedInCurrentState, NotFound), privileges=_CHANGING)
    async def delete(self, call: Call, role: Id) -> None:
        """Removes a role that no permission and no token has."""
        await self._roles.remove(role)
