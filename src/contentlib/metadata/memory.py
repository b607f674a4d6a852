"""Caches rows that were read by key until any process changes their table."""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from contentlib.metadata.generations import SLOTS, slot_of
from contentlib.metadata.statement import RowKind

_MOST = 20_000
_BESIDE_SECONDS = 1.0
_CLOSED = memoryview(array("Q", [2**64 - 1] * SLOTS))  # odd, and no epoch: nothing is kept or recalled


class Counted(Protocol):
    """The counters of a database and of each table in it."""

    counters: memoryview
    own: int
    """What the database's counter was after the last commit that was made through this object."""


class _Table:
    """The remembered rows of a table, all of one generation."""

    __slots__ = ("generation", "made", "rows", "slot")

    def __init__(self, name: str) -> None:
        self.slot = slot_of(name)
        self.generation = -1
        self.rows: dict[str, Any] = {}
        self.made: dict[str, tuple[tuple[Any, ...], Any]] = {}


class Memory:
    """Caches rows of each table since the last commit of any process that changed it.

    A reader has the `epoch` in which it started, the generation of the database. It can only use and extend the cache during
    this epoch, because a later cache belongs to another state. During a commit, the cache is neither used nor extended. Writers
    do not use it: they keep the rows that they have read under the lock of the database. A command reads each row once, and
    the server changes rows at any moment, so a command's cache `remembers` nothing.
    """

    def __init__(self, generations: Counted, *, remembers: bool = True) -> None:
        self._generations = generations
        self._counters = generations.counters if remembers else _CLOSED
        self._seen = self._counters[0]
        self._beside_until = 0.0
        self._committing = 0
        self._tables: dict[str, _Table] = {}

    def begin(self) -> int:
        """The epoch of a reader that begins; -1 while a commit is under way."""
        generation = self._counters[0]
        if generation != self._seen:
            self._seen = generation
            if generation != self._generations.own:  # while this process commits, too: its readers are as careful then
                self._beside_until = time.monotonic() + _BESIDE_SECONDS
        return -1 if generation & 1 else generation

    def is_beside_others(self) -> bool:
        """Whether another process has committed lately, and so may at any moment."""
        if self._beside_until and time.monotonic() >= self._beside_until:
            self._beside_until = 0.0
        return self._beside_until > 0.0

    @contextmanager
    def committing(self) -> Iterator[None]:
        """This process commits in another thread."""
        self._committing += 1
        try:
            yield
        finally:
            self._committing -= 1

    def may_change_now(self) -> bool:
        """Whether a commit of another thread or process may happen between two reads of a transaction."""
        return self._committing > 0 or (self._beside_until > 0.0 and self.is_beside_others())

    def is_now(self, epoch: int) -> bool:
        """Whether nothing was committed since the epoch began."""
        return self._counters[0] == epoch

    def recall(self, epoch: int, table: str, key: str) -> Any:
        """The row, or None where it is not remembered."""
        known = self._tables.get(table)
        if known is None or self._counters[0] != epoch or self._counters[known.slot] != known.generation:
            return None
        return known.rows.get(key)

    def remember(self, epoch: int, table: str, key: str, row: Any) -> None:
        """Keeps a row that a reader of that epoch has read."""
        known = self._table(table)
        generation = self._counters[known.slot]
        if self._counters[0] != epoch:
            return
        if generation != known.generation or len(known.rows) >= _MOST:
            known.rows.clear()
            known.generation = generation
        known.rows[key] = row

    def value(self, kind: RowKind, key: str, row: tuple[Any, ...]) -> Any:
        """The value of a row that was just read; made anew only when the row is not the one that it was made of last."""
        made = self._table(kind.table).made
        found = made.get(key)
        if found is not None and found[0] == row:
            return found[1]
        value = kind.codec.value(row)
        if len(made) >= _MOST:
            made.clear()
        made[key] = (row, value)
        return value

    def close(self) -> None:
        """Remembers nothing any more."""
        self._counters, self._tables = _CLOSED, {}

    def _table(self, name: str) -> _Table:
        known = self._tables.get(name)
        if known is None:
            known = self._tables[name] = _Table(name)
        return known
