"""Generates secrets of a form that scanners recognize: a prefix, random letters and digits, and a checksum of those."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib

_DIGITS = string.digits + string.ascii_letters
_CHECKSUM = 6


def random_text(length: int) -> str:
    """Random letters and digits."""
    return "".join(secrets.choice(_DIGITS) for _ in range(length))


def hash_of(secret: str) -> str:
    """What is kept of a secret, which is too long to be guessed from it."""
    return hashlib.sha256(secret.encode()).hexdigest()


class SecretForm:
    """The form of the secrets with a prefix, which have so many letters and digits before the checksum."""

    def __init__(self, prefix: str, length: int) -> None:
        self._prefix = prefix
        self._length = length
        self._form = re.compile(rf"{prefix}([0-9A-Za-z]{{{length}}})([0-9A-Za-z]{{{_CHECKSUM}}})", re.ASCII)

    def new(self, start: str = "") -> str:
        """A new secret, whose letters and digits begin with some that are given."""
        text = start + random_text(self._length - len(start))
        return f"{self._prefix}{text}{_checksum(text)}"

    def text(self, secret: str) -> str | None:
        """The letters and digits of a secret of this form with the right checksum, or None."""
        found = self._form.fullmatch(secret)
        return found[1] if found is not None and _checksum(found[1]) == found[2] else None


def _checksum(text: str) -> str:
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
