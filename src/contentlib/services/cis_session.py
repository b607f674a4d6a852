"""com.vmware.cis.session: login sessions."""

from __future__ import annotations

from typing import ClassVar

from contentlib.access.logins import Logins
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import ServiceUnavailable, Unauthenticated
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Secret, Structure

_PATH = "/api/session"
_REST = "/rest/com/vmware/cis/session"
_ERRORS = (ServiceUnavailable, Unauthenticated)


class SessionInfo(Structure):
    """Whose session it is, when it began and when it was last used; times in UTC."""

    vapi_name: ClassVar[str] = "com.vmware.cis.session.info"
    created_time: DateTime
    last_accessed_time: DateTime
    user: str


class SessionService(Service):
    """Login sessions."""

    vapi_id = "com.vmware.cis.session"

    def __init__(self, logins: Logins) -> None:
        self._logins = logins

    @operation(Route("POST", _PATH, status=201), errors=_ERRORS, anonymous=True)
    async def create(self, call: Call) -> Secret:
        """Logs in with the name and the password that the request carries, and answers the token of the session."""
        call.new_token = await self._logins.start(call.credentials, call.client, call.gone)
        return call.new_token

    @operation(Route("DELETE", _PATH, status=204, rest=_REST), errors=_ERRORS)
    async def delete(self, call: Call) -> None:
        """Ends the session that the request carries."""
        await self._logins.end(call.login)

    @operation(Route("GET", _PATH, rest=_REST), errors=_ERRORS)
    async def get(self, call: Call) -> SessionInfo:
        """Tells whose the session is that the request carries."""
        login = await self._logins.find(call.token)
        return SessionInfo(created_time=DateTime(login.created), last_accessed_time=DateTime(login.touched), user=login.user)
