"""Serializes the writers on one SQLite connection, and commits waiting ones together."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from contentlib.metadata import checkpoints
from contentlib.metadata.ballast import Ballast
from contentlib.metadata.batches import Batch
from contentlib.metadata.generations import Generations
from contentlib.metadata.memory import Memory
from contentlib.metadata.migrate import moved_to
from contentlib.metadata.process_turns import ProcessTurns
from contentlib.metadata.sqlite_errors import as_os_error, busy_error, is_broken, is_busy, raise_for
from contentlib.metadata.transaction import Writing

BUSY_SECONDS = 30.0
_LONGEST_PAUSE = 0.05


class Writer:
    """The connection that writes, the turns on it, and the batch that is open on it."""

    def __init__(self, rows: Writing, memory: Memory, generations: Generations, path: Path) -> None:
        self.raw = rows.raw
        self.rows = rows
        self._generations = generations
        self._among_processes = ProcessTurns(generations)
        self._ballast = Ballast(path)
        self._memory = memory
        self._turn = asyncio.Lock()
        self._checkpoints = checkpoints.Checkpoints(path, self._turn, self._ballast)
        self._owner: asyncio.Task[Any] | None = None
        self._batch: Batch | None = None
        self._durable = False
        self._closing: set[asyncio.Task[None]] = set()
        self._committing = ThreadPoolExecutor(1, "commit")  # its own: no commit waits for threads that read large files

    async def enter(self, durable: bool) -> Batch:
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

    async def end(self, error: BaseException | None) -> None:
        """Ends the turn, with its audit entry if it did not fail."""
        try:
            if error is None:
                await self.rows.audited.end()
        except BaseException as failure:
            self.leave(failure)
            raise
        self.leave(error)

    def leave(self, error: BaseException | None) -> None:
        """Ends the savepoint and the turn. If SQLite has undone the whole batch, all waiting callers receive the error."""
        self._owner = None
        try:
            if error is not None:
                self.rows.audited.undo()
                if self.raw.in_transaction:
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
        """Commits the open batch and closes the connection."""
        async with self._turn:
            if self._batch is not None:
                self._end(self._batch, await self._settle() or self._commit_here())
        await self._checkpoints.close()
        self._among_processes.close()
        self.rows.close()
        self._committing.shutdown(wait=False)

    async def _join(self, durable: bool) -> Batch:
        if self._batch is not None:
            if self._batch.durable or not durable:
                return self._batch
            self._end(self._batch, await self._commit_batch(self._batch))
        if durable is not self._durable:
            self.raw.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        await self._begin()
        self._batch = Batch(durable)
        closing = asyncio.create_task(self._close(self._batch))
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return self._batch

    async def _begin(self) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        pause = 0.0005
        await self._among_processes.take(BUSY_SECONDS)
        while (error := self._begun()) is not None:
            if time.monotonic() > deadline:
                raise OSError(errno.EBUSY, "the database is locked by another process") from error
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            await self._among_processes.take(max(deadline - time.monotonic(), 0.0))

    def _begun(self) -> sqlite3.Error | None:
        """Begins the transaction in the turn among processes; on an error the turn ends, and one that may pass is returned."""
        try:
            if self._generations.suspect:
                self._renew_log()
            self.raw.execute("BEGIN IMMEDIATE")
            if self._generations.moving:
                self._check_moved()
            if self.rows.connection.begun():
                self.rows.audited.forget_head()
        except sqlite3.Error as error:
            self._generations.end_turn()
            if not is_busy(error):  # by a program that takes no turns, such as SQLite's shell, or by readers of the log
                raise
            return error
        return None

    def _check_moved(self) -> None:
        """Raises OSError if the rows have been moved to another database, where they may have changed since."""
        moved = moved_to(self.raw)
        if moved is not None:
            self.raw.execute("ROLLBACK")
            self._generations.end_turn()
            raise OSError(errno.EROFS, f"the database was moved to {moved}; use the server there")
        self._generations.moving = False

    def _renew_log(self) -> None:
        """Copies the log into the database and begins it anew, before anything else is called durable."""
        busy = self.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise busy_error("readers are at work on the log")
        self._generations.suspect = False

    def _note(self, error: sqlite3.Error) -> None:
        if is_broken(error):
            self._generations.suspect = True

    async def _close(self, batch: Batch) -> None:
        async with self._turn:  # turns are in order: all who waited before this have joined
            if self._batch is batch:
                self._end(batch, await self._commit_batch(batch))

    async def _commit_batch(self, batch: Batch) -> sqlite3.Error | None:
        """Commits, in a thread where that may wait for the disk: also the first commit to a log that begins anew does."""
        if (failure := await self._settle()) is not None:
            return failure
        aside = batch.durable or self._checkpoints.complete or self._memory.is_beside_others()  # they begin it anew too
        error = await self._commit_aside() if aside else self._commit_here()
        self._checkpoints.committed()
        return error

    async def _settle(self) -> sqlite3.Error | None:
        """Writes what is written once for a batch. After an error the batch is undone."""
        try:
            await self.rows.audited.settle()
        except sqlite3.Error as error:
            self._note(error)
            self._undo()
            self._end_turn()
            return error
        return None

    async def _commit_aside(self) -> sqlite3.Error | None:
        with self._memory.committing():
            return await asyncio.get_running_loop().run_in_executor(self._committing, self._commit_here)

    def _commit_here(self) -> sqlite3.Error | None:
        """Commits and ends the turn among processes. They know of the changes before any caller is answered."""
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
            self._undo()
            return error
        return None

    def _undo(self) -> None:
        if self.raw.in_transaction:  # a full disk: SQLite leaves the transaction open
            with suppress(sqlite3.Error):  # those who wait are answered, whatever becomes of the connection
                self.raw.execute("ROLLBACK")

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

    def _end(self, batch: Batch, error: sqlite3.Error | None) -> None:
        self._batch = None
        if error is not None:
            self.rows.audited.forget_head()
        batch.end(None if error is None else as_os_error(error))


class Turn:
    """A transaction that may write."""

    __slots__ = ("_batch", "_durable", "_writer")

    def __init__(self, writer: Writer, durable: bool) -> None:
        self._writer = writer
        self._durable = durable

    async def __aenter__(self) -> Writing:
        try:
            self._batch = await self._writer.enter(self._durable)
        except sqlite3.Error as error:
            raise as_os_error(error) from error
        self._writer.rows.audited.begin()
        return self._writer.rows

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            await self._writer.end(error)
        except sqlite3.Error as failure:
            raise as_os_error(failure) from failure
        raise_for(error)
        if error is None:
            await self._batch.committed()
