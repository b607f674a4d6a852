"""Reads WS-Trust requests for security tokens, and writes responses and faults."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

from contentlib.messages import Fault
from contentlib.sso.namespaces import SAML, SOAP, WST, WST14, WSU, qualified
from contentlib.sso.security import BadTime, assertion_of, times_of
from contentlib.sso.tokens import InvalidToken, IssuedToken, Terms
from contentlib.vapi.types import DateTime

ISSUE, RENEW, VALIDATE = "Issue", "Renew", "Validate"
REQUEST = qualified(WST, "RequestSecurityToken")
_TARGETS = {RENEW: "RenewTarget", VALIDATE: "ValidateTarget"}
_BEARER, _PUBLIC_KEY = f"{WST}/Bearer", f"{WST}/PublicKey"
_NAMESPACES = f'xmlns:wst="{WST}" xmlns:wsu="{WSU}"'
_TRUE = ("true", "1")


class BadRequest(Exception):
    """A request that this service does not serve. The message completes a sentence about the request."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request: its kind, and whether the token is to be bound to the key that signs the request."""

    kind: str
    bound: bool
    lifetime: int | None
    element: etree._Element

    def terms(self, holder: bytes | None) -> Terms:
        """What is requested of a new token."""
        participants = self.element.find(qualified(WST, "Participants"))
        names = [] if participants is None else [each.text or "" for each in participants.iter("{*}Address")]
        renewing = self.element.find(qualified(WST, "Renewing"))
        renewable = renewing is not None and renewing.get("Allow", "true").strip() in _TRUE
        delegatable = _text(self.element, "Delegatable") in _TRUE
        return Terms(self.lifetime, holder, renewable=renewable, delegatable=delegatable, audience=tuple(names))

    def target(self) -> etree._Element:
        """The token to renew or to validate. Raises InvalidToken if it is missing."""
        found = self.element.find(qualified(WST, _TARGETS[self.kind]))
        if found is None:
            raise InvalidToken(f"the request has no {_TARGETS[self.kind]}")
        return assertion_of(found)


def request_in(body: etree._Element) -> TokenRequest:
    """The request in a body. Raises BadRequest, or BadTime for its lifetime."""
    found = body.find(REQUEST)
    if found is None or len(body) != 1:
        raise BadRequest("the body must have one RequestSecurityToken of WS-Trust 1.3")
    space, _, kind = _text(found, "RequestType").rpartition("/")
    if space != WST or kind not in (ISSUE, RENEW, VALIDATE):
        raise BadRequest("RequestType must be Issue, Renew or Validate")
    key_type = _text(found, "KeyType")
    if key_type not in ("", _BEARER, _PUBLIC_KEY):
        raise BadRequest("KeyType must be Bearer or PublicKey")
    if found.find(qualified(WST14, "ActAs")) is not None or found.find(qualified(WST14, "OnBehalfOf")) is not None:
        raise BadRequest("tokens on behalf of other users are not issued; leave ActAs and OnBehalfOf out")
    return TokenRequest(kind, key_type == _PUBLIC_KEY, _lifetime(found), found)


def _lifetime(request: etree._Element) -> int | None:
    """The requested lifetime in milliseconds: a duration, because the clock of the client may differ."""
    found = request.find(qualified(WST, "Lifetime"))
    if found is None:
        return None
    created, expires = times_of(found)
    if expires <= created:
        raise BadTime("the requested token expires before it is issued")
    return expires - created


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(qualified(WST, name)) or "").strip()


def issued(kind: str, token: IssuedToken) -> bytes:
    """The response with a new token. That of an issue is a collection."""
    created, expires = DateTime(token.assertion.not_before), DateTime(token.assertion.not_after)
    assertion = token.text.decode("utf-8")
    response = (
        f"<wst:RequestSecurityTokenResponse {_NAMESPACES}><wst:TokenType>{SAML}</wst:TokenType>"
        f"<wst:RequestedSecurityToken>{assertion}</wst:RequestedSecurityToken>"
        f"<wst:Lifetime><wsu:Created>{created}</wsu:Created><wsu:Expires>{expires}</wsu:Expires></wst:Lifetime>"
        f'<wst:Renewing Allow="{str(token.assertion.renewals > 0).lower()}" OK="false"/>'
        "</wst:RequestSecurityTokenResponse>"
    )
    if kind == ISSUE:
        name = "wst:RequestSecurityTokenResponseCollection"
        response = f"<{name} {_NAMESPACES}>{response}</{name}>"
    return _envelope(response)


def validated(problem: str | None) -> bytes:
    """The response that states whether a token is valid, and if not, why."""
    code = f"{WST}/status/{'valid' if problem is None else 'invalid'}"
    reason = "" if problem is None else f"<wst:Reason>{escape(problem)}</wst:Reason>"
    return _envelope(
        f"<wst:RequestSecurityTokenResponse {_NAMESPACES}><wst:TokenType>{WST}/RSTR/Status</wst:TokenType>"
        f"<wst:Status><wst:Code>{code}</wst:Code>{reason}</wst:Status></wst:RequestSecurityTokenResponse>"
    )


def fault(code: str, said: Fault) -> bytes:
    """A fault with a code of WS-Trust. It has no other texts: pyVmomi reads it as two."""
    text = escape(said.text)
    return _envelope(f'<S:Fault><faultcode xmlns:wst="{WST}">wst:{code}</faultcode><faultstring>{text}</faultstring></S:Fault>')


def _envelope(body: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="{SOAP}"><S:Body>{body}</S:Body></S:Envelope>'.encode()
