"""Implements contentlib.access.permissions: the roles of users and groups on libraries.

A service of our own: upstream manages permissions in its Web Services.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.gate import AccessGate
from contentlib.access.grants import Grants
from contentlib.access.roles import MODIFY_PERMISSIONS, VIEW_ACCESS
from contentlib.access.scopes import LIBRARY, PERMISSION
from contentlib.library import principals
from contentlib.library.principals import group_of, user_of
from contentlib.structures.access import PrincipalType
from contentlib.vapi.declare import About, Privilege, Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, NotAllowedInCurrentState, NotFound, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PREFIX = "contentlib.access.permissions"
_PATH = "/api/contentlib/access/permissions"
_PERMISSION = f"{_PATH}/{{permission}}"
_ABOUT = About(PERMISSION, "permission")


class Spec(Structure):
    """A role for a user or a group, on a library with its items or, where none is named, on everything."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.spec"
    principal: Id
    principal_type: PrincipalType
    role: Id
    library: Id | None = None


class Info(Structure):
    """A permission; names of users, groups and roles are in the form in which they are compared."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    id: Id
    principal: Id
    principal_type: PrincipalType
    role: Id
    library: Id | None = None


class PermissionsService(Service):
    """Permissions.

    The nearest one wins: on the library before on everything, and on the same level that of the user before those of the
    user's groups, which add up. The role No access on a library takes away what a permission on everything gives.
    """

    vapi_id = _PREFIX

    def __init__(self, grants: Grants, gate: AccessGate) -> None:
        self._grants = grants
        self._gate = gate

    @operation(
        Route("PUT", _PATH, body="spec"),
        errors=(InvalidArgument, NotAllowedInCurrentState, NotFound, Unauthorized),
        privileges=(Privilege(MODIFY_PERMISSIONS, LIBRARY, "spec.library"),),
    )
    async def set(self, call: Call, spec: Spec) -> Id:
        """Gives a user or a group a role, in place of the one that it has there, and answers the permission's identifier.

        To give or replace a role, the caller needs each of its privileges at the same place.
        """
        is_group = spec.principal_type is PrincipalType.GROUP
        rights = await self._gate.rights(call)
        return await self._grants.set(rights, spec.principal, spec.role, spec.library, is_group=is_group)

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=(Privilege(VIEW_ACCESS, LIBRARY, "library"),))
    async def list(self, call: Call, library: Id | None) -> builtins.list[Info]:
        """Lists the permissions on a library or, where none is named, all that there are."""
        return [_info(each) for each in await self._grants.all(library)]

    @operation(Route("GET", _PERMISSION), errors=(NotFound,), privileges=(Privilege(VIEW_ACCESS),), about=_ABOUT)
    async def get(self, call: Call, permission: Id) -> Info:
        """Returns a permission."""
        return _info(await self._grants.get(permission))

    @operation(
        Route("DELETE", _PERMISSION, status=204),
        errors=(NotAllowedInCurrentState, NotFound, Unauthorized),
        privileges=(Privilege(MODIFY_PERMISSIONS),),
        about=_ABOUT,
    )
    async def delete(self, call: Call, permission: Id) -> None:
        """Takes a permission away."""
        await self._grants.remove(await self._gate.rights(call), permission)


def _info(found: principals.Permission) -> Info:
    user, group = user_of(found.principal), group_of(found.principal)
    return Info(
        id=found.id,
        library=found.library,
        principal=user or group or "",
        principal_type=PrincipalType.USER if group is None else PrincipalType.GROUP,
        role=found.role,
    )
