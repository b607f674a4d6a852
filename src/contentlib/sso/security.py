"""Reads WS-Security headers of SOAP requests: times, passwords, certificates, tokens and signatures."""

from __future__ import annotations

import base64
import binascii

from lxml import etree

from contentlib.sso.assertions import ASSERTION
from contentlib.sso.namespaces import DS, SOAP, WSSE, WSU, qualified
from contentlib.sso.signatures import BadSignature, certificate_of, covered
from contentlib.sso.tokens import TOLERANCE, InvalidToken
from contentlib.vapi.types import DateTime

_HEADER = qualified(SOAP, "Header")
_SECURITY = qualified(WSSE, "Security")
_BODY = qualified(SOAP, "Body")
_TIMESTAMP = qualified(WSU, "Timestamp")
_ID = qualified(WSU, "Id")
_PLACE = f"./{_HEADER}/{_SECURITY}/"
_REFERENCES = f"{_PLACE}{qualified(DS, 'Signature', 'SignedInfo', 'Reference')}"
LONGEST_VALIDITY = 20 * 60_000
"""Milliseconds for which a signed request is accepted at most; those of the SDK for Python are valid for so long."""


class BadTime(InvalidToken):
    """A request that has expired, or is not valid yet."""


def security_of(envelope: etree._Element) -> etree._Element:
    """The security header. Raises InvalidToken if it is missing or not the only one."""
    found = envelope.findall(f"{_HEADER}/{_SECURITY}")
    if len(found) != 1:
        raise InvalidToken("the request must have one security header")
    return found[0]


def sent_credentials(security: etree._Element) -> tuple[str, str] | None:
    """Name and password, if they are given."""
    token = security.find(qualified(WSSE, "UsernameToken"))
    if token is None:
        return None
    name, password = (token.findtext(qualified(WSSE, each)) for each in ("Username", "Password"))
    return (name or "").strip(), password or ""


def assertion_of(parent: etree._Element) -> etree._Element:
    """The token that is directly below an element. Raises InvalidToken unless it is the only one."""
    found = parent.findall(ASSERTION)
    if len(found) != 1:
        raise InvalidToken("the request must have one SAML token in its place")
    return found[0]


def sent_certificate(security: etree._Element) -> bytes | None:
    """The certificate (DER) that is sent for the signature."""
    found = security.findtext(qualified(WSSE, "BinarySecurityToken"))
    try:
        return None if found is None else base64.b64decode("".join(found.split()), validate=True)
    except binascii.Error as error:
        raise InvalidToken("the certificate of the request is malformed") from error


def signed_body(envelope: etree._Element, certificate: bytes, now: int) -> etree._Element:
    """The body of a request, as it was signed with the key of a certificate. Raises InvalidToken, BadTime.

    The signature must cover the body and the timestamp.
    """
    try:
        found = {each.tag: each for each in covered(envelope, _PLACE, certificate_of(certificate), now, "Id")}
    except BadSignature as error:
        raise InvalidToken(f"the request is not proven to come from its owner: {error}") from error
    body, timestamp = found.get(_BODY), found.get(_TIMESTAMP)
    if body is None or timestamp is None or not _is_body(body, envelope):
        raise InvalidToken("the signature of the request must cover its body and its timestamp")
    check_times(*times_of(timestamp), now)
    return body


def signature_of(envelope: etree._Element) -> bytes:
    """The value of the signature of a request that was verified, by which a repeated request is recognized."""
    return base64.b64decode(envelope.findtext(f"{_PLACE}{qualified(DS, 'Signature', 'SignatureValue')}") or "")


def check_timestamp(security: etree._Element, now: int) -> None:
    """Raises BadTime if the request carries the times of its validity, and it is not valid now."""
    timestamp = security.find(_TIMESTAMP)
    if timestamp is not None:
        check_times(*times_of(timestamp), now)


def times_of(element: etree._Element) -> tuple[int, int]:
    """Begin and end of a timestamp or lifetime, in milliseconds since 1970 UTC."""
    try:
        created, expires = (
            DateTime.parse((element.findtext(qualified(WSU, each)) or "").strip()).milliseconds
            for each in ("Created", "Expires")
        )
    except ValueError as error:
        raise BadTime(f"{error}") from error
    return created, expires


def check_times(created: int, expires: int, now: int) -> None:
    """Raises BadTime unless a signed request is valid now."""
    if expires <= created:
        raise BadTime("the request expires before it was created")
    if created > now + TOLERANCE:
        raise BadTime("the request was created in the future; the clock of the client is wrong")
    if now >= min(expires, created + LONGEST_VALIDITY) + TOLERANCE:
        raise BadTime("the request has expired")


def _is_body(covered_body: etree._Element, envelope: etree._Element) -> bool:
    """Whether what a signature covers is the body of the envelope: the signature refers to it by its identifier."""
    body = envelope.find(_BODY)
    identifier = None if body is None else body.get(_ID)
    if not identifier or covered_body.get(_ID) != identifier:
        return False
    return any(each.get("URI") == f"#{identifier}" for each in envelope.iterfind(_REFERENCES))
