"""The metadata store on SQLite: one connection a process, short statements in the event loop, write-ahead log.

Writers exclude one another: in the process by a lock, between processes by `BEGIN IMMEDIATE`. No transaction is suspended
except for that lock, so a reader in the same process never sees a half-done one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from contentlib.metadata.access import LoginRows, StateRows, TokenRows, UserRows
from contentlib.metadata.blobs import BlobRows
from contentlib.metadata.items import ItemRows, VersionRows
from contentlib.metadata.libraries import LibraryRows
from contentlib.metadata.sessions import DownloadSessionRows, PreparationRows, UpdateFileRows, UpdateSessionRows
from contentlib.metadata.statement import Statement

_BUSY_SECONDS = 30.0
_DIALECT = sqlite_dialect(paramstyle="named")


class SqliteConnection:
    """Runs statements; nothing here suspends."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the answer."""
        sql, constants = statement.text(_DIALECT)
        return self._raw.execute(sql, {**constants, **values} if constants else values).fetchall()

    async def row(self, statement: Statement, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of the answer."""
        sql, constants = statement.text(_DIALECT)
        found: tuple[Any, ...] | None = self._raw.execute(sql, {**constants, **values} if constants else values).fetchone()
        return found

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """How many rows the statement changed."""
        sql, constants = statement.text(_DIALECT)
        return self._raw.execute(sql, {**constants, **values} if constants else values).rowcount


class SqliteTransaction:
    """All rows of one connection."""

    def __init__(self, connection: SqliteConnection) -> None:
        self.libraries = LibraryRows(connection)
        self.items = ItemRows(connection)
        self.versions = VersionRows(connection)
        self.update_sessions = UpdateSessionRows(connection)
        self.update_files = UpdateFileRows(connection)
        self.download_sessions = DownloadSessionRows(connection)
        self.preparations = PreparationRows(connection)
        self.blobs = BlobRows(connection)
        self.tokens = TokenRows(connection)
        self.logins = LoginRows(connection)
        self.users = UserRows(connection)
        self.state = StateRows(connection)


class SqliteMetadata:
    """The metadata store on a SQLite file."""

    def __init__(self, path: Path) -> None:
        self._raw = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, cached_statements=512)
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = NORMAL", "cache_size = -16000"):
            self._raw.execute(f"PRAGMA {pragma}")
        self._rows = SqliteTransaction(SqliteConnection(self._raw))
        self._lock = asyncio.Lock()
        self._durable = False

    @asynccontextmanager
    async def transaction(self, *, durable: bool) -> AsyncIterator[SqliteTransaction]:
        """A transaction that may write."""
        async with self._lock:
            if durable is not self._durable:
                self._raw.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._durable = durable
            self._raw.execute("BEGIN IMMEDIATE")
            try:
                yield self._rows
            except BaseException:
                self._raw.execute("ROLLBACK")
                raise
            self._commit()

    def _commit(self) -> None:
        try:
            self._raw.execute("COMMIT")
        except sqlite3.Error:
            if self._raw.in_transaction:  # a full disk: SQLite leaves the transaction open
                self._raw.execute("ROLLBACK")
            raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[SqliteTransaction]:
        """A transaction that only reads."""
        self._raw.execute("BEGIN")
        try:
            yield self._rows
        finally:
            self._raw.execute("COMMIT")

    async def ping(self) -> None:
        """Returns when the file answers."""
        try:
            self._raw.execute("SELECT 1 FROM state LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise OSError(f"the database does not answer: {error}") from error

    async def close(self) -> None:
        """Closes the file."""
        self._raw.close()
