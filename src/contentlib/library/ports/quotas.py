"""Specifies rows of quotas."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import HeldAmount, Quota, Reservation


class QuotaRows(Protocol):
    """What libraries and users hold, and their limits.

    The store itself keeps what is held exact, in the transaction that changes items, versions or reservations. An item counts
    for its library and for the user who created it, until it is removed, also in the trash. A blob counts once for each item
    with a kept version that has it, for the library and for the user of the file, until the last such version is removed or let
    go. Empty users have no quota.
    """

    async def get(self, owner: str) -> Quota:
        """The quota of an owner; one without limits that holds nothing if there is none."""

    async def of(self, first: str, second: str) -> list[Quota]:
        """The quotas of two owners, in this order, as `get` finds each."""

    async def all(self) -> list[Quota]:
        """All quotas of owners that hold something or have limits."""

    async def limit(self, owner: str, most_bytes: int | None, most_items: int | None) -> None:
        """Sets the limits of an owner."""

    async def reserve(self, reservation: Reservation) -> None:
        """Reserves bytes for a file, or changes its reservation.

        It ends when the file is removed or replaced, or when its session is no longer ACTIVE or is removed.
        """

    async def reserved(self, file: str) -> int:
        """The bytes that are reserved for a file."""

    async def sums(self) -> dict[str, HeldAmount]:
        """Computes from all rows what each owner holds; owners that hold nothing are left out. Takes long."""

    async def correct(self, owner: str, held: HeldAmount) -> None:
        """Replaces what an owner holds by a computed value."""
