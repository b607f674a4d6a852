"""Seals what a login must remember until the browser comes back from the provider, into a cookie of that browser.

The server keeps nothing of a login that has begun, so any number of them costs no memory, and every worker can end it.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

LIFETIME_SECONDS = 600
_NONCE_BYTES = 12
_LONGEST = 4096


class BrowserLogin(msgspec.Struct, frozen=True):
    """A login that has begun. `state` comes back in the address, `nonce` in the ID token; `verifier` proves the code ours."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    next: str
    expires: int


def begun(redirect_uri: str, following: str, now: int) -> BrowserLogin:
    """A new login, which ends at the page `following`."""
    state, nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    return BrowserLogin(state, nonce, verifier, redirect_uri, following, now + LIFETIME_SECONDS * 1000)


class BrowserLogins:
    """Seals logins with a key that all workers have; a login of one provider does not open as one of another."""

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)

    def seal(self, provider: str, attempt: BrowserLogin) -> str:
        """The login, as the value of a cookie."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, msgspec.json.encode(attempt), _bound_to(provider))
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, provider: str, sealed: str | None, now: int) -> BrowserLogin | None:
        """The login that a cookie holds; None if it is not ours, or has expired."""
        if sealed is None or len(sealed) > _LONGEST:
            return None
        try:
            data = base64.b64decode(sealed, b"-_", validate=True)
            plain = self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], _bound_to(provider))
        except (InvalidTag, binascii.Error, ValueError):
            return None
        attempt = msgspec.json.decode(plain, type=BrowserLogin)
        return attempt if attempt.expires > now else None


def _bound_to(provider: str) -> bytes:
    return f"login at oidc:{provider}".encode()
