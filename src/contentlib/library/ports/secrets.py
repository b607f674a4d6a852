"""Specifies the encryption of texts, the rows that store them, and the hashing of passwords."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import SealedSecret, SecretUse


class Encryption(Protocol):
    """Encrypts texts that must be readable again, but not with the database alone.

    The keys only change while no transaction writes. A seal that opens inside a writing transaction can therefore be stored:
    its key is not removed before a later transaction has found the seal.
    """

    def seal(self, text: str, use: SecretUse) -> str:
        """Encrypts a text with the newest key, for one use. Raises OSError if the keys cannot be read or written."""

    def open(self, seal: str, use: SecretUse) -> str:
        """Decrypts a text. Raises NotDecrypted if its key is missing, or if it was sealed for another use."""


class SecretRows(Protocol):
    """All encrypted secrets in the rows of any kind, those in the trash included."""

    async def page(self, after: str, most: int) -> list[SealedSecret]:
        """Up to `most` secrets whose owners follow `after`, in order of their owners; "" is before the first."""

    async def put(self, secret: SealedSecret) -> None:
        """Replaces the seal of a secret. Changes nothing else; does nothing if the row has no such secret any more."""


class PasswordHasher(Protocol):
    """Hashes passwords, slowly, without blocking the caller's loop."""

    async def hash(self, password: str) -> str:
        """The hash of a password, with salt and parameters."""

    async def verify(self, hashed: str, password: str) -> bool:
        """Whether the password is the one that was hashed."""
