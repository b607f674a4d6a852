"""Rows that were read by their key, remembered until their table is written to, where no other process writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_MOST = 20_000


class Memory:
    """What readers have seen of each table since the last commit that wrote to it.

    A reader has the `epoch` in which it began. It is given what is remembered, and may add to it, only while that lasts:
    later it would see a state that is not its own. During a commit, which may run in a thread, nothing is remembered.
    """

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone
        self._tables: dict[str, dict[str, Any]] = {}
        self.epoch = 0 if alone else -1

    def recall(self, epoch: int, table: str, key: str) -> Any:
        """The row, or None where it is not remembered."""
        rows = self._tables.get(table)
        return None if rows is None or epoch != self.epoch else rows.get(key)

    def remember(self, epoch: int, table: str, key: str, row: Any) -> None:
        """Keeps a row that a reader of that epoch has read."""
        if epoch == self.epoch and epoch >= 0:
            rows = self._tables.setdefault(table, {})
            if len(rows) >= _MOST:
                rows.clear()
            rows[key] = row

    def forget(self, tables: Iterable[str]) -> int:
        """A commit begins that writes to tables; answers the epoch that `resume` is told when it has ended."""
        for table in tables:
            self._tables.pop(table, None)
        following, self.epoch = self.epoch + 1, -1
        return following

    def resume(self, epoch: int) -> None:
        """The commit has ended."""
        self.epoch = epoch if self._alone else -1
