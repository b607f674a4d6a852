"""Passwords: hashed with Argon2id in threads, a few at a time, so that a flood of logins leaves the server responsive."""

from __future__ import annotations

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 2


class Argon2Passwords:
    """Hashes and verifies passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def decoy(self) -> str:
        """A hash that no password has, as slow to check as any; made without hashing."""
        hasher = self._hasher
        cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
        return f"$argon2id$v=19${cost}${_random(hasher.salt_len)}${_random(hasher.hash_len)}"

    def hash_now(self, password: str) -> str:
        """The hash of a password, for callers without a loop to block."""
        return self._hasher.hash(password)

    async def hash(self, password: str) -> str:
        """The hash of a password, with salt and parameters."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, hashed: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""
        async with self._turns:
            return await asyncio.to_thread(self._verify, hashed, password)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))  # JSON can hold half a character
        except (VerificationError, InvalidHashError):
            return False


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
