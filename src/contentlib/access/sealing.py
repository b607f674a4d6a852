"""Encrypts passwords that the server must send to others, with a key that is not in the database."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

from contentlib.access.keys import SecretKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

_NONCE_BYTES = 12


class KeyFile:
    """Encrypts texts with a key in a file that is created when first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = SecretKey(path)

    def seal(self, text: str) -> str:
        """The text, sealed."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + self._cipher(make=True).encrypt(nonce, text.encode("utf-8", "surrogatepass"), None)
        return base64.b64encode(sealed).decode()

    def open(self, sealed: str) -> str:
        """Decrypts a text. Raises OSError if the key is missing or a different one."""
        from cryptography.exceptions import InvalidTag

        data = base64.b64decode(sealed)
        try:
            text = self._cipher(make=False).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], None)
        except InvalidTag as error:
            raise OSError(f"{self._path} is not the key that it was sealed with") from error
        return text.decode("utf-8", "surrogatepass")

    def _cipher(self, *, make: bool) -> ChaCha20Poly1305:
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        if make:
            self._key.make()
        return ChaCha20Poly1305(self._key.read())
