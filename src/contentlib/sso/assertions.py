"""Writes and reads SAML 2.0 assertions in the form of vCenter's tokens.

Their form is fixed: govmomi writes an assertion that it has read again to sign it, and knows only these elements.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from contentlib.safe_xml import UnsafeXml, parse
from contentlib.sso.namespaces import BEARER, DS, HOLDER_OF_KEY, SAML, XSI, qualified
from contentlib.sso.signatures import ENVELOPED, BadSignature, covered, sign
from contentlib.sso.signing_keys import SigningKey
from contentlib.vapi.types import DateTime

ASSERTION = qualified(SAML, "Assertion")
_RSA = "http://www.rsa.com/names/2009/12/std-ext/SAML2.0"
_RENEWAL = "RenewRestrictionType"
_CREDENTIAL = "urn:contentlib:names:attr:credential"
_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_SOLUTION = "http://vmware.com/schemas/attr-names/2011/07/isSolution"
_PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 - the name of a method


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an assertion states. Times are in milliseconds since 1970 UTC.

    `credential` identifies what its user logged in with. `holder` is the certificate (DER) whose key a sender must have, None
    for a bearer token. It can be delegated and renewed a number of times, and is for the `audience`, or for everyone.
    """

    id: str
    issuer: str
    user: str
    credential: str
    issued: int
    not_before: int
    not_after: int
    holder: bytes | None = None
    delegations: int = 0
    renewals: int = 0
    audience: tuple[str, ...] = ()


def signed_assertion(assertion: Assertion, key: SigningKey) -> bytes:
    """The signed assertion, which declares all namespaces that it uses."""
    return etree.tostring(sign(etree.fromstring(_text(assertion)), key))


def verified(element: etree._Element, key: SigningKey, now: int) -> Assertion:
    """What an assertion states, if this server signed the whole of it. Raises BadSignature."""
    try:
        document = parse(etree.tostring(element, with_tail=False))
    except UnsafeXml as error:
        raise BadSignature(str(error)) from error
    found = covered(document, ENVELOPED, key.certificate, now, "ID")
    if len(found) != 1 or found[0].tag != ASSERTION or found[0].get("ID") != document.get("ID"):
        raise BadSignature("its signature does not cover the assertion")
    return _read(found[0])


def _text(each: Assertion) -> str:
    return (
        f'<saml2:Assertion xmlns:saml2="{SAML}" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="{XSI}"'
        f' ID={quoteattr(each.id)} IssueInstant="{DateTime(each.issued)}" Version="2.0">'
        f'<saml2:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">{escape(each.issuer)}</saml2:Issuer>'
        f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"/>'
        f'<saml2:Subject><saml2:NameID Format="http://schemas.xmlsoap.org/claims/UPN">{escape(each.user)}</saml2:NameID>'
        f"{_confirmation(each)}</saml2:Subject>"
        f'<saml2:Conditions NotBefore="{DateTime(each.not_before)}" NotOnOrAfter="{DateTime(each.not_after)}">'
        f"{_restrictions(each)}</saml2:Conditions>"
        f'<saml2:AuthnStatement AuthnInstant="{DateTime(each.issued)}"><saml2:AuthnContext><saml2:AuthnContextClassRef>'
        f"{_PASSWORD}</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>"
        f"<saml2:AttributeStatement>{_attribute('Subject Type', _SOLUTION, 'false')}"
        f"{_attribute('Credential', _CREDENTIAL, each.credential)}</saml2:AttributeStatement></saml2:Assertion>"
    )


def _confirmation(each: Assertion) -> str:
    """How its sender is confirmed. A token with a key has no end here: govmomi would write the attributes in a wrong order."""
    if each.holder is None:
        data = f'<saml2:SubjectConfirmationData NotOnOrAfter="{DateTime(each.not_after)}"/>'
        return f'<saml2:SubjectConfirmation Method="{BEARER}">{data}</saml2:SubjectConfirmation>'
    certificate = base64.b64encode(each.holder).decode("ascii")
    return (
        f'<saml2:SubjectConfirmation Method="{HOLDER_OF_KEY}">'
        f'<saml2:SubjectConfirmationData xsi:type="saml2:KeyInfoConfirmationDataType"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data>'
        f"<ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></saml2:SubjectConfirmationData>"
        "</saml2:SubjectConfirmation>"
    )


def _restrictions(each: Assertion) -> str:
    audience = "".join(f"<saml2:Audience>{escape(one)}</saml2:Audience>" for one in each.audience)
    return (
        (f"<saml2:AudienceRestriction>{audience}</saml2:AudienceRestriction>" if audience else "")
        + (f'<saml2:ProxyRestriction Count="{each.delegations}"/>' if each.delegations else "")
        + (f'<saml2:Condition xmlns:rsa="{_RSA}" Count="{each.renewals}" xsi:type="rsa:{_RENEWAL}"/>' if each.renewals else "")
    )


def _attribute(label: str, name: str, value: str) -> str:
    return (
        f'<saml2:Attribute FriendlyName="{label}" Name="{name}" NameFormat="{_URI}">'
        f'<saml2:AttributeValue xsi:type="xs:string">{escape(value)}</saml2:AttributeValue></saml2:Attribute>'
    )


def _read(element: etree._Element) -> Assertion:
    """What a signed element states. Raises BadSignature where it is not in the form above."""
    try:
        conditions = element.find(qualified(SAML, "Conditions"))
        if conditions is None:
            raise ValueError("no conditions")
        audience = conditions.iterfind(qualified(SAML, "AudienceRestriction", "Audience"))
        return Assertion(
            id=_noted(element, "ID"),
            issuer=_said(element, "Issuer"),
            user=_said(element, "Subject", "NameID"),
            credential=_credential(element),
            issued=DateTime.parse(_noted(element, "IssueInstant")).milliseconds,
            not_before=DateTime.parse(_noted(conditions, "NotBefore")).milliseconds,
            not_after=DateTime.parse(_noted(conditions, "NotOnOrAfter")).milliseconds,
            holder=_holder(element),
            delegations=_count(conditions, "ProxyRestriction"),
            renewals=_count(conditions, "Condition"),
            audience=tuple(each.text or "" for each in audience),
        )
    except (ValueError, LookupError, binascii.Error) as error:
        raise BadSignature("it is not a token of this version") from error


def _noted(element: etree._Element, name: str) -> str:
    """An attribute, which must be there."""
    return str(element.attrib[name])


def _said(element: etree._Element, *path: str) -> str:
    found = element.findtext(qualified(SAML, *path))
    if not found:
        raise ValueError(path)
    return found


def _credential(element: etree._Element) -> str:
    for each in element.iterfind(qualified(SAML, "AttributeStatement", "Attribute")):
        if each.get("Name") == _CREDENTIAL:
            return _said(each, "AttributeValue")
    raise ValueError(_CREDENTIAL)


def _holder(element: etree._Element) -> bytes | None:
    confirmation = element.find(qualified(SAML, "Subject", "SubjectConfirmation"))
    if confirmation is not None and confirmation.get("Method") == BEARER:
        return None
    path = f"{qualified(SAML, 'SubjectConfirmationData')}/{qualified(DS, 'KeyInfo', 'X509Data', 'X509Certificate')}"
    found = None if confirmation is None else confirmation.findtext(path)
    if not found:
        raise ValueError(path)
    return base64.b64decode(found)


def _count(conditions: etree._Element, name: str) -> int:
    found = conditions.find(qualified(SAML, name))
    return 0 if found is None else int(_noted(found, "Count"))
