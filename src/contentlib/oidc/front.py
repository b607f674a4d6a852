"""Serves the pages of logins at identity providers: /cls/login, /cls/login/NAME, its callback, and /cls/logout."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from contentlib.access.external import ExternalIdentity, ExternalUsers
from contentlib.access.logins import Logins
from contentlib.access.refusals import OnRefusal
from contentlib.http.bodies import Bodies
from contentlib.http.cookies import cookie, returned_cookie
from contentlib.http.message import BodyRefused, Headers, Request, Response, method_not_allowed, refusal
from contentlib.library.actors import act_as, set_actor
from contentlib.library.model import Actor, User
from contentlib.library.ports import MetadataStore
from contentlib.messages import Fault
from contentlib.oidc import messages
from contentlib.oidc.back_channel import LogoutToken
from contentlib.oidc.browser_logins import LIFETIME_SECONDS, BrowserLogin
from contentlib.oidc.claims import source
from contentlib.oidc.code_flow import CodeFlow, LoginFailed, NotStarted, ProviderBusy
from contentlib.oidc.documents import ProviderFailed
from contentlib.oidc.signatures import LONGEST_TOKEN, BadToken
from contentlib.settings.sign_on import OidcProvider
from contentlib.vapi.errors import Unauthenticated

LIST, LOGOUT = "/cls/login", "/cls/logout"
SESSION = "vmware-api-session-id"
_PAGE = re.compile(rf"{LIST}/([a-z0-9][a-z0-9._-]{{0,62}})(/callback|/logout)?")
_NEXT = re.compile(r"/(?![/\\])[A-Za-z0-9._~/?&=%,;:@!$'()*+-]{0,500}")
_HOST = re.compile(r"([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_RETRY_SECONDS = "5"
_MOST_FIELDS = 20
_FORM_BYTES = 2 * LONGEST_TOKEN
_PRIVATE: Headers = [
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; form-action 'none'; frame-ancestors 'none'"),
]


@dataclass(frozen=True, slots=True)
class _Base:
    """Where the browser reaches the server; `path` is a prefix that a proxy strips."""

    url: str

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def secure(self) -> str:
        return "; Secure" if self.url.startswith("https:") else ""


@dataclass(frozen=True, slots=True)
class ExternalLogins:
    """Starts the sessions of people whom a provider has authenticated; `refused` records logins that failed."""

    users: ExternalUsers
    logins: Logins
    refused: OnRefusal

    async def start(self, identity: ExternalIdentity, client: str) -> tuple[User, str]:
        """The user, and the token of a new session; Unauthenticated where the user cannot be admitted."""
        act_as(identity.name)
        user = await self.users.admit(identity)
        return user, await self.logins.start_admitted(user, client, provider_session=identity.session)


class LoginPages:
    """The pages by which people log in with a browser."""

    def __init__(
        self,
        flows: Iterable[CodeFlow],
        logins: ExternalLogins,
        metadata: MetadataStore,
        public_url: str | None,
        bodies: Bodies,
    ) -> None:
        self._flows = {each.provider.name: each for each in flows}
        self._logins = logins
        self._metadata = metadata
        self._public_url = public_url
        self._bodies = bodies

    def speaks(self, path: str) -> bool:
        """Whether a path is one of these pages."""
        return path in (LIST, LOGOUT) or path.startswith(f"{LIST}/")

    async def handle(self, request: Request) -> Response:
        """The answer to a request."""
        called = "oidc.logout" if request.path.endswith("/logout") else "oidc.login"
        set_actor(lambda: Actor(address=request.client, operation=called, request=request.request_id))
        found = _PAGE.fullmatch(request.path)
        method = "POST" if request.path == LOGOUT or (found and found[2] == "/logout") else "GET"
        if request.method != method:
            return method_not_allowed(request.method, (method,))
        if request.path == LIST:
            return self._list()
        if request.path == LOGOUT:
            return await self._log_out(request)
        flow = None if found is None else self._flows.get(found[1])
        if found is None or flow is None:
            return refusal(404, messages.NO_SUCH_PROVIDER(name=request.path.removeprefix(f"{LIST}/")[:80]))
        return await self._page(flow, request, found[2])

    async def _page(self, flow: CodeFlow, request: Request, page: str | None) -> Response:
        pages = {None: self._begin, "/callback": self._end, "/logout": self._told_of_logout}
        try:
            return await pages[page](flow, request)
        except ProviderFailed as error:
            fault = messages.PROVIDER_DOWN(provider=source(flow.provider), problem=str(error))
            return refusal(503, fault, [("retry-after", _RETRY_SECONDS)])

    def _list(self) -> Response:
        found = [_listed(each.provider) for each in self._flows.values()]
        return Response(200, msgspec.json.encode(found), "application/json")

    async def _begin(self, flow: CodeFlow, request: Request) -> Response:
        following = _query(request).get("next", "/")
        if not _NEXT.fullmatch(following):
            return refusal(400, messages.NEXT_REFUSED())
        base, page = self._base(request), f"{LIST}/{flow.provider.name}"
        location, sealed = await flow.begin(f"{base.url}{page}/callback", following)
        kept = _cookie(flow, base, sealed, LIFETIME_SECONDS)
        return Response(303, headers=[("location", location), ("set-cookie", kept), *_PRIVATE])

    async def _end(self, flow: CodeFlow, request: Request) -> Response:
        base, provider = self._base(request), source(flow.provider)
        ended = [("set-cookie", _cookie(flow, base, "", 0)), *_PRIVATE]
        try:
            identity, attempt = await flow.end(_query(request), returned_cookie(request, _cookie_name(flow)))
            await self._use(attempt, flow.now())
            user, token = await self._logins.start(identity, request.client)
        except NotStarted:
            return await self._refused(400, messages.LOGIN_STATE(provider=provider), _PRIVATE)
        except LoginFailed as error:
            return await self._refused(403, messages.LOGIN_REFUSED(provider=provider, problem=str(error)), ended)
        except Unauthenticated as error:  # as 403: a browser would ask for a password after 401
            return await self._refused(403, error.fault, ended)
        except ProviderBusy:
            fault = messages.TOO_MANY_LOGINS(provider=provider, seconds=_RETRY_SECONDS)
            return refusal(503, fault, [("retry-after", _RETRY_SECONDS)])
        return _started(user, f"{base.path}{attempt.next}", base, token, ended)

    async def _refused(self, status: int, said: Fault, headers: Headers) -> Response:
        """The answer to a login that failed, which is recorded."""
        await self._logins.refused("unauthenticated")
        return refusal(status, said, headers)

    async def _use(self, attempt: BrowserLogin, now: int) -> None:
        """Ends a login for good, in all workers; NotStarted if it was ended before."""
        state, until = hashlib.sha256(attempt.state.encode()).hexdigest(), attempt.expires
        async with self._metadata.transaction(durable=False) as transaction:
            if not await transaction.used_logins.use(state, until, now):
                raise NotStarted

    async def _log_out(self, request: Request) -> Response:
        """Ends the session of the browser, and goes to where the provider ends its own."""
        base, flow = self._base(request), None
        token = cookie(request, SESSION)
        if token is not None:
            try:
                login = await self._logins.logins.find(token)
            except Unauthenticated:
                pass  # it has ended already
            else:
                await self._logins.logins.end(login.token_hash)
                flow = await self._flow_of(login.user)
        gone = f"{SESSION}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{base.secure}"
        return Response(303, headers=[("location", _after(flow, base)), ("set-cookie", gone), *_PRIVATE])

    async def _told_of_logout(self, flow: CodeFlow, request: Request) -> Response:
        """Ends the sessions of a user whom the provider has logged out; the answers are those that OpenID Connect asks for."""
        try:
            form = _fields((await self._bodies.read(request, known=False, limit=_FORM_BYTES)).decode("latin-1"))
            token = await flow.logged_out(form.get("logout_token", ""))
        except BodyRefused as error:
            return refusal(error.status, error.fault)
        except BadToken as error:
            fault = messages.TOKEN_REFUSED(provider=source(flow.provider), problem=str(error))
            return refusal(400, fault, _PRIVATE)
        await self._end_sessions(flow, token)
        return Response(200, headers=list(_PRIVATE))

    async def _end_sessions(self, flow: CodeFlow, token: LogoutToken) -> None:
        """Ends what the provider has ended, once for each logout token."""
        kept = hashlib.sha256(f"{flow.provider.name} {token.identifier}".encode("utf-8", "surrogatepass")).hexdigest()
        async with self._metadata.transaction(durable=True) as transaction:
            if not await transaction.used_logins.use(kept, token.expires, flow.now()):
                return
            if token.subject is None:
                await transaction.logins.end_from(str(token.session))
                return
            user = await transaction.users.from_outside(source(flow.provider), token.subject)
            if user is not None:
                await transaction.logins.end(user.name)

    async def _flow_of(self, user: str) -> CodeFlow | None:
        async with self._metadata.reading() as transaction:
            found = await transaction.users.get(user)
        return (
            None
            if found is None
            else next((each for each in self._flows.values() if source(each.provider) == found.source), None)
        )

    def _base(self, request: Request) -> _Base:
        host = request.headers.get("host", "")
        return _Base(self._public_url or f"{request.scheme}://{host if _HOST.fullmatch(host) else 'localhost'}")


def _listed(provider: OidcProvider) -> dict[str, str]:
    """What anyone may know of a provider: the page of its logins, its issuer, and the client for device codes, if any."""
    listed = {"name": provider.name, "login": f"{LIST}/{provider.name}", "issuer": provider.issuer}
    client = provider.device_client()
    return listed if client is None else listed | {"client_id": client}


def _started(user: User, following: str, base: _Base, token: str, headers: Headers) -> Response:
    """The answer that sets the session's cookie, and goes on by a page of this server.

    After a redirect the browser would not send the cookie: the navigation would still be one that another site began.
    """
    kept, target = f"{SESSION}={token}; Path=/; HttpOnly; SameSite=Strict{base.secure}", html.escape(following)
    page = f'<!doctype html><title>contentlib</title><meta http-equiv="refresh" content="0;url={target}">'
    body = f'{page}<p>Logged in as {html.escape(user.name)}. <a href="{target}">Continue</a></p>'
    return Response(200, body.encode(), "text/html; charset=utf-8", [("set-cookie", kept), *headers])


def _after(flow: CodeFlow | None, base: _Base) -> str:
    """Where a browser goes after it has logged out; a provider that has not answered yet is not waited for."""
    discovered = None if flow is None else flow.issuer.discovered.known
    if flow is None or discovered is None or discovered.end_session_endpoint is None:
        return f"{base.path}/"
    query = urlencode({"client_id": flow.provider.client_id, "post_logout_redirect_uri": f"{base.url}/"})
    return f"{discovered.end_session_endpoint}{'&' if urlsplit(discovered.end_session_endpoint).query else '?'}{query}"


def _query(request: Request) -> dict[str, str]:
    return _fields(request.query)


def _fields(text: str) -> dict[str, str]:
    """The parameters of a request; of one that is given twice none, as the second may be a stranger's."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    names = [name for name, _ in pairs]
    return {name: value for name, value in pairs if names.count(name) == 1}


def _cookie_name(flow: CodeFlow) -> str:
    return f"contentlib-login-{flow.provider.name}"


def _cookie(flow: CodeFlow, base: _Base, value: str, seconds: int) -> str:
    path = f"{base.path}{LIST}/{flow.provider.name}"
    return f"{_cookie_name(flow)}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{base.secure}"
