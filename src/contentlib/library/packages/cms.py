"""Verifies detached CMS (RFC 5652, PKCS #7) signatures, as `openssl cms -sign` writes them.

Only supports DER. Does not decide whether a certificate is trusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, TypeVar

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

Certificates = TypeVar("Certificates", bound=Iterable[x509.Certificate])

UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_SIGNED_DATA = x509.ObjectIdentifier("1.2.840.113549.1.7.2")
_CONTENT_TYPE = x509.ObjectIdentifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
_PSS = x509.ObjectIdentifier("1.2.840.113549.1.1.10")
_HASHES: Mapping[x509.ObjectIdentifier, hashes.HashAlgorithm] = {
    x509.ObjectIdentifier("1.3.14.3.2.26"): hashes.SHA1(),  # noqa: S303 - what the packages of a decade are signed with
    x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1"): hashes.SHA256(),
    x509.ObjectIdentifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
    x509.ObjectIdentifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
}
_LINE_END = re.compile(rb"\r?\n")
_SEQUENCE, _SET = b"\x30", b"\x31"
_LARGEST_KEY = 16384
_LARGEST_EXPONENT = 64


class BadMessage(Exception):
    """A message cannot be read; the end of a sentence about it."""


class SignedContent:
    """Bytes that are signed, of which each digest is made once, however many signatures there are."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._digests: dict[tuple[str, bool], bytes] = {}

    def digest(self, algorithm: hashes.HashAlgorithm, *, mail: bool = False) -> bytes:
        """The digest of the bytes, or of the text with the ends of lines that mail has."""
        key = algorithm.name, mail
        if key not in self._digests:
            self._digests[key] = _digest(algorithm, _LINE_END.sub(b"\r\n", self._content) if mail else self._content)
        return self._digests[key]


class SignerId(msgspec.Struct, frozen=True):
    """The certificate of a signature, by issuer (DER) and serial number, or by key identifier."""

    issuer: bytes = b""
    serial: int = 0
    key: bytes | None = None

    def names(self, certificate: x509.Certificate) -> bool:
        """Whether it is that certificate."""
        try:
            if self.key is None:
                return certificate.serial_number == self.serial and certificate.issuer.public_bytes() == self.issuer
            return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest == self.key
        except (x509.ExtensionNotFound, *UNREADABLE):
            return False


class DetachedSignature(msgspec.Struct, frozen=True):
    """A detached signature. Without a `signer`, any certificate may have made it.

    If there are attributes, they are what is signed, and one of them is the digest of the bytes; or of the text with the line
    ends of mail, unless OpenSSL was called with `-binary`.
    """

    algorithm: hashes.HashAlgorithm
    signature: bytes
    attributes: bytes | None = None
    digest: bytes | None = None
    pss: bool = False
    signer: SignerId | None = None

    def maker(self, certificates: Sequence[x509.Certificate], content: SignedContent) -> x509.Certificate | None:
        """Returns the certificate that signed these bytes, or None."""
        if self.signer is not None:
            certificates = [each for each in certificates if self.signer.names(each)][:1]
        if self.attributes is None:
            signed = content.digest(self.algorithm)
        elif self.digest in (content.digest(self.algorithm), content.digest(self.algorithm, mail=True)):
            signed = _digest(self.algorithm, self.attributes)
        else:
            return None
        return next((each for each in certificates if self._holds(each, signed)), None)

    def _holds(self, certificate: x509.Certificate, digest: bytes) -> bool:
        try:
            key, hashed = certificate.public_key(), Prehashed(self.algorithm)
            if isinstance(key, rsa.RSAPublicKey) and is_usual(key):
                key.verify(self.signature, digest, self._padding(), hashed)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(self.signature, digest, ec.ECDSA(hashed))
            else:
                return False
        except (InvalidSignature, *UNREADABLE):
            return False
        return True

    def _padding(self) -> padding.AsymmetricPadding:
        return padding.PSS(padding.MGF1(self.algorithm), padding.PSS.AUTO) if self.pss else padding.PKCS1v15()


def with_names(certificates: Certificates) -> Certificates:
    """Certificates whose names can be read. Raises ValueError for others: names are not read before they are asked for."""
    for each in certificates:
        _ = each.subject, each.issuer
    return certificates


def is_usual(key: rsa.RSAPublicKey) -> bool:
    """Whether a key is of a size with which a signature is checked in no time; one can be made that takes a second each."""
    return key.key_size <= _LARGEST_KEY and key.public_numbers().e.bit_length() <= _LARGEST_EXPONENT


class SignedMessage(msgspec.Struct, frozen=True):
    """The content of a message; without signers, only certificates."""

    certificates: tuple[x509.Certificate, ...]
    signatures: tuple[DetachedSignature, ...]


def read(data: bytes) -> SignedMessage:
    """Parses a message. Raises BadMessage if it is invalid or not a signature."""
    try:
        found = asn1.decode_der(_ContentInfo, data)
        certificates = with_names(tuple(found.content.certificates or ()))
        signers = found.content.signers.as_list()
        signatures = tuple(_signature(each, found.content.content.kind) for each in signers)
    except UNREADABLE as error:
        raise BadMessage("not a signature in DER format") from error
    if found.kind != _SIGNED_DATA:
        raise BadMessage("not a signature")
    return SignedMessage(certificates, signatures)


def _signature(signer: _Signer, kind: x509.ObjectIdentifier) -> DetachedSignature:
    algorithm = _HASHES.get(signer.digest.kind)
    if algorithm is None:
        raise BadMessage(f"unsupported digest {signer.digest.kind.dotted_string}")
    pss, made_by = signer.algorithm.kind == _PSS, _signer_id(signer.id)
    if signer.attributes is None:
        return DetachedSignature(algorithm, signer.signature, pss=pss, signer=made_by)
    attributes = [each.parse(_Attribute) for each in signer.attributes]
    values = {each.kind: value for each in attributes for value in each.values.as_list()}
    content, digest = values.get(_CONTENT_TYPE), values.get(_MESSAGE_DIGEST)
    if content is None or digest is None or content.parse(x509.ObjectIdentifier) != kind:
        raise BadMessage("the signature does not cover any content")
    signed = b"".join(_encoded(_SEQUENCE, each.data) for each in signer.attributes)
    return DetachedSignature(algorithm, signer.signature, _encoded(_SET, signed), digest.parse(bytes), pss, made_by)


def _signer_id(told: asn1.TLV) -> SignerId:
    if told.tag_bytes == _SEQUENCE:
        found = told.parse(_IssuerAndSerial)
        return SignerId(_encoded(_SEQUENCE, found.issuer.data), found.serial)
    return SignerId(key=bytes(told.data))


def _encoded(tag: bytes, content: bytes | memoryview) -> bytes:
    """The encoding of a content: that of an octet string, which differs by its tag alone."""
    return tag + asn1.encode_der(bytes(content))[1:]


def _digest(algorithm: hashes.HashAlgorithm, content: bytes) -> bytes:
    hasher = hashes.Hash(algorithm)
    hasher.update(content)
    return hasher.finalize()


# as RFC 5652 declares them


@asn1.sequence
class _Hash:
    kind: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Mask:
    kind: x509.ObjectIdentifier
    hash: _Hash


@asn1.sequence
class _PssParameters:
    hash: Annotated[_Hash | None, asn1.Explicit(0)]
    mask: Annotated[_Mask | None, asn1.Explicit(1)]
    salt: Annotated[int | None, asn1.Explicit(2)]


@asn1.sequence
class _Algorithm:
    kind: x509.ObjectIdentifier
    parameters: asn1.Null | _PssParameters | None


@asn1.sequence
class _Attribute:
    kind: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class _IssuerAndSerial:
    issuer: asn1.TLV
    serial: int


@asn1.sequence
class _Signer:
    version: int
    id: asn1.TLV
    digest: _Hash
    attributes: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    algorithm: _Algorithm
    signature: bytes
    unsigned: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class _Content:
    kind: x509.ObjectIdentifier
    data: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class _SignedData:
    version: int
    digests: asn1.SetOf[asn1.TLV]
    content: _Content
    certificates: Annotated[list[x509.Certificate] | None, asn1.Implicit(0)]
    revocations: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[_Signer]


@asn1.sequence
class _ContentInfo:
    kind: x509.ObjectIdentifier
    content: Annotated[_SignedData, asn1.Explicit(0)]
