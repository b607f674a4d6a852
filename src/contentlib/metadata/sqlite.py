"""Stores metadata in SQLite: short statements run in the event loop, long ones and large results in threads.

Each reader has its own connection for the duration of `reading()` and sees committed rows. Writers share one connection and
take turns. Waiting writers are committed together, each in its own savepoint, and answered after that commit, because a commit
costs more than the statements in it. Durable commits run in a separate thread. Processes also take turns (`Generations`),
without blocking the event loop. What a transaction reads before it writes is what the database holds during its turn, whatever
readers remember.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from contentlib.library.threads import Threads
from contentlib.metadata import checkpoints
from contentlib.metadata.auditing import wall_clock
from contentlib.metadata.generations import Generations, TableGeneration
from contentlib.metadata.memory import Memory
from contentlib.metadata.principals import ACCESS_TABLES
from contentlib.metadata.sqlite_errors import as_os_error, raise_for
from contentlib.metadata.transaction import Reader, ReadingConnection, SqliteConnection, SqliteTransaction
from contentlib.metadata.turns import BUSY_SECONDS, Turn, Writer

_LONG = 2  # statements that run in threads at once
_PRAGMAS = ("journal_mode = WAL", "foreign_keys = ON", "synchronous = NORMAL", "cache_size = -16000")


class SqliteMetadata:
    """The metadata store on a SQLite file, which other processes may have open too. `now` dates the audit log."""

    def __init__(self, path: Path, now: Callable[[], int] = wall_clock, *, remembers: bool = True) -> None:
        self._path = path
        self._generations = Generations(path)
        self._memory = Memory(self._generations, remembers=remembers)
        self.access_generation = TableGeneration(self._generations, ACCESS_TABLES).now
        self.login_generation = TableGeneration(self._generations, ("logins",)).now
        self._threads = Threads(_LONG, "statement")
        self._idle: list[_Reading] = []
        self._closed = False
        try:
            raw = _connect(path, "busy_timeout = 0", *checkpoints.PRAGMAS)
            rows = SqliteTransaction(raw, self._memory, self._threads, SqliteConnection, now)
            self._writer = Writer(rows, self._memory, self._generations, path)
        except BaseException:
            self._forget_all()
            raise

    def transaction(self, *, durable: bool) -> Turn:
        """A transaction that may write."""
        return Turn(self._writer, durable)

    def reading(self) -> _Reading:
        """A transaction that only reads."""
        if self._idle:
            return self._idle.pop()
        raw = _connect(self._path, "query_only = ON")
        return _Reading(SqliteTransaction(raw, self._memory, self._threads, ReadingConnection), self._give_back)

    def _give_back(self, reading: _Reading, *, usable: bool) -> None:
        """Keeps a connection for the next reader, or closes it after an error."""
        if usable and not self._closed:
            self._idle.append(reading)
        else:
            reading.close()

    async def ping(self) -> None:
        """Returns when the file answers."""
        async with self.reading() as transaction:
            await transaction.state.get("")

    async def close(self) -> None:
        """Closes the file after pending commits."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        for reading in self._idle:
            reading.close()
        self._idle.clear()
        self._forget_all()

    def _forget_all(self) -> None:
        self._memory.close()
        self._generations.close()


class _Reading:
    """A transaction that only reads; after its end, the next one on the same connection."""

    __slots__ = ("_connection", "_give_back", "_rows")

    def __init__(self, rows: Reader, give_back: Callable[..., None]) -> None:
        self._rows = rows
        self._connection = rows.connection
        self._give_back = give_back

    async def __aenter__(self) -> Reader:
        self._connection.enter()
        return self._rows

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, sqlite3.Error):
            self._give_back(self, usable=False)
            raise_for(error)
        else:
            self._connection.leave()
            self._give_back(self, usable=True)

    def close(self) -> None:
        """Closes the connection."""
        self._rows.close()


def _connect(path: Path, *more: str) -> sqlite3.Connection:
    raw = None
    try:
        raw = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=512, check_same_thread=False)
        for pragma in (*_PRAGMAS, *more):
            raw.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        if raw is not None:
            raw.close()
        raise as_os_error(error) from error
    return raw
