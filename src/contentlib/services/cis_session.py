"""Implements com.vmware.cis.session: login sessions."""

from __future__ import annotations

from typing import ClassVar

from contentlib.access.logins import Logins
from contentlib.access.saml import SamlTokens
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import ServiceUnavailable, Unauthenticated
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Secret, Structure

_PATH = "/api/session"
_REST = "/rest/com/vmware/cis/session"
_ERRORS = (ServiceUnavailable, Unauthenticated)


class SessionInfo(Structure):
    """The user of a session, its start and its last use. Times are in UTC."""

    vapi_name: ClassVar[str] = "com.vmware.cis.session.info"
    created_time: DateTime
    last_accessed_time: DateTime
    user: str


class SessionService(Service):
    """Login sessions."""

    vapi_id = "com.vmware.cis.session"

    def __init__(self, logins: Logins, saml: SamlTokens) -> None:
        self._logins = logins
        self._saml = saml

    @operation(Route("POST", _PATH, status=201), errors=_ERRORS, anonymous=True)
    async def create(self, call: Call) -> Secret:
        """Logs in with the user name and password, or the SAML token, in the request, and returns the session token."""
        if call.saml is not None:
            owner = await self._saml.owner_of(call.saml)
            call.new_token = await self._logins.start_admitted(owner.user, call.client, owner.api_token)
            return call.new_token
        call.new_token = await self._logins.start(call.credentials, call.client, call.gone, call.bearer)
        return call.new_token

    @operation(Route("DELETE", _PATH, status=204, rest=_REST), errors=_ERRORS, own=True)
    async def delete(self, call: Call) -> None:
        """Ends the session of the request."""
        await self._logins.end(call.login)

    @operation(Route("GET", _PATH, rest=_REST), errors=_ERRORS, own=True)
    async def get(self, call: Call) -> SessionInfo:
        """Returns the user and the times of the session of the request."""
        login = await self._logins.caller(call.token, call.bearer, call.client)
        return SessionInfo(created_time=DateTime(login.created), last_accessed_time=DateTime(login.touched), user=login.user)
