"""Implements contentlib.access.sessions: the login sessions of all users.

A service of our own: upstream shows them in its Web Services.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.access.logins import Logins
from contentlib.access.roles import END_SESSIONS
from contentlib.access.scopes import LOGIN
from contentlib.vapi.declare import About, Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Id, Structure

_PREFIX = "contentlib.access.sessions"
_PATH = "/api/contentlib/access/sessions"
_SESSION = f"{_PATH}/{{session}}"


class Info(Structure):
    """A login session; times are in UTC. `token` is the API token that it was started with, if it was one."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    created: DateTime
    id: Id
    last_used: DateTime
    own: bool
    user: Id
    token: Id | None = None


class SessionsService(Service):
    """Login sessions."""

    vapi_id = _PREFIX

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    @operation(Route("GET", _PATH), shows=LOGIN)
    async def list(self, call: Call) -> builtins.list[Info]:
        """Lists the caller's sessions and, where the caller may see them, those of all others."""
        return [
            Info(
                created=DateTime(each.created),
                id=each.token_hash,
                last_used=DateTime(each.touched),
                own=each.token_hash == call.login,
                token=each.api_token,
                user=each.user,
            )
            for each in await self._logins.all()
        ]

    @operation(
        Route("DELETE", _SESSION, status=204), errors=(NotFound,), about=About(LOGIN, "session", "System.View", END_SESSIONS)
    )
    async def delete(self, call: Call, session: Id) -> None:
        """Ends a session; what it began goes on."""
        await self._logins.end(session)
