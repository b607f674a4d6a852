"""Signatures in the form of CMS (RFC 5652), which PKCS #7 became: apart from what they sign, as `openssl cms -sign` makes them.

Only DER is read. Whether a certificate is to be trusted is asked elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)
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


class BadMessage(Exception):
    """A message cannot be read; the end of a sentence about it."""


class Signature(msgspec.Struct, frozen=True):
    """A signature of bytes that are elsewhere.

    Where there are attributes, they are what is signed, and the digest among them is that of the bytes; or of the text with
    the ends of lines that mail has, unless OpenSSL was told that it is `-binary`.
    """

    algorithm: hashes.HashAlgorithm
    signature: bytes
    attributes: bytes | None = None
    digest: bytes | None = None
    pss: bool = False

    def is_by(self, certificate: x509.Certificate, content: bytes) -> bool:
        """Whether it was made of these bytes with the key of a certificate."""
        if self.attributes is None:
            return self._holds(certificate, content)
        mail = _LINE_END.sub(b"\r\n", content)
        if self.digest not in (_digest(self.algorithm, content), _digest(self.algorithm, mail)):
            return False
        return self._holds(certificate, self.attributes)

    def _holds(self, certificate: x509.Certificate, data: bytes) -> bool:
        try:
            key = certificate.public_key()
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(self.signature, data, self._padding(), self.algorithm)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(self.signature, data, ec.ECDSA(self.algorithm))
            else:
                return False
        except (InvalidSignature, *UNREADABLE):
            return False
        return True

    def _padding(self) -> padding.AsymmetricPadding:
        return padding.PSS(padding.MGF1(self.algorithm), padding.PSS.AUTO) if self.pss else padding.PKCS1v15()


class Message(msgspec.Struct, frozen=True):
    """What a message holds; certificates alone where nobody signs."""

    certificates: tuple[x509.Certificate, ...]
    signatures: tuple[Signature, ...]


def read(data: bytes) -> Message:
    """What a message holds; BadMessage where it cannot be read or is no signature."""
    try:
        found = asn1.decode_der(_ContentInfo, data)
        certificates, signers = tuple(found.content.certificates or ()), found.content.signers.as_list()
        signatures = tuple(_signature(each, found.content.content.kind) for each in signers)
    except UNREADABLE as error:
        raise BadMessage("is no signature in DER") from error
    if found.kind != _SIGNED_DATA:
        raise BadMessage("is no signature")
    return Message(certificates, signatures)


def _signature(signer: _Signer, kind: x509.ObjectIdentifier) -> Signature:
    algorithm = _HASHES.get(signer.digest.kind)
    if algorithm is None:
        raise BadMessage(f"is a signature over a digest that is not known ({signer.digest.kind.dotted_string})")
    pss = signer.algorithm.kind == _PSS
    if signer.attributes is None:
        return Signature(algorithm, signer.signature, pss=pss)
    attributes = [each.parse(_Attribute) for each in signer.attributes]
    values = {each.kind: value for each in attributes for value in each.values.as_list()}
    content, digest = values.get(_CONTENT_TYPE), values.get(_MESSAGE_DIGEST)
    if content is None or digest is None or content.parse(x509.ObjectIdentifier) != kind:
        raise BadMessage("is a signature that does not say of what")
    signed = b"".join(_encoded(_SEQUENCE, each.data) for each in signer.attributes)
    return Signature(algorithm, signer.signature, _encoded(_SET, signed), digest.parse(bytes), pss)


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
