"""Specifies rows of libraries and items in the trash."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import Deleted
from contentlib.library.ports.rows import Row


class DeletedRows(Protocol[Row]):
    """Libraries or items in the trash; for all other rows they are not there, nor is an item whose library is deleted.

    They keep everything that belongs to them. The name of one is free for others.
    """

    async def add(self, identifier: str, user: str, now: int, until: int) -> None:
        """Moves a row to the trash, if it exists, with one change regardless of what belongs to it."""

    async def get(self, identifier: str) -> Deleted[Row] | None:
        """The row, or None; one that is overdue, too."""

    async def all(self, now: int) -> list[Deleted[Row]]:
        """The rows that are not overdue, in the order in which they were deleted."""

    async def overdue(self, now: int, most: int) -> list[str]:
        """The identifiers of some rows whose time is over."""

    async def hasten(self, identifier: str, now: int) -> None:
        """Ends a row's time."""

    async def put(self, row: Row) -> None:
        """Replaces the row of the same identifier, which stays in the trash."""

    async def restore(self, row: Row) -> None:
        """Brings back the row of the same identifier, as it is given."""
