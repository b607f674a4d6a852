"""The metadata store on SQLite: short statements in the event loop, long ones and many rows in threads, write-ahead log.

Readers have connections of their own, one as long as a `reading()` lasts, and see what is committed. Writers share one
connection and take turns on it. Those whose turns follow one another at once are committed together, each inside a savepoint
of its own, and each is answered after that commit: a commit costs more than the statements in it. Commits that reach for the
disk run in a thread of their own. Processes take turns too (`Generations`), and wait for theirs without holding up the loop.
What a transaction reads before it writes, it reads from the database under that turn, never from memory.
"""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect

from contentlib.library import ports
from contentlib.library.model import Item, Library
from contentlib.library.threads import Threads
from contentlib.metadata import checkpoints, items, libraries
from contentlib.metadata.access import LoginRows, StateRows, TokenRows, UserRows
from contentlib.metadata.ballast import Ballast
from contentlib.metadata.blobs import BlobRows
from contentlib.metadata.certificates import TrustedCertificateRows
from contentlib.metadata.deleted import DeletedRows
from contentlib.metadata.generations import Generations
from contentlib.metadata.items import ItemRows, VersionRows
from contentlib.metadata.libraries import LibraryRows
from contentlib.metadata.memory import Memory
from contentlib.metadata.offers import ArrivalRows, OfferRows
from contentlib.metadata.sessions import DownloadSessionRows, PreparationRows, UpdateFileRows, UpdateSessionRows
from contentlib.metadata.sqlite_errors import as_os_error, busy_error, is_broken, is_busy
from contentlib.metadata.statement import Kind, Statement
from contentlib.metadata.subscribers import SubscriberRows
from contentlib.metadata.tasks import TaskRows
from contentlib.metadata.usages import UsageRows

_BUSY_SECONDS = 30.0
_LONG = 2  # statements that run in threads at once
_MANY = 1000  # rows after which a statement goes on in a thread
_LONGEST_PAUSE = 0.05
_DIALECT = sqlite_dialect(paramstyle="named")
AnyConnection = TypeVar("AnyConnection", bound="SqliteConnection")
_PRAGMAS = ("journal_mode = WAL", "foreign_keys = ON", "synchronous = NORMAL", "cache_size = -16000")


class SqliteConnection:
    """Runs statements; only one that takes long suspends. It reads all rows from the database."""

    def __init__(self, cursor: sqlite3.Cursor, memory: Memory, threads: Threads) -> None:
        self._cursor = cursor
        self._memory = memory
        self._threads = threads
        self.written: set[str] = set()

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the answer."""
        sql, constants = statement.text(_DIALECT)
        given = {**constants, **values} if constants else values
        found = await self._threads.run(self._some, sql, given) if statement.long else self._some(sql, given)
        return found if len(found) < _MANY else found + await self._threads.run(self._cursor.fetchall)

    def _some(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """The first rows of the answer."""
        try:
            return self._cursor.execute(sql, values).fetchmany(_MANY)
        except UnicodeEncodeError:  # a text with half a character in it: no stored one can equal it
            return []

    async def row(self, statement: Statement, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of the answer."""
        found = await self.rows(statement, values)
        return found[0] if found else None

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """How many rows the statement changed. What it takes along from other tables, nobody reads by its key."""
        sql, constants = statement.text(_DIALECT)
        self.written.update(statement.writes)
        return self._cursor.execute(sql, {**constants, **values} if constants else values).rowcount

    def recall(self, kind: Kind, key: str) -> Any:
        """None: what is read before it is written must be the committed row, whatever this process remembers of it."""

    def value(self, kind: Kind, key: str, row: tuple[Any, ...]) -> Any:
        """The value that a row keeps; one that was made of an equal row before is as good."""
        return self._memory.value(kind, key, row)

    def remember(self, kind: Kind, key: str, value: Any) -> None:
        """Keeps nothing: the row may have been changed in this transaction."""


class ReadingConnection(SqliteConnection):
    """Runs statements that only read; its transaction begins with the first of them."""

    def __init__(self, cursor: sqlite3.Cursor, memory: Memory, threads: Threads) -> None:
        super().__init__(cursor, memory, threads)
        self._begun = False
        self._epoch = -1
        self._recalled: list[tuple[Kind, str, Any]] = []

    def enter(self) -> None:
        """A transaction begins, which reads one state of all rows."""
        self._epoch = self._memory.begin()

    def leave(self) -> None:
        """A transaction ends."""
        self._recalled.clear()
        if self._begun:
            self._begun = False
            self._cursor.execute("COMMIT")

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the answer."""
        if not self._begun:
            self._begin()
            if self._recalled and not self._memory.is_now(self._epoch):
                await self._check_recalled()
        return await super().rows(statement, values)

    def _begin(self) -> None:
        self._cursor.execute("BEGIN")
        self._begun = True
        if self._recalled or self._memory.is_beside_others():
            self._some("SELECT 1 FROM sqlite_schema LIMIT 1", {})  # the first statement chooses the state, not BEGIN

    def recall(self, kind: Kind, key: str) -> Any:
        """The value that was read by a key in this state of all rows, or None."""
        if not self._begun and self._memory.is_beside_others():
            self._begin()
        value = self._memory.recall(self._epoch, kind.table, key)
        if value is not None and not self._begun:
            self._recalled.append((kind, key, value))
        return value

    def remember(self, kind: Kind, key: str, value: Any) -> None:
        """Keeps a value that was read by a key, until its table changes."""
        self._memory.remember(self._epoch, kind.table, key, value)

    async def _check_recalled(self) -> None:
        """Makes sure that what was recalled before the first statement is so in the state that this one sees.

        Another process has committed in between, the first time for long: else the state had been chosen before anything was
        recalled. If it has changed one of these rows, the call is told to try again: it has acted on a row of one state and
        would go on with those of the next.
        """
        for kind, key, value in self._recalled:
            row = await self.row(kind.get, {"key": key})
            if row is None or kind.codec.value(row) != value:
                raise OSError(errno.EBUSY, f"a row of {kind.table} changed while it was read; try again")


class SqliteTransaction(Generic[AnyConnection]):
    """All rows of one connection, of a kind."""

    def __init__(self, raw: sqlite3.Connection, memory: Memory, threads: Threads, kind: type[AnyConnection]) -> None:
        self.raw = raw
        self._cursor = raw.cursor()
        self.connection = connection = kind(self._cursor, memory, threads)
        self.libraries: ports.LibraryRows = LibraryRows(connection)
        self.items: ports.ItemRows = ItemRows(connection)
        self.deleted_libraries: ports.DeletedRows[Library] = DeletedRows(connection, libraries.DELETED)
        self.deleted_items: ports.DeletedRows[Item] = DeletedRows(connection, items.DELETED)
        self.offers: ports.OfferRows = OfferRows(connection)
        self.arrivals: ports.ArrivalRows = ArrivalRows(connection)
        self.versions: ports.VersionRows = VersionRows(connection)
        self.update_sessions: ports.UpdateSessionRows = UpdateSessionRows(connection)
        self.update_files: ports.UpdateFileRows = UpdateFileRows(connection)
        self.download_sessions: ports.DownloadSessionRows = DownloadSessionRows(connection)
        self.preparations: ports.PreparationRows = PreparationRows(connection)
        self.blobs: ports.BlobRows = BlobRows(connection)
        self.usages: ports.UsageRows = UsageRows(connection)
        self.trusted_certificates: ports.TrustedCertificateRows = TrustedCertificateRows(connection)
        self.subscribers: ports.SubscriberRows = SubscriberRows(connection)
        self.tokens: ports.TokenRows = TokenRows(connection)
        self.tasks: ports.TaskRows = TaskRows(connection)
        self.logins: ports.LoginRows = LoginRows(connection)
        self.users: ports.UserRows = UserRows(connection)
        self.state: ports.StateRows = StateRows(connection)

    def close(self) -> None:
        """Closes the connection; a statement that failed would hold it open."""
        self._cursor.close()
        self.raw.close()


Reader = SqliteTransaction[ReadingConnection]
Writing = SqliteTransaction[SqliteConnection]


class SqliteMetadata:
    """The metadata store on a SQLite file, which other processes may have open too."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._generations = Generations(path)
        self._memory = Memory(self._generations)
        self._threads = Threads(_LONG, "statement")
        self._readers: list[Reader] = []
        self._closed = False
        try:
            raw = _connect(path, "busy_timeout = 0", *checkpoints.PRAGMAS)
            self._writer = _Writer(raw, self._memory, self._threads, self._generations, path)
        except BaseException:
            self._forget_all()
            raise

    def transaction(self, *, durable: bool) -> _Turn:
        """A transaction that may write."""
        return _Turn(self._writer, durable)

    def reading(self) -> _Reading:
        """A transaction that only reads."""
        return _Reading(self)

    def take_reader(self) -> Reader:
        """A connection that nobody reads on."""
        if self._readers:
            return self._readers.pop()
        return SqliteTransaction(_connect(self._path, "query_only = ON"), self._memory, self._threads, ReadingConnection)

    def give_back(self, reader: Reader, *, usable: bool) -> None:
        """Takes a reader back, or closes one that had an error."""
        if usable and not self._closed:
            self._readers.append(reader)
        else:
            reader.close()

    async def ping(self) -> None:
        """Returns when the file answers."""
        async with self.reading() as transaction:
            await transaction.state.get("")

    async def close(self) -> None:
        """Closes the file, after the commits that somebody is waiting for."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        for reader in self._readers:
            reader.close()
        self._readers.clear()
        self._forget_all()

    def _forget_all(self) -> None:
        self._memory.close()
        self._generations.close()


class _Reading:
    """A transaction that only reads."""

    __slots__ = ("_reader", "_store")

    def __init__(self, store: SqliteMetadata) -> None:
        self._store = store

    async def __aenter__(self) -> Reader:
        try:
            self._reader = self._store.take_reader()
            self._reader.connection.enter()
        except sqlite3.Error as error:
            raise as_os_error(error) from error
        return self._reader

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        usable = not isinstance(error, sqlite3.Error)
        if usable:
            self._reader.connection.leave()
        self._store.give_back(self._reader, usable=usable)
        _raise_for(error)


class _Batch:
    """Transactions that are committed together."""

    def __init__(self, durable: bool) -> None:
        self.durable = durable
        self._waiting: list[asyncio.Future[None]] = []

    async def committed(self) -> None:
        """Returns when the batch is committed; raises what went wrong."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def end(self, error: sqlite3.Error | None) -> None:
        """Answers all who wait."""
        for each in self._waiting:
            if each.done():  # its task was cancelled
                continue
            if error is None:
                each.set_result(None)
            else:
                each.set_exception(as_os_error(error))


class _Writer:
    """The connection that writes, the turns on it, and the batch that is open on it."""

    def __init__(self, raw: sqlite3.Connection, memory: Memory, threads: Threads, generations: Generations, path: Path) -> None:
        self.raw = raw
        self.rows = SqliteTransaction(raw, memory, threads, SqliteConnection)
        self._generations = generations
        self._ballast = Ballast(path)
        self._memory = memory
        self._turn = asyncio.Lock()
        self._checkpoints = checkpoints.Checkpoints(path, self._turn, self._ballast)
        self._owner: asyncio.Task[Any] | None = None
        self._batch: _Batch | None = None
        self._durable = False
        self._closing: set[asyncio.Task[None]] = set()
        self._committing = ThreadPoolExecutor(1, "commit")  # its own: no commit waits for threads that read large files

    async def enter(self, durable: bool) -> _Batch:
        """Waits for a turn and begins a savepoint in a batch that is durable enough."""
        task = asyncio.current_task()
        if self._owner is task:
            raise RuntimeError("a transaction was begun inside a transaction of the same task, which would wait for ever")
        await self._turn.acquire()
        try:
            batch = await self._join(durable)
            self.raw.execute("SAVEPOINT turn")
        except BaseException:
            self._turn.release()
            raise
        self._owner = task
        return batch

    def leave(self, error: BaseException | None) -> None:
        """Ends the savepoint and the turn; where SQLite has undone the whole batch, all who wait for it are told why."""
        self._owner = None
        try:
            if error is not None and self.raw.in_transaction:
                self.raw.execute("ROLLBACK TO turn")
            if error is None or self.raw.in_transaction:
                self.raw.execute("RELEASE turn")
            elif isinstance(error, sqlite3.Error):  # a full disk, or a broken one
                self._lose(error)
        except sqlite3.Error as failure:
            self._lose(failure)
            raise
        finally:
            self._turn.release()

    async def close(self) -> None:
        """Commits what is open and closes the connection."""
        async with self._turn:
            if self._batch is not None:
                self._end(self._batch, self._commit_here())
        await self._checkpoints.close()
        self.rows.close()
        self._committing.shutdown(wait=False)

    async def _join(self, durable: bool) -> _Batch:
        if self._batch is not None:
            if self._batch.durable or not durable:
                return self._batch
            self._end(self._batch, await self._commit_batch(self._batch))
        if durable is not self._durable:
            self.raw.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        await self._begin()
        self._batch = _Batch(durable)
        closing = asyncio.create_task(self._close(self._batch))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return self._batch

    async def _begin(self) -> None:
        deadline = time.monotonic() + _BUSY_SECONDS
        pause = 0.0005
        while not self._begun():
            if time.monotonic() > deadline:
                raise OSError(errno.EBUSY, "the database is locked by another process")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _begun(self) -> bool:
        """Whether the turn among processes was taken, and the transaction begun."""
        if not self._generations.take_turn():
            return False
        try:
            if self._generations.suspect:
                self._renew_log()
            self.raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            self._generations.end_turn()
            if not is_busy(error):  # by a program that takes no turns, such as SQLite's shell, or by readers of the log
                raise
            return False
        return True

    def _renew_log(self) -> None:
        """Copies the log into the database and begins it anew, before anything else is called durable."""
        busy = self.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise busy_error("readers are at work on the log")
        self._generations.suspect = False

    def _note(self, error: sqlite3.Error) -> None:
        if is_broken(error):
            self._generations.suspect = True

    async def _close(self, batch: _Batch) -> None:
        async with self._turn:  # turns are in order: all who waited before this have joined
            if self._batch is batch:
                self._end(batch, await self._commit_batch(batch))

    async def _commit_batch(self, batch: _Batch) -> sqlite3.Error | None:
        """Commits, in a thread where that may wait for the disk: also the first commit to a log that begins anew does."""
        aside = batch.durable or self._checkpoints.complete or self._memory.is_beside_others()  # they begin it anew too
        error = await self._commit_aside() if aside else self._commit_here()
        self._checkpoints.committed()
        return error

    async def _commit_aside(self) -> sqlite3.Error | None:
        return await asyncio.get_running_loop().run_in_executor(self._committing, self._commit_here)

    def _commit_here(self) -> sqlite3.Error | None:
        """Commits and ends the turn among processes; they know of it before anybody is answered."""
        written = self.rows.connection.written
        self._generations.changing(written)
        try:
            return self._commit()
        finally:
            self._generations.changed(written)
            self._end_turn()

    def _commit(self) -> sqlite3.Error | None:
        self._ballast.ease()
        try:
            self.raw.execute("COMMIT")
        except sqlite3.Error as error:
            self._note(error)
            if self.raw.in_transaction:  # a full disk: SQLite leaves the transaction open
                with suppress(sqlite3.Error):  # those who wait are answered, whatever becomes of the connection
                    self.raw.execute("ROLLBACK")
            return error
        return None

    def _lose(self, error: sqlite3.Error) -> None:
        if self._batch is None:
            return
        self._note(error)
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")
        self._end_turn()
        self._end(self._batch, error)

    def _end_turn(self) -> None:
        self.rows.connection.written.clear()
        self._generations.end_turn()

    def _end(self, batch: _Batch, error: sqlite3.Error | None) -> None:
        self._batch = None
        batch.end(error)


class _Turn:
    """A transaction that may write."""

    __slots__ = ("_batch", "_durable", "_writer")

    def __init__(self, writer: _Writer, durable: bool) -> None:
        self._writer = writer
        self._durable = durable

    async def __aenter__(self) -> Writing:
        try:
            self._batch = await self._writer.enter(self._durable)
        except sqlite3.Error as error:
            raise as_os_error(error) from error
        return self._writer.rows

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self._writer.leave(error)
        except sqlite3.Error as failure:
            raise as_os_error(failure) from failure
        _raise_for(error)
        if error is None:
            await self._batch.committed()


def _raise_for(error: BaseException | None) -> None:
    if isinstance(error, sqlite3.Error) and (told := as_os_error(error)) is not error:
        raise told from error


def _connect(path: Path, *more: str) -> sqlite3.Connection:
    raw = None
    try:
        raw = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, cached_statements=512, check_same_thread=False)
        for pragma in (*_PRAGMAS, *more):
            raw.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        if raw is not None:
            raw.close()
        raise as_os_error(error) from error
    return raw
