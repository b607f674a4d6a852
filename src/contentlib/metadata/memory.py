"""Rows that were read by their key, remembered until their table is written to, while no other process writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contentlib.metadata.guests import Guests

_MOST = 20_000


class Memory:
    """What readers have seen of each table since the last commit that wrote to it.

    A reader has the `epoch` in which it began. It is given what is remembered, and may add to it, only while that lasts:
    later it would see a state that is not its own. During a commit, which may run in a thread, nothing is remembered, nor while
    there are guests. Where `guests` is None other processes write all the time.
    """

    def __init__(self, guests: Guests | None) -> None:
        self._guests = guests
        self._tables: dict[str, dict[str, Any]] = {}
        self._epoch = -1 if guests is None else 0

    def begin(self) -> int:
        """The epoch of a transaction that begins; -1 where it is given nothing."""
        if self._guests is not None and self._guests.came():
            if not self._guests.are_gone():
                return -1
            self._drop()
        return self._epoch

    def _drop(self) -> None:
        """What was remembered before the guests came may not be so any more."""
        self._tables.clear()
        if self._epoch >= 0:  # else a commit is about to begin another one
            self._epoch += 1

    def recall(self, epoch: int, table: str, key: str) -> Any:
        """The row, or None where it is not remembered."""
        rows = self._tables.get(table)
        return None if rows is None or epoch != self._epoch else rows.get(key)

    def remember(self, epoch: int, table: str, key: str, row: Any) -> None:
        """Keeps a row that a reader of that epoch has read."""
        if epoch == self._epoch and epoch >= 0:
            rows = self._tables.setdefault(table, {})
            if len(rows) >= _MOST:
                rows.clear()
            rows[key] = row

    def forget(self, tables: Iterable[str]) -> int:
        """A commit begins that writes to tables; answers the epoch that `resume` is told when it has ended."""
        for table in tables:
            self._tables.pop(table, None)
        following, self._epoch = self._epoch + 1, -1
        return following

    def resume(self, epoch: int) -> None:
        """The commit has ended."""
        self._epoch = -1 if self._guests is None else epoch

    def close(self) -> None:
        """Remembers nothing any more."""
        if self._guests is not None:
            self._guests.close()
        self._guests, self._epoch = None, -1
