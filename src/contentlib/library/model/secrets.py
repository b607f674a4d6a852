"""Defines secrets that are stored encrypted, because they must be readable again."""

from __future__ import annotations

import enum

import msgspec

SIGNING_KEY = "sso.signing_key"
"""The key of the value that holds the signing key of security tokens, in the rows of the server itself."""


class SecretPurpose(enum.StrEnum):
    """What a secret is for."""

    SUBSCRIPTION = "password of subscribed library"
    SIGNING_KEY = "signing key"


class SecretUse(msgspec.Struct, frozen=True):
    """Where a secret belongs: its purpose, and the identifier of the row that stores it. Its seal opens for nothing else."""

    purpose: SecretPurpose
    owner: str

    def __str__(self) -> str:
        return f"{self.purpose} {self.owner}"


class SealedSecret(msgspec.Struct, frozen=True):
    """An encrypted secret as it is stored."""

    use: SecretUse
    seal: str
