"""Checks every call: a valid session, and the privileges that the operation declares."""

from __future__ import annotations

from typing import Any

from contentlib.access import messages
from contentlib.access.logins import Logins
from contentlib.access.roles import Roles
from contentlib.vapi.declare import Operation, Privilege
from contentlib.vapi.errors import Unauthorized
from contentlib.vapi.registry import Call


class AccessGate:
    """Admits calls, or rejects them with an error."""

    def __init__(self, logins: Logins, roles: Roles) -> None:
        self._logins = logins
        self._roles = roles

    async def authenticate(self, call: Call) -> None:
        """Sets the call's user and login session. Raises Unauthenticated if its token is invalid."""
        login = await self._logins.find(call.token)
        call.user, call.login = login.user, login.token_hash

    async def admit(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:
        """Raises Unauthorized if the call lacks a privilege, Unauthenticated if it has no valid login session."""
        if operation.anonymous:
            return
        if not call.user:
            await self.authenticate(call)
        for privilege in operation.privileges:
            if not await self._roles.allow(call.user, privilege.name):
                raise missing_privilege(call.user, privilege, operation.id, privilege.thing(arguments))


def missing_privilege(user: str, privilege: Privilege, what_for: str, on: str | None = None) -> Unauthorized:
    """Returns the error for a missing privilege, which names the privilege and the object."""
    name = privilege.name
    if not (privilege.resource and on):
        return Unauthorized(messages.PRIVILEGE_MISSING(user=user, privilege=name, operation=what_for))
    told = messages.PRIVILEGE_MISSING_ON(user=user, privilege=name, operation=what_for, type=privilege.resource, thing=on)
    return Unauthorized(told)
