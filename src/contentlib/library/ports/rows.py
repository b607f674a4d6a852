"""Specifies what all rows with an identifier have in common."""

from __future__ import annotations

import errno
from typing import Protocol, TypeVar

Row = TypeVar("Row")


class ChangedWhileRead(OSError):
    """A reading transaction would mix two states of the rows. It can be repeated at once."""

    def __init__(self, table: str) -> None:
        super().__init__(errno.EBUSY, f"a row of {table} changed while it was read; try again")


class Rows(Protocol[Row]):
    """Rows with an identifier."""

    async def add(self, row: Row) -> None:
        """Adds a row; its identifier is new."""

    async def get(self, identifier: str) -> Row | None:
        """The row, or None."""

    async def put(self, row: Row) -> None:
        """Replaces the row of the same identifier."""

    async def remove(self, identifier: str) -> None:
        """Removes the row, and the rows that belong to it (a session's files, an item's tokens do not)."""
