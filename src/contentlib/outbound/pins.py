"""Verifies the certificates of connections by pinned thumbprint or certificate, and reports what was presented.

aiohttp calls `check` after the handshake and before the request is sent. Its own class only supports SHA-256; the content
library API identifies certificates by SHA-1.
"""

from __future__ import annotations

import asyncio
import hashlib
import re

import aiohttp
from cryptography.hazmat.primitives.serialization import Encoding

from contentlib.library.packages.signatures import read_pem
from contentlib.library.sessions.pulls import LONGEST_PIN

_DIGESTS = {40: "sha1", 64: "sha256"}


class BadPin(ValueError):
    """A thumbprint or certificate that cannot be compared with anything."""


class Pin(aiohttp.Fingerprint):
    """Accepts connections whose certificate has one of several digests, all of one algorithm. Remembers what was presented."""

    def __init__(self, algorithm: str, digests: frozenset[str]) -> None:  # not aiohttp's, which refuses SHA-1
        self._algorithm = algorithm
        self._digests = digests
        self.met: bytes | None = None

    @property
    def fingerprint(self) -> bytes:
        """One of the digests."""
        return bytes.fromhex(min(self._digests, default=""))

    def __eq__(self, other: object) -> bool:
        """Whether both take the same certificates: then they may share a connection."""
        return isinstance(other, Pin) and (self._algorithm, self._digests) == (other._algorithm, other._digests)

    def __hash__(self) -> int:
        """Agrees with equality."""
        return hash((self._algorithm, self._digests))

    def check(self, transport: asyncio.Transport) -> None:
        """Refuses a connection that shows another certificate."""
        connection = transport.get_extra_info("ssl_object")
        if connection is None:
            return
        self.met = certificate = connection.getpeercert(binary_form=True)
        digest = hashlib.new(self._algorithm, certificate or b"", usedforsecurity=False)
        if digest.hexdigest() not in self._digests:
            host, port, *_ = transport.get_extra_info("peername")
            raise aiohttp.ServerFingerprintMismatch(self.fingerprint, digest.digest(), host, port)


def nothing() -> Pin:
    """A pin that takes no connection, and so learns which certificate is met."""
    return Pin("sha256", frozenset())


def pin_of(thumbprint: str | None, certificate: str | None) -> Pin | None:
    """Returns the pin of a PEM certificate or else of a thumbprint, or None if neither is given."""
    if certificate:
        return Pin("sha256", frozenset([hashlib.sha256(_first(certificate)).hexdigest()]))
    if not thumbprint:
        return None
    digits = re.sub(r"[\s:]", "", thumbprint[:LONGEST_PIN]).lower()
    algorithm = _DIGESTS.get(len(digits))
    if algorithm is None or not re.fullmatch("[0-9a-f]+", digits):
        raise BadPin(f"is not a SHA-1 or SHA-256 thumbprint: {thumbprint[:100]!r}")
    return Pin(algorithm, frozenset([digits]))


def _first(certificate: str) -> bytes:
    """Returns the first certificate of a PEM text, which is the server's own if a chain follows."""
    found = read_pem(certificate)
    if not found:
        raise BadPin("is not a certificate in PEM format")
    return found[0].public_bytes(Encoding.DER)


def thumbprint_of(certificate: bytes, algorithm: str = "sha1") -> str:
    """The digest of a certificate as people compare it: pairs in upper case with colons between them."""
    digits = hashlib.new(algorithm, certificate, usedforsecurity=False).hexdigest().upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
