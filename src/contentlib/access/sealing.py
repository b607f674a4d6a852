"""Encrypts secrets that the server must read again, with keys that are not in the database.

A seal is `v2:KEY:DATA`: the identifier of its key, then nonce and ciphertext of ChaCha20-Poly1305 in base64. The use of the
secret is authenticated with it, so a seal copied to another row, or to another purpose, does not open. A seal of earlier
versions is the data alone, without key and use.
"""

from __future__ import annotations

import base64
import binascii
import json
import os

from contentlib.access.key_ring import KeyRing, Keys, SealingKey
from contentlib.library.errors import NotDecrypted
from contentlib.library.model import SecretUse

_NONCE_BYTES = 12
_VERSION = "v2"


class RingEncryption:
    """Encrypts with the newest key of a ring, and decrypts with all of them."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def seal(self, text: str, use: SecretUse) -> str:
        """Encrypts a text."""
        key = self._ring.newest()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + _encrypt(key, nonce, text.encode("utf-8", "surrogatepass"), _bound(key.id, use))
        return f"{_VERSION}:{key.id}:{base64.b64encode(sealed).decode()}"

    def open(self, seal: str, use: SecretUse) -> str:
        """Decrypts a text."""
        try:
            keys = self._ring.read()
        except OSError as error:
            raise NotDecrypted(str(use), str(error)) from error
        return opened(seal, use, keys, str(self._ring.path))[0]


def opened(seal: str, use: SecretUse, keys: Keys, name: str) -> tuple[str, SealingKey]:
    """The text, and the key that it is sealed with. `name` is that of the keys. Raises NotDecrypted."""
    version, *rest = seal.split(":")
    try:
        if not rest:
            return _opened_old(base64.b64decode(seal, validate=True), use, keys, name)
        key_id, data = rest
        sealed = base64.b64decode(data, validate=True)
    except (ValueError, binascii.Error) as error:
        raise NotDecrypted(str(use), "it is damaged") from error
    if version != _VERSION:
        raise NotDecrypted(str(use), f"its format {version[:20]!r} is unknown to this version")
    return _opened(key_id, sealed, use, keys, name)


def is_bound(seal: str) -> bool:
    """Whether a seal opens for one use only."""
    return seal.startswith(f"{_VERSION}:")


def _opened(key_id: str, sealed: bytes, use: SecretUse, keys: Keys, name: str) -> tuple[str, SealingKey]:
    key = keys.find(key_id)
    if key is None:
        raise NotDecrypted(str(use), keys.damage or f"{name} does not contain the key {key_id[:20]}")
    data = _decrypt(key, sealed, _bound(key_id, use))
    if data is None:
        raise NotDecrypted(str(use), "it is damaged, or was sealed for another use")
    return data.decode("utf-8", "surrogatepass"), key


def _opened_old(sealed: bytes, use: SecretUse, keys: Keys, name: str) -> tuple[str, SealingKey]:
    for key in keys.all:
        data = _decrypt(key, sealed, None)
        if data is not None:
            return data.decode("utf-8", "surrogatepass"), key
    raise NotDecrypted(str(use), keys.damage or f"{name} does not contain its key")


def _bound(key_id: str, use: SecretUse) -> bytes:
    return json.dumps(["contentlib", _VERSION, key_id, use.purpose, use.owner]).encode("ascii")


def _encrypt(key: SealingKey, nonce: bytes, data: bytes, bound: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(key.secret).encrypt(nonce, data, bound)


def _decrypt(key: SealingKey, sealed: bytes, bound: bytes | None) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        return ChaCha20Poly1305(key.secret).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        return None
