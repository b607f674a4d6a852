"""Reads the certificate file of an OVF package: the signer of its manifest, and any warnings.

Does no I/O, keeps no state, and gets the time from the caller.
"""

from __future__ import annotations

import base64
import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID

from contentlib.library.errors import Fault
from contentlib.library.model import WarningType
from contentlib.library.names import clean
from contentlib.library.packages import messages
from contentlib.library.packages.cms import (
    UNREADABLE,
    BadMessage,
    DetachedSignature,
    SignedContent,
    SignedMessage,
    is_usual,
    read,
    with_names,
)
from contentlib.library.packages.ovf import BadPackage, decoded_text

LARGEST = 1024 * 1024
LONGEST_PEM = 65_536
_MOST = 20  # certificates in a file, and signatures
_CHECKS = 60  # of certificate signatures per check; a chain needs one for each of its certificates
_LONGEST_NAME = 500

# also as `openssl dgst -hex` writes it: RSA-SHA2-256(tiny.mf)= 0…
_LINE = re.compile(
    r"\s*(?:[A-Za-z]+-)?SHA-?(?:2-)?(?P<bits>1|256|384|512)\s*\((?P<name>.+)\)\s*=\s*(?P<digits>(?:[0-9A-Fa-f]{2})+)\s*\Z"
)
_MESSAGE = re.compile("-----BEGIN (?P<label>CMS|PKCS7|PKCS #7 SIGNED DATA)-----(?P<body>[^-]*)-----END (?P=label)-----")
_PEM = "-----BEGIN CERTIFICATE-----"
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "1": hashes.SHA1(),  # noqa: S303 - what the packages of a decade are signed with
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_UNDERSTOOD = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage, x509.SubjectAlternativeName)
_SIGNS_CODE = {ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


class Doubt(msgspec.Struct, frozen=True):
    """A warning about a signature, with details."""

    type: WarningType
    fault: Fault


class Signer(msgspec.Struct, frozen=True):
    """Signer of a package. Names are written as in OpenSSL, `/C=DE/O=Lab/CN=signer`."""

    subject: str
    issuer: str
    self_signed: bool


class CertificateFile(msgspec.Struct, frozen=True):
    """The content of a certificate file: signatures of a manifest, and possible signers' certificates.

    The name of the manifest is set if one of the signatures is a line.
    """

    manifest: str | None
    signatures: tuple[DetachedSignature, ...]
    certificates: tuple[x509.Certificate, ...]

    def chain(self, manifest: bytes) -> tuple[str, ...]:
        """The certificates in base64, that of the first signature first; empty if one signature matches none of them."""
        content = SignedContent(manifest)
        signers = [by.maker(self.certificates, content) for by in self.signatures]
        signer = signers[0]
        if signer is None or None in signers:
            return ()
        return tuple(_text(each) for each in (signer, *(each for each in self.certificates if each != signer)))


def read_certificate(name: str, text: bytes) -> CertificateFile:
    """The signatures and certificates in a file; BadPackage where there are none, or one cannot be read."""
    told = decoded_text(text)
    line = next((match for each in told.splitlines() if (match := _LINE.match(each))), None)
    bodies = [match["body"] for match in _MESSAGE.finditer(told)]
    for kind, count in (("certificates", told.count(_PEM)), ("CMS messages", len(bodies))):
        _check_count(name, kind, count)
    read = [_message(name, body) for body in bodies]
    signatures = [] if line is None else [DetachedSignature(_HASHES[line["bits"]], bytes.fromhex(line["digits"]))]
    signatures += [each for message in read for each in message.signatures]
    certificates = [*_certificates(name, told), *(each for message in read for each in message.certificates)]
    if not signatures:
        raise BadPackage(name, messages.NO_SIGNATURE(name=name))
    if not certificates:
        raise BadPackage(name, messages.NO_CERTIFICATE(name=name))
    for kind, count in (("certificates", len(certificates)), ("signatures", len(signatures))):
        _check_count(name, kind, count)
    return CertificateFile(None if line is None else line["name"], tuple(signatures), tuple(dict.fromkeys(certificates)))


def _check_count(name: str, kind: str, count: int) -> None:
    if count > _MOST:
        raise BadPackage(name, messages.TOO_MANY_IN_FILE(name=name, count=count, what=kind, most=_MOST))


def _message(name: str, body: str) -> SignedMessage:
    try:
        return read(base64.b64decode(body))
    except (BadMessage, ValueError) as error:
        why = str(error) if isinstance(error, BadMessage) else "not base64"
        raise BadPackage(name, messages.BAD_CMS(name=name, problem=why)) from error


def _certificates(name: str, told: str) -> list[x509.Certificate]:
    if _PEM not in told:
        return []
    try:
        return with_names(x509.load_pem_x509_certificates(told.encode()))
    except UNREADABLE as error:
        raise BadPackage(name, messages.NO_CERTIFICATE(name=name)) from error


class Anchors:
    """Certificates that are trusted as they are."""

    def __init__(self, certificates: Iterable[x509.Certificate] = ()) -> None:
        self._certificates = frozenset(certificates)
        self._by_name: dict[x509.Name, list[x509.Certificate]] = {}
        for each in self._certificates:
            self._by_name.setdefault(each.subject, []).append(each)

    def __contains__(self, certificate: x509.Certificate) -> bool:
        return certificate in self._certificates

    def named(self, name: x509.Name) -> Sequence[x509.Certificate]:
        """Those of a name."""
        return self._by_name.get(name, ())


def signer_of(chain: Sequence[str]) -> Signer:
    """Whose the first certificate of a chain is."""
    certificate = _certificate(chain[0])
    return Signer(_name(certificate.subject), _name(certificate.issuer), _is_self_signed(certificate))


def doubts(chain: Sequence[str], anchors: Sequence[Anchors], moment: int) -> tuple[Doubt, ...]:
    """Returns the warnings about a signature by the first certificate of a chain, at a time in milliseconds."""
    signer, *others = [_certificate(each) for each in chain]
    at = datetime.fromtimestamp(moment / 1000, UTC)
    found = []
    name = _name(signer.subject)
    if signer.not_valid_after_utc < at:
        expired = messages.CERTIFICATE_EXPIRED(certificate=name, time=f"{signer.not_valid_after_utc:%Y-%m-%d %H:%M}")
        found.append(Doubt(WarningType.EXPIRED_CERTIFICATE, expired))
    if signer.not_valid_before_utc > at:
        early = messages.CERTIFICATE_NOT_YET_VALID(certificate=name, time=f"{signer.not_valid_before_utc:%Y-%m-%d %H:%M}")
        found.append(Doubt(WarningType.NOT_YET_VALID_CERTIFICATE, early))
    if not _is_trusted(signer, others, anchors, at):
        found.append(_distrust(signer, name))
    return tuple(found)


def _distrust(signer: x509.Certificate, name: str) -> Doubt:
    if _is_self_signed(signer):
        return Doubt(WarningType.SELF_SIGNED_CERTIFICATE, messages.CERTIFICATE_SELF_SIGNED(certificate=name))
    issuer = _name(signer.issuer)
    return Doubt(WarningType.UNTRUSTED_CERTIFICATE, messages.CERTIFICATE_UNTRUSTED(certificate=name, issuer=issuer))


def _is_trusted(signer: x509.Certificate, others: Sequence[x509.Certificate], anchors: Sequence[Anchors], at: datetime) -> bool:
    """Whether the signer is an anchor, or issuers lead from it to one; each of the others is tried once."""
    if any(signer in each for each in anchors):
        return True
    left, checks = list(others), iter(range(_CHECKS))
    reached = [signer] if _is_for(signer, authority=None) else []
    for depth in range(len(others) + 1):
        ways = [(issuer, each) for each in reached for trusted in anchors for issuer in trusted.named(each.issuer)]
        if any(_may_issue(issuer, depth, at) and _is_issued_by(each, issuer) for issuer, each in ways):
            return True
        issuers = [each for each in left if _may_issue(each, depth, at)]
        reached = [issuer for issuer in issuers if any(_leads(each, issuer, checks) for each in reached)]
        left = [each for each in left if each not in reached]
    return False


def _leads(certificate: x509.Certificate, issuer: x509.Certificate, checks: Iterator[int]) -> bool:
    """Whether a certificate was issued by another one. The number of these slow checks is limited."""
    return certificate.issuer == issuer.subject and next(checks, None) is not None and _is_issued_by(certificate, issuer)


def _may_issue(issuer: x509.Certificate, depth: int, at: datetime) -> bool:
    """Whether a certificate may issue others at a time, with so many between itself and the signer."""
    return issuer.not_valid_before_utc <= at <= issuer.not_valid_after_utc and _is_for(issuer, authority=depth)


def _is_for(certificate: x509.Certificate, *, authority: int | None) -> bool:
    """Whether a certificate may belong to a signer or, with so many certificates below it, to an authority."""
    try:
        found = {type(each.value): each for each in certificate.extensions}
    except UNREADABLE:
        return False
    if any(each.critical and not isinstance(each.value, _UNDERSTOOD) for each in found.values()):
        return False
    purposes = found.get(x509.ExtendedKeyUsage)
    if purposes is not None and _SIGNS_CODE.isdisjoint(purposes.value):
        return False
    usage, constraints = found.get(x509.KeyUsage), found.get(x509.BasicConstraints)
    if authority is None:
        return usage is None or usage.value.digital_signature or usage.value.content_commitment
    if constraints is None or not constraints.value.ca or (usage is not None and not usage.value.key_cert_sign):
        return False
    return constraints.value.path_length is None or constraints.value.path_length >= authority


def _is_self_signed(certificate: x509.Certificate) -> bool:
    """By its names alone: whether its signature holds matters only where it is trusted, and then it is not looked at."""
    return certificate.issuer == certificate.subject


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether a signature holds; one over SHA-1, which can be forged, holds for nothing."""
    try:
        key = issuer.public_key()
        if isinstance(key, rsa.RSAPublicKey) and not is_usual(key):
            return False
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *UNREADABLE):
        return False
    return True


def read_pem(text: str) -> list[x509.Certificate]:
    """The certificates in a text; none where it cannot be read, or is longer than any chain."""
    if len(text) > LONGEST_PEM:
        return []
    try:
        return with_names(x509.load_pem_x509_certificates(text.encode(errors="replace")))
    except UNREADABLE:
        return []


def read_authorities(certificates: Iterable[bytes]) -> list[x509.Certificate]:
    """Those of some certificates, as bytes, that can be read."""
    found = []
    with warnings.catch_warnings(category=CryptographyDeprecationWarning, action="ignore"):  # old ones break young rules
        for each in certificates:
            with contextlib.suppress(*UNREADABLE):
                found += with_names([x509.load_der_x509_certificate(each)])
    return found


def _certificate(text: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(text))


def _text(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _name(name: x509.Name) -> str:
    return clean("".join(f"/{each.rfc4514_attribute_name}={each.value!s}" for each in name))[:_LONGEST_NAME]
