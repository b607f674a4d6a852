"""Defines quotas: what a library or a user holds and may hold."""

from __future__ import annotations

import enum
from typing import NamedTuple

import msgspec


class FillLevel(enum.StrEnum):
    """How full a quota is: NORMAL, WARNING from 80 %, CRITICAL from 95 %, FULL."""

    NORMAL = "NORMAL"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"
    FULL = "FULL"


_LEVELS = ((100, FillLevel.FULL), (95, FillLevel.CRITICAL), (80, FillLevel.WARNING))


def library_owner(library: str) -> str:
    """The owner of a library's quota."""
    return f"library:{library}"


def user_owner(user: str) -> str:
    """The owner of a user's quota."""
    return f"user:{user}"


class HeldAmount(NamedTuple):
    """Bytes of kept files, items, and bytes that are reserved for running uploads."""

    bytes: int = 0
    items: int = 0
    reserved: int = 0


class Quota(msgspec.Struct, frozen=True):
    """What the `owner`, a library or a user, holds, and its limits; None is unlimited."""

    owner: str
    bytes: int = 0
    items: int = 0
    reserved: int = 0
    most_bytes: int | None = None
    most_items: int | None = None

    @property
    def held(self) -> HeldAmount:
        """What it holds."""
        return HeldAmount(self.bytes, self.items, self.reserved)

    @property
    def level(self) -> FillLevel:
        """How full the fuller one of its limits is. Reserved bytes count."""
        uses = ((self.bytes + self.reserved, self.most_bytes), (self.items, self.most_items))
        for percent, level in _LEVELS:
            if any(most is not None and used * 100 >= most * percent for used, most in uses):
                return level
        return FillLevel.NORMAL


class Reservation(msgspec.Struct, frozen=True):
    """Bytes of a quota that are reserved for a file of an update session until it ends."""

    file: str
    session: str
    library: str
    user: str
    bytes: int
