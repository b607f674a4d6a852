"""Computes and parses checksums."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable

import msgspec

from contentlib.library import messages
from contentlib.library.errors import Fault, Invalid


class Algorithm(enum.StrEnum):
    """The checksum algorithms of the contract."""

    MD5 = "MD5"
    SHA1 = "SHA1"
    SHA256 = "SHA256"
    SHA512 = "SHA512"


DEFAULT = Algorithm.SHA1
_DIGITS = {Algorithm.MD5: 32, Algorithm.SHA1: 40, Algorithm.SHA256: 64, Algorithm.SHA512: 128}


class Checksum(msgspec.Struct, frozen=True):
    """A checksum in lower-case hexadecimal digits."""

    algorithm: Algorithm
    digits: str


def check(field: str, algorithm: Algorithm | None, text: str) -> Checksum:
    """Returns the checksum that a client declares. The default algorithm is SHA1."""
    chosen = algorithm or DEFAULT
    digits = text.strip().lower()
    if len(digits) != _DIGITS[chosen] or not all(digit in "0123456789abcdef" for digit in digits):
        told = messages.NOT_A_CHECKSUM(field=field, algorithm=chosen, digits=_DIGITS[chosen], given=text[:130])
        raise Invalid(told)
    return Checksum(chosen, digits)


class Hasher:
    """Hashes bytes as they flow: SHA-256 always, and the algorithms asked for."""

    def __init__(self, *algorithms: Algorithm) -> None:
        wanted = dict.fromkeys((Algorithm.SHA256, *algorithms))
        self._hashes = {each: hashlib.new(each.value, usedforsecurity=False) for each in wanted}
        self.size = 0

    @classmethod
    def of(cls, algorithms: Iterable[Algorithm]) -> Hasher:
        """A hasher of these algorithms alone; of none it only counts."""
        made = cls()
        made._hashes = {each: hashlib.new(each.value, usedforsecurity=False) for each in algorithms}
        return made

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """Adds the next bytes."""
        for each in self._hashes.values():
            each.update(data)
        self.size += len(data)

    def digests(self) -> dict[Algorithm, str]:
        """The digits of each algorithm, over all bytes so far."""
        return {algorithm: each.hexdigest() for algorithm, each in self._hashes.items()}


def compare(name: str, declared: Checksum | None, digests: dict[Algorithm, str]) -> Fault | None:
    """Returns the error for bytes that do not match the declared checksum, with both values."""
    if declared is None or digests[declared.algorithm] == declared.digits:
        return None
    actual = digests[declared.algorithm]
    return messages.CHECKSUM_MISMATCH(name=name, algorithm=declared.algorithm, actual=actual, expected=declared.digits)
