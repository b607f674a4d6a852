"""Defines quotas: what a library or a user holds and may hold."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


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


class Reservation(msgspec.Struct, frozen=True):
    """Bytes of a quota that are reserved for a file of an update session until it ends."""

    file: str
    session: str
    library: str
    user: str
    bytes: int
