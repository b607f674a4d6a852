"""Defines signatures of packages and trusted certificates."""

from __future__ import annotations

import enum

import msgspec


class PackageSignature(msgspec.Struct, frozen=True):
    """The signature of a package: the signer's certificate and those with it, in base64, and the time of the check."""

    chain: tuple[str, ...]
    examined: int


class TrustedCertificate(msgspec.Struct, frozen=True):
    """A certificate that is trusted to sign packages, and to say who else is; the identifier is its SHA-256 digest."""

    id: str
    text: str
    created: int


class WarningType(enum.StrEnum):
    """Type of a warning about the signer of a package."""

    EXPIRED_CERTIFICATE = "EXPIRED_CERTIFICATE"
    NOT_YET_VALID_CERTIFICATE = "NOT_YET_VALID_CERTIFICATE"
    SELF_SIGNED_CERTIFICATE = "SELF_SIGNED_CERTIFICATE"
    UNTRUSTED_CERTIFICATE = "UNTRUSTED_CERTIFICATE"
