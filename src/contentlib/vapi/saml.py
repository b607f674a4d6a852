"""Represents SAML tokens that calls carry, and what their senders have signed with the key of the token."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SamlToken:
    """A SAML token as its sender wrote it. The other fields are set if the sender signed the request.

    `messages` are the forms in which the request may have been signed, `bits` is the length of the SHA-2 digest, and the
    request is valid from `created` to `expires`, in milliseconds since 1970 UTC.
    """

    assertion: bytes
    messages: tuple[bytes, ...] = ()
    signature: bytes = b""
    bits: str = ""
    created: int = 0
    expires: int = 0
