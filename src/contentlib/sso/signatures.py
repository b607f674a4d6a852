"""Verifies XML signatures, and returns only what they cover.

What a signature covers is read from its canonical form, never from the document, so elements that were moved, added or given
the same identifier cannot be mistaken for it.
"""

from __future__ import annotations

import datetime
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from lxml import etree

from contentlib.sso.namespaces import DS, qualified

if TYPE_CHECKING:
    from signxml.verifier import SignatureConfiguration

    from contentlib.sso.signing_keys import SigningKey

ENVELOPED = "./"
"""The place of a signature in the element that it signs."""
_MOST_REFERENCES = 4
_MOST_TRANSFORMS = 2 * _MOST_REFERENCES
_KEY_BITS = range(2048, 8192 + 1)
_DIGESTS: dict[str, type[HashAlgorithm]] = {"256": SHA256, "384": SHA384, "512": SHA512}


class BadSignature(Exception):
    """A signature that does not fit what it is for. The message describes the first problem."""


def covered(
    document: etree._Element, place: str, certificate: x509.Certificate, now: int, attribute: str
) -> list[etree._Element]:
    """The elements that the signature at a place covers, each parsed from what was signed. Raises BadSignature.

    References name elements by an attribute, in any namespace; two elements with the same value are refused.
    """
    from signxml.exceptions import InvalidSignature as NotSigned
    from signxml.verifier import XMLVerifier

    signature = document.find(f"{place}{qualified(DS, 'Signature')}")
    if signature is None:
        raise BadSignature("it is not signed")
    if len(list(signature.iter(qualified(DS, "Reference")))) > _MOST_REFERENCES:
        raise BadSignature(f"its signature has more than {_MOST_REFERENCES} references")
    if len(list(signature.iter(qualified(DS, "Transform")))) > _MOST_TRANSFORMS:
        raise BadSignature(f"its signature has more than {_MOST_TRANSFORMS} transforms")
    rsa_key_of(certificate)
    try:
        found: Any = XMLVerifier().verify(
            document, x509_cert=certificate, expect_config=_configuration(place, now), id_attribute=attribute
        )
    except (NotSigned, InvalidSignature) as error:
        raise BadSignature("its signature is not valid") from error
    except (etree.LxmlError, ValueError, TypeError, AttributeError, LookupError) as error:  # of a malformed signature
        raise BadSignature("its signature is malformed") from error
    return [each.signed_xml for each in found if each.signed_xml is not None]


def sign(document: etree._Element, key: SigningKey) -> etree._Element:
    """Signs a document in place of its element `Signature` with the identifier `placeholder`."""
    from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureConstructionMethod, SignatureMethod
    from signxml.signer import XMLSigner

    signer = XMLSigner(
        SignatureConstructionMethod.enveloped,
        SignatureMethod.RSA_SHA256,
        DigestAlgorithm.SHA256,
        CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(document, key=key.private, cert=[key.certificate])


def check_signed(message: bytes, signature: bytes, bits: str, certificate: x509.Certificate) -> None:
    """Verifies an RSA signature of bytes with SHA-2 of so many bits. Raises BadSignature."""
    digest = _DIGESTS.get(bits)
    if digest is None:
        raise BadSignature("its signature has an unsupported algorithm")
    key = rsa_key_of(certificate)
    try:
        key.verify(signature, message, PKCS1v15(), digest())
    except InvalidSignature as error:
        raise BadSignature("the signature of the request is not valid") from error


def rsa_key_of(certificate: x509.Certificate) -> RSAPublicKey:
    """The public key of a certificate. Raises BadSignature unless it is an RSA key of a usual size."""
    try:
        key = certificate.public_key()
    except (ValueError, TypeError) as error:
        raise BadSignature("the key of the certificate is malformed") from error
    if not isinstance(key, RSAPublicKey) or key.key_size not in _KEY_BITS:
        raise BadSignature(f"the certificate must have an RSA key of {_KEY_BITS.start} to {_KEY_BITS.stop - 1} bits")
    return key


def certificate_of(data: bytes) -> x509.Certificate:
    """The certificate in DER. Raises BadSignature."""
    try:
        return x509.load_der_x509_certificate(data)
    except ValueError as error:
        raise BadSignature("the certificate is malformed") from error


def _configuration(place: str, now: int) -> SignatureConfiguration:
    moment = datetime.datetime.fromtimestamp(now / 1000, datetime.UTC)
    return replace(_strict(), location=place, verification_time=moment)


@cache
def _strict() -> SignatureConfiguration:
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.verifier import SignatureConfiguration

    return SignatureConfiguration(
        expect_references=True,
        signature_methods=frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}),
    )
