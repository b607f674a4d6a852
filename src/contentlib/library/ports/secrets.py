"""Specifies the encryption of texts and the hashing of passwords."""

from __future__ import annotations

from typing import Protocol


class Encryption(Protocol):
    """Encrypts texts that must be readable again, but not with the database alone."""

    def seal(self, text: str) -> str:
        """The text, sealed."""

    def open(self, sealed: str) -> str:
        """Decrypts a text. Raises OSError if the key is missing or a different one."""


class PasswordHasher(Protocol):
    """Hashes passwords, slowly, without blocking the caller's loop."""

    async def hash(self, password: str) -> str:
        """The hash of a password, with salt and parameters."""

    async def verify(self, hashed: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""
