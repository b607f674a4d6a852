"""Handles SOAP requests: envelopes, cookies and the list of versions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from contentlib.http.bodies import Bodies
from contentlib.http.cookies import cookie
from contentlib.http.failures import unforeseen
from contentlib.http.message import BodyRefused, BodyTooLarge, Headers, Request, Response, method_not_allowed
from contentlib.inventory import Inventory
from contentlib.library.actors import set_actor
from contentlib.library.clock import Clock
from contentlib.library.model import Actor, Login
from contentlib.safe_xml import local
from contentlib.vapi.errors import Unauthenticated
from contentlib.vim.datastore_browser import DatastoreBrowser
from contentlib.vim.envelopes import XML, fault_of, method_in, result_of
from contentlib.vim.faults import VimFault, invalid_request
from contentlib.vim.methods import Caller, Entrance, Methods, SoapCall, service_content
from contentlib.vim.objects import World
from contentlib.vim.values import VIM, Data, Reference

_COOKIE = "vmware_soap_session"
_HEADER = "vmware-api-session-id"
_VERSIONS = "/sdk/vimServiceVersions.xml"
_BODY_LIMIT = 1 << 20
_REFUSALS = {"InvalidLogin": "unauthenticated", "NotAuthenticated": "unauthenticated", "NoPermission": "unauthorized"}
"""The faults that refuse a call, and the types of error that they are in other forms."""


@dataclass(frozen=True, slots=True)
class Product:
    """Product identification. Terraform's provider needs `name`, a version of three numbers and a numeric build."""

    name: str
    version: str
    build: str
    full_name: str
    instance: str

    def about(self) -> Data:
        """The data object AboutInfo."""
        return Data(
            "AboutInfo",
            {
                "name": self.name,
                "fullName": self.full_name,
                "vendor": "contentlib",
                "version": self.version,
                "build": self.build,
                "localeVersion": "INTL",
                "localeBuild": "000",
                "osType": "linux-x64",
                "productLineId": "vpx",
                "apiType": "VirtualCenter",
                "apiVersion": f"{self.version}.0",
                "instanceUuid": self.instance,
                "licenseProductName": "VMware VirtualCenter Server",
                "licenseProductVersion": self.version.partition(".")[0] + ".0",
            },
        )

    def pbm(self) -> Data:
        """The content of the storage policy service, which has no policies here."""
        about = {"name": "PBM", "version": "2.0", "instanceUuid": self.instance}
        names = {
            "sessionManager": "PbmSessionManager",
            "capabilityMetadataManager": "PbmCapabilityMetadataManager",
            "profileManager": "PbmProfileProfileManager",
            "complianceManager": "PbmComplianceManager",
            "placementSolver": "PbmPlacementSolver",
        }
        managers = {field: Reference(kind, kind[3:]) for field, kind in names.items()}
        return Data("PbmServiceInstanceContent", {"aboutInfo": Data("PbmAboutInfo", about), **managers})


class Vim:
    """Speaks the Web Services."""

    def __init__(
        self,
        inventory: Inventory,
        browser: DatastoreBrowser,
        product: Product,
        entrance: Entrance,
        bodies: Bodies,
        clock: Clock,
    ) -> None:
        world = World(inventory, service_content(product.about()))
        self._methods = Methods(world, product.pbm(), entrance, browser, clock)
        self._product = product
        self._entrance = entrance
        self._bodies = bodies

    def speaks(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path in ("/sdk", "/sdk/", "/pbm", "/pbm/", "/pbm/sdk", _VERSIONS)

    async def handle(self, request: Request) -> Response:
        """Answers a request. Raises Disconnected and unexpected errors."""
        if request.path == _VERSIONS and request.method in ("GET", "HEAD"):
            return Response(200, _versions(self._product.version), XML)
        if request.method != "POST" or request.path == _VERSIONS:
            allowed = "GET, HEAD" if request.path == _VERSIONS else "POST"
            return method_not_allowed(request.method, allowed.split(", "))
        try:
            return await self._call(request)
        except VimFault as fault:
            error = _REFUSALS.get(fault.detail.type)
            if error is not None:
                await self._entrance.refused(error)
            return fault_of(fault)
        except BodyRefused as error:
            return _refused(error)

    def failed(self, request: Request, _: Exception) -> Response:
        """Returns the fault for a failure of the server."""
        text = unforeseen(request).text
        return fault_of(VimFault(text, Data("SystemError", {"reason": text})))

    async def _call(self, request: Request) -> Response:
        login = await self._login(request)
        method = method_in(await self._bodies.read(request, known=login is not None, limit=_BODY_LIMIT))
        this = next((each for each in method if local(each) == "_this"), None)
        target = Reference(this.get("type") or "", (this.text or "").strip()) if this is not None else Reference("", "")
        caller = Caller(request.client, request.headers.get("user-agent", ""), request.gone)
        call = SoapCall(target, method, login, caller)
        name = local(method)
        set_actor(partial(_actor, request, login, name))
        value = await self._methods.run(name, call)
        space = str(method.tag).partition("}")[0].removeprefix("{") or VIM
        large = call.large  # written aside, because others wait for this thread
        answer = await asyncio.to_thread(result_of, name, value, space) if large else result_of(name, value, space)
        return Response(200, answer, XML, session_cookies(request, call.new_token))

    async def _login(self, request: Request) -> Login | None:
        try:
            login = await self._entrance.logins.find(session_token(request))
            await self._entrance.may_look(login)
        except Unauthenticated:
            return None
        return login


def _actor(request: Request, login: Login | None, method: str) -> Actor:
    user, session, token = ("", "", "") if login is None else (login.user, login.token_hash, login.api_token or "")
    return Actor(user, token, session, request.client, f"vim25.{method}", request.request_id)


def session_cookies(request: Request, token: str | None) -> Headers:
    """The cookie of a new login session, or of none if the token is empty."""
    if token is None:
        return []
    secure = "; Secure" if request.scheme == "https" else ""
    ending = "" if token else "; Max-Age=0"
    return [("set-cookie", f'{_COOKIE}="{token}"; Path=/; HttpOnly; SameSite=Strict{ending}{secure}')]


def session_token(request: Request) -> str | None:
    """The token of the login session that a request carries."""
    return request.headers.get(_HEADER) or cookie(request, _COOKIE)


def _refused(error: BodyRefused) -> Response:
    """A fault with its own status where the caller may try again; of a body that is too long, with the status of all faults."""
    answer = fault_of(invalid_request(error.fault))
    if error.status != BodyTooLarge.status:
        answer.status = error.status
    if error.retry_after is not None:
        answer.headers.append(("retry-after", str(error.retry_after)))
    return answer


def _versions(version: str) -> bytes:
    """The versions of the Web Services that a client may choose from."""
    prior = "".join(f"<version>{each}</version>" for each in ("8.0.2.0", "8.0.1.0", "8.0.0.1", "7.0.3.0", "7.0", "6.7", "6.5"))
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<namespaces version="1.0">'
        f"<namespace><name>{VIM}</name><version>{version}.0</version><priorVersions>{prior}</priorVersions></namespace>"
        "</namespaces>\n"
    )
    return text.encode()
