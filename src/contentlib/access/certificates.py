"""Describes the certificates of a server: its own chain, and those that it trusts for signatures of packages."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from contentlib.library.packages.cms import UNREADABLE
from contentlib.library.packages.signatures import read_pem
from contentlib.library.ports import MetadataStore

_SHOWN = (x509.DNSName, x509.IPAddress, x509.RFC822Name, x509.UniformResourceIdentifier)


class DescribedCertificate(msgspec.Struct, frozen=True):
    """A certificate; times are in milliseconds. `trusted` is the identifier of a trusted one, empty for the server's own."""

    subject: str
    issuer: str
    begins: int
    ends: int
    sha256: str
    names: tuple[str, ...]
    authority: bool
    trusted: str = ""


class Certificates:
    """Lists certificates. `own` is what the server serves with, as PEM; None where it serves plain HTTP."""

    def __init__(self, metadata: MetadataStore, own: bytes | None) -> None:
        self._metadata = metadata
        self._own = own

    async def all(self) -> list[DescribedCertificate]:
        """The server's own certificate and its chain, then the trusted ones."""
        async with self._metadata.reading() as transaction:
            trusted = await transaction.trusted_certificates.all()
        found = [] if self._own is None else [*_described(self._own.decode("ascii", "replace"))]
        return found + [described for each in trusted for described in _described(each.text, each.id)]


def _described(text: str, trusted: str = "") -> Iterator[DescribedCertificate]:
    for each in read_pem(text):
        yield DescribedCertificate(
            each.subject.rfc4514_string(),
            each.issuer.rfc4514_string(),
            int(each.not_valid_before_utc.timestamp() * 1000),
            int(each.not_valid_after_utc.timestamp() * 1000),
            each.fingerprint(hashes.SHA256()).hex(":").upper(),
            _names(each),
            _is_authority(each),
            trusted,
        )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses that a certificate is for; none where they cannot be read."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return ()
    return tuple(str(each.value) for each in found if isinstance(each, _SHOWN))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, *UNREADABLE):
        return False
