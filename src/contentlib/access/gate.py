"""The gate that every call passes: a session that lives, and the privileges that the operation declares."""

from __future__ import annotations

from typing import Any

from contentlib.access.logins import Logins
from contentlib.access.roles import Roles
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import Unauthorized
from contentlib.vapi.registry import Call


class AccessGate:
    """Lets a call in, or says why not."""

    def __init__(self, logins: Logins, roles: Roles) -> None:
        self._logins = logins
        self._roles = roles

    async def admit(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:  # noqa: ARG002 - permissions on single resources will read it
        """Sets the call's user and login session; unauthenticated or unauthorized where it may not go on."""
        if operation.anonymous:
            return
        login = await self._logins.find(call.token)
        call.user, call.login = login.user, login.token_hash
        for privilege in operation.privileges:
            if not await self._roles.allow(login.user, privilege.name):
                text = f"user {login.user} needs the privilege {privilege.name} for {operation.id}"
                raise Unauthorized("access.privilege_missing", text, login.user, privilege.name, operation.id)
