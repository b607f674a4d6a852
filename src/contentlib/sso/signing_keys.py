"""Keeps the key that signs security tokens: one for all processes, encrypted in the database.

The first request for a token creates it. A key that can no longer be decrypted is replaced; tokens that it signed are then
refused.
"""

from __future__ import annotations

import asyncio
import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from contentlib.library.clock import Clock
from contentlib.library.errors import NotDecrypted
from contentlib.library.model import SIGNING_KEY, SecretPurpose, SecretUse
from contentlib.library.ports import Encryption, MetadataStore

_USE = SecretUse(SecretPurpose.SIGNING_KEY, SIGNING_KEY)
_BITS = 2048
_EXPONENT = 65537
_YEARS = datetime.timedelta(days=3650)
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the certificate by which clients recognize its signatures."""

    private: RSAPrivateKey
    certificate: x509.Certificate


class SigningKeys:
    """Reads or creates the key."""

    def __init__(self, metadata: MetadataStore, encryption: Encryption, clock: Clock) -> None:
        self._metadata = metadata
        self._encryption = encryption
        self._clock = clock
        self._opened: tuple[str, SigningKey] | None = None

    async def current(self) -> SigningKey:
        """The key. Raises OSError if the keys that encrypt it cannot be read."""
        async with self._metadata.reading() as transaction:
            seal = await transaction.state.get(SIGNING_KEY)
        found = None if seal is None else self._open(seal)
        return found or await self._create()

    def _open(self, seal: str) -> SigningKey | None:
        """The key of a seal, or None if it cannot be decrypted. Other processes and rotations may have replaced it."""
        if self._opened is None or self._opened[0] != seal:
            try:
                text = self._encryption.open(seal, _USE)
            except NotDecrypted:
                return None
            self._opened = seal, _parsed(text)
        return self._opened[1]

    async def _create(self) -> SigningKey:
        """Creates a key, unless another process was first."""
        key = await asyncio.to_thread(_generated, self._clock.now())
        async with self._metadata.transaction(durable=True) as transaction:
            seal = await transaction.state.get(SIGNING_KEY)
            found = None if seal is None else self._open(seal)
            if found is not None:
                return found
            seal = self._encryption.seal(_written(key), _USE)
            await transaction.state.put(SIGNING_KEY, seal)
        self._opened = seal, key
        return key


def _generated(now: int) -> SigningKey:
    key = generate_private_key(_EXPONENT, _BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contentlib security tokens")])
    today = datetime.datetime.fromtimestamp(now / 1000, datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), today - _DAY, today + _YEARS)
    return SigningKey(key, builder.sign(key, SHA256()))


def _written(key: SigningKey) -> str:
    private = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + key.certificate.public_bytes(Encoding.PEM)).decode("ascii")


def _parsed(text: str) -> SigningKey:
    data = text.encode("ascii")
    private = load_pem_private_key(data, None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("the signing key is not an RSA key")
    return SigningKey(private, x509.load_pem_x509_certificate(data))
