"""Serves the security token service: /sts/STSService and /sts/STSService/DOMAIN."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lxml import etree

from contentlib.access.logins import Logins
from contentlib.access.refusals import OnRefusal
from contentlib.access.saml import TokenOwner
from contentlib.http.bodies import STRANGER_BYTES, Bodies
from contentlib.http.failures import unforeseen
from contentlib.http.message import BodyRefused, Request, Response, method_not_allowed, refusal
from contentlib.library.actors import act_as, set_actor
from contentlib.library.clock import Clock
from contentlib.library.model import Actor, AuditNote, AuditThing
from contentlib.library.names import fold
from contentlib.library.ports import MetadataStore
from contentlib.messages import Fault
from contentlib.safe_xml import UnsafeXml, parse
from contentlib.sso import messages, requests
from contentlib.sso.namespaces import SOAP, qualified
from contentlib.sso.requests import ISSUE, RENEW, VALIDATE, BadRequest, TokenRequest, request_in
from contentlib.sso.security import BadTime, check_timestamp, security_of, sent_certificate, sent_credentials, signed_body
from contentlib.sso.tokens import InvalidToken, IssuedToken, SecurityTokens
from contentlib.vapi.errors import ServiceUnavailable, Unauthenticated

PATH = "/sts/STSService"
_XML = "text/xml; charset=utf-8"


class _Refused(Exception):
    """A request that is answered with a fault of WS-Trust."""

    def __init__(self, code: str, said: Fault) -> None:
        super().__init__(said.text)
        self.code = code
        self.fault = said


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """What the service needs of the rest of the server. `domain` is that of users who are kept here."""

    tokens: SecurityTokens
    logins: Logins
    metadata: MetadataStore
    clock: Clock
    domain: str
    refused: OnRefusal


class SecurityTokenService:
    """Issues, renews and validates tokens over SOAP."""

    def __init__(self, desk: TokenDesk, bodies: Bodies) -> None:
        self._desk = desk
        self._bodies = bodies
        self._kinds: dict[str, Callable[[TokenRequest, etree._Element, Request], Awaitable[bytes]]] = {
            ISSUE: self._issue,
            RENEW: self._renew,
            VALIDATE: self._validate,
        }

    def speaks(self, path: str) -> bool:
        """Whether a path is one of the service."""
        return path == PATH or path.startswith(f"{PATH}/")

    async def handle(self, request: Request) -> Response:
        """Answers a request."""
        set_actor(lambda: Actor(address=request.client, operation="sso.token", request=request.request_id))
        domain = request.path.removeprefix(PATH).removeprefix("/")
        if domain and fold(domain) != self._desk.domain:
            return refusal(404, messages.NO_DOMAIN(domain=domain[:80], known=self._desk.domain))
        if request.method != "POST":
            return method_not_allowed(request.method, ("POST",))
        try:
            body = await self._bodies.read(request, known=False, limit=STRANGER_BYTES)
        except BodyRefused as error:
            retry = [] if error.retry_after is None else [("retry-after", str(error.retry_after))]
            return Response(error.status, requests.fault("BadRequest", error.fault), _XML, retry)
        return await self._answer(request, body)

    def failed(self, request: Request, _: Exception) -> Response:
        """Returns the fault for a failure of the server."""
        return Response(500, requests.fault("RequestFailed", unforeseen(request)), _XML)

    async def _answer(self, request: Request, body: bytes) -> Response:
        try:
            return Response(200, await self._serve(request, body), _XML)
        except Unauthenticated:
            await self._desk.refused("unauthenticated")
            return _fault("FailedAuthentication", messages.WRONG_PASSWORD())
        except ServiceUnavailable as error:
            found = _fault("RequestFailed", messages.FAILED(problem=error.fault))
            found.headers.append(("retry-after", str(error.retry_after or 1)))
            return found
        except BadTime as error:
            return _fault("InvalidTimeRange", messages.TIMES(problem=str(error)))
        except (BadRequest, InvalidToken) as error:
            return _fault("InvalidRequest", messages.REQUEST(problem=str(error)))
        except _Refused as error:
            await self._desk.refused("unauthenticated")
            return _fault(error.code, error.fault)

    async def _serve(self, request: Request, text: bytes) -> bytes:
        try:
            envelope = parse(text)
        except UnsafeXml as error:
            raise _Refused("BadRequest", messages.ENVELOPE(problem=str(error))) from error
        body = envelope.find(qualified(SOAP, "Body"))
        if body is None or envelope.tag != qualified(SOAP, "Envelope"):
            raise BadRequest("it is not a SOAP 1.1 envelope with a body")
        wanted = request_in(body)
        return await self._kinds[wanted.kind](wanted, envelope, request)

    async def _issue(self, wanted: TokenRequest, envelope: etree._Element, request: Request) -> bytes:
        """Issues a token for a name and a password, bound to the key of the certificate in the request if that is requested."""
        security = security_of(envelope)
        check_timestamp(security, self._desk.clock.now())
        credentials = sent_credentials(security)
        if credentials is None:
            raise _Refused("FailedAuthentication", messages.NO_PASSWORD())
        owner = TokenOwner(*await self._desk.logins.identify(credentials, request.client, request.gone))
        holder = None
        if wanted.bound:
            wanted, holder = self._signed(envelope, security)
        token = await self._desk.tokens.issue(owner, wanted.terms(holder))
        await self._note(owner, token)
        return requests.issued(ISSUE, token)

    async def _renew(self, wanted: TokenRequest, envelope: etree._Element, _: Request) -> bytes:
        """Renews a token for the owner of its key. The token itself is read from what that key has signed."""
        old = await self._desk.tokens.read(wanted.target())
        if old.holder is None or not old.renewals:
            raise _Refused("UnableToRenew", messages.NOT_RENEWABLE())
        signed = request_in(signed_body(envelope, old.holder, self._desk.clock.now()))
        current = await self._desk.tokens.read(signed.target())
        owner = await self._desk.tokens.owner(current)
        token = await self._desk.tokens.renew(current, signed.lifetime)
        await self._note(owner, token)
        return requests.issued(RENEW, token)

    async def _validate(self, wanted: TokenRequest, _: etree._Element, __: Request) -> bytes:
        try:
            await self._desk.tokens.owner(await self._desk.tokens.read(wanted.target()))
        except InvalidToken as error:
            return requests.validated(str(error))
        return requests.validated(None)

    def _signed(self, envelope: etree._Element, security: etree._Element) -> tuple[TokenRequest, bytes]:
        """The request as it was signed, and the certificate of the key that signed it."""
        certificate = sent_certificate(security)
        if certificate is None:
            raise BadRequest("a token with a key needs a BinarySecurityToken with the certificate, and a signature")
        return request_in(signed_body(envelope, certificate, self._desk.clock.now())), certificate

    async def _note(self, owner: TokenOwner, token: IssuedToken) -> None:
        """Writes the new token to the audit log."""
        act_as(owner.user.name, token="" if owner.api_token is None else owner.api_token.id)
        async with self._desk.metadata.transaction(durable=False) as transaction:
            transaction.audit.note(AuditNote(things=(AuditThing("saml_token", token.assertion.id, token.assertion.id),)))


def _fault(code: str, said: Fault) -> Response:
    return Response(500, requests.fault(code, said), _XML)
