"""Serves the part of the administration service that clients ask for at a login: /sso-adminserver/sdk.

Users and groups are managed with the services of this server, not here.
"""

from __future__ import annotations

from contentlib.access.logins import Logins
from contentlib.access.refusals import OnRefusal
from contentlib.access.saml import SamlTokens
from contentlib.http.bodies import Bodies
from contentlib.http.message import Request, Response
from contentlib.sso.managed import ManagedCall, ManagedService, Methods
from contentlib.vapi.errors import Unauthenticated
from contentlib.vim.faults import VimFault
from contentlib.vim.front import session_cookies, session_token
from contentlib.vim.values import Data, Reference, Value

_SPACE = "urn:sso"
_PATH = "/sso-adminserver/sdk"
_SERVICES = (
    "sessionManager",
    "configurationManagementService",
    "smtpManagementService",
    "principalDiscoveryService",
    "principalManagementService",
    "roleManagementService",
    "passwordPolicyService",
    "lockoutPolicyService",
    "domainManagementService",
    "identitySourceManagementService",
    "systemManagementService",
    "computerManagementService",
    "ssoHealthManagementService",
    "deploymentInformationService",
    "replicationService",
)
"""The fields of AdminServiceContent."""


class AdministrationService:
    """Describes the service, and logs in and out with a SAML token."""

    def __init__(self, tokens: SamlTokens, logins: Logins, domain: str, bodies: Bodies, refused: OnRefusal) -> None:
        self._tokens = tokens
        self._logins = logins
        self._paths = (_PATH, f"{_PATH}/{domain}")
        methods: Methods = {
            "SsoAdminServiceInstance": self._content,
            "SsoGroupcheckServiceInstance": self._groupcheck,
            "Login": self._login,
            "Logout": self._logout,
        }
        self._service = ManagedService(_SPACE, methods, bodies, refused)

    def speaks(self, path: str) -> bool:
        """Whether a path is that of the service."""
        return path in self._paths

    async def handle(self, request: Request) -> Response:
        """Answers a request."""
        return await self._service.handle(request)

    def failed(self, request: Request, error: Exception) -> Response:
        """Returns the fault for a failure of the server."""
        return self._service.failed(request, error)

    async def _content(self, _call: ManagedCall) -> Value:
        return Data("AdminServiceContent", {each: _service(each) for each in _SERVICES})

    async def _groupcheck(self, _call: ManagedCall) -> Value:
        return Data("GroupcheckServiceContent", {each: _service(each) for each in ("sessionManager", "groupCheckService")})

    async def _login(self, call: ManagedCall) -> None:
        try:
            owner = await self._tokens.sender_of(call.method.getroottree().getroot())
            token = await self._logins.start_admitted(owner.user, call.request.client, owner.api_token)
        except Unauthenticated as error:
            raise VimFault(str(error), Data("SsoFaultInvalidCredentials")) from error
        call.headers.extend(session_cookies(call.request, token))

    async def _logout(self, call: ManagedCall) -> None:
        try:
            login = await self._logins.find(session_token(call.request))
        except Unauthenticated as error:
            raise VimFault(str(error), Data("SsoFaultNotAuthenticated")) from error
        await self._logins.end(login.token_hash)
        call.headers.extend(session_cookies(call.request, ""))


def _service(field: str) -> Reference:
    return Reference(f"SsoAdmin{field[:1].upper()}{field[1:]}", field)
