"""Reads the rows of a SQLite database that servers may be using, and keeps their writers off for the last part."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Any

from contentlib.metadata import migrate
from contentlib.metadata.generations import Generations
from contentlib.metadata.moves.ranges import ROWS, Key, MovedTable, Range
from contentlib.metadata.sqlite_errors import as_os_error
from contentlib.metadata.turns import BUSY_SECONDS

_PAUSE_SECONDS = 0.005
_MAPPED_BYTES = 1 << 40
_SERVER_GUID = "server_guid"


class SourceDatabase:
    """A SQLite database with the tables of this version. Only `mark` changes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._generations = Generations(path)
        self._digests, self._rows, self._writer = (_connect(path) for _ in range(3))
        for reading in (self._digests, self._rows):
            reading.execute("PRAGMA query_only = ON")
            reading.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")  # rows in the order of a key are all over the file

    def close(self) -> None:
        """Closes the database."""
        for each in (self._digests, self._rows, self._writer):
            each.close()
        self._generations.close()

    def server(self) -> str:
        """The identifier of the server that has the database."""
        row = self._rows.execute("SELECT value FROM state WHERE key = ?", (_SERVER_GUID,)).fetchone()
        if row is None:
            raise RuntimeError(f"database {self.path} is not initialized; there is nothing to move")
        return str(row[0])

    @property
    def is_moved(self) -> bool:
        """Whether it bears the mark that its rows were moved."""
        return migrate.moved_to(self._rows) is not None

    def count(self, table: MovedTable) -> int:
        """The number of rows of a table."""
        return int(self._rows.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])  # noqa: S608 - names of this program

    def next_range(self, table: MovedTable, after: Key | None) -> Range:
        """The next rows after a key, or after none; the last range has no upper limit."""
        limits = Range(after, None, 0, b"")
        sql = (
            f"SELECT {table.by_key}, {table.as_text} FROM {table.name} "  # noqa: S608 - names of this program
            f"WHERE {table.within(limits, repeat('?'))} ORDER BY {table.by_key} LIMIT {ROWS}"
        )
        digest, count, row = hashlib.sha256(), 0, None
        with _told(table):
            for row in self._digests.execute(sql, limits.limits):
                digest.update(hashlib.sha256(row[-1].encode()).digest())
                count += 1
        until = None if row is None or count < ROWS else row[:-1]
        return Range(after, until, count, digest.digest())

    def rows(self, table: MovedTable, limits: Range) -> Iterator[tuple[Any, ...]]:
        """The rows of a range, as PostgreSQL takes them."""
        condition = table.within(limits, repeat("?"))
        sql = f"SELECT {', '.join(table.columns)} FROM {table.name} WHERE {condition}"  # noqa: S608 - names of this program
        with _told(table):
            for row in self._rows.execute(sql, limits.limits):
                yield _with_booleans(row, table.booleans) if table.booleans else row

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Refuses changes by all other processes until the block ends, or this process does."""
        with self._generations.closed():
            self._take_turn()
            self._generations.moving = True  # again: a writer whose turn came before may have found nothing to refuse
            try:
                with _told(None):
                    self._writer.execute("BEGIN IMMEDIATE")  # keeps off programs that take no turns
                yield
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                self._generations.end_turn()

    def _take_turn(self) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        while not self._generations.take_turn():
            if time.monotonic() > deadline:
                raise RuntimeError(f"database {self.path} is locked by another process; end it and start the command again")
            time.sleep(_PAUSE_SECONDS)

    def mark(self, place: str) -> None:
        """Marks the database as moved to a place, while it is closed. No server starts on it or changes it from then on."""
        with _told(None):
            migrate.mark_moved(self._writer, place)
            self._commit()

    def unmark(self) -> None:
        """Removes the mark, while the database is closed."""
        with _told(None):
            migrate.unmark_moved(self._writer)
            self._commit()

    def _commit(self) -> None:
        self._generations.changing(("state",))
        try:
            self._writer.execute("COMMIT")
        finally:
            self._generations.changed(("state",))


def _connect(path: Path) -> sqlite3.Connection:
    with _told(None):
        raw = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA cache_size = -16000")
    return raw


def _with_booleans(row: tuple[Any, ...], places: tuple[int, ...]) -> tuple[Any, ...]:
    changed = list(row)
    for place in places:
        if changed[place] is not None:
            changed[place] = bool(changed[place])
    return tuple(changed)


@contextmanager
def _told(table: MovedTable | None) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        where = "" if table is None else f" (table {table.name})"
        told = as_os_error(error)
        if told is not error:
            raise told from error
        raise RuntimeError(f"cannot read the database{where}: {error}") from error
