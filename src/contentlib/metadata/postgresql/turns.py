"""Serializes the writers of all processes by a lock in the database, and commits waiting ones of a process together.

A process takes the lock for a batch: each writer in it has its own savepoint, and all are answered after the commit. The lock
belongs to the transaction, so that it ends with it, and with the connection of a process that dies.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

from contentlib.metadata.auditing import AuditedConnection
from contentlib.metadata.batches import Batch
from contentlib.metadata.postgresql.address import Raw
from contentlib.metadata.postgresql.connections import Connector
from contentlib.metadata.postgresql.counters import TableCounters
from contentlib.metadata.postgresql.errors import ERRORS, lost, told_error
from contentlib.metadata.postgresql.outcome import Outcomes
from contentlib.metadata.postgresql.turn_statements import TurnStatements
from contentlib.metadata.transaction import TransactionRows

Result = TypeVar("Result")
LOCKS = 0x636C6962
"""The first number of the advisory locks of this program; the second says what is locked."""
_BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({LOCKS}, 1); SAVEPOINT turn"
_BUSY_SECONDS = 30  # that a writer waits for others, and that it may stand still while others wait
_SETTINGS = {
    "lock_timeout": f"{_BUSY_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{_BUSY_SECONDS}s",
}


class TurnConnection:
    """The connection that writes, the turns on it, and the batch that is open on it."""

    def __init__(
        self, connector: Connector, connection: TurnStatements, now: Callable[[], int], counters: TableCounters
    ) -> None:
        self._connection = connection
        self.audited = AuditedConnection(self._connection, now)
        self.rows = TransactionRows(self.audited)
        self._connector = connector
        self._outcomes = Outcomes(connector, counters)
        self._turn = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None
        self._batch: Batch | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def enter(self) -> Batch:
        """Waits for a turn and begins a savepoint in a batch."""
        task = asyncio.current_task()
        if self._owner is task:
            raise RuntimeError("a transaction was begun inside a transaction of the same task, which would wait for ever")
        deadline = time.monotonic() + self._connector.patience  # of all who wait together while the server is away
        await self._turn.acquire()
        batch = self._joined() or await self._new_batch(deadline)
        self._owner = task
        return batch

    async def end(self, error: BaseException | None) -> None:
        """Ends the turn, with its audit entry if neither it nor a statement in it failed."""
        try:
            if error is None and not self._connection.failed:
                await self.audited.end()
        except BaseException as failure:
            await self.leave(failure)
            raise
        await self.leave(error)

    def has_turn(self) -> bool:
        """Whether the current task writes."""
        return self._owner is not None and self._owner is asyncio.current_task()

    async def leave(self, error: BaseException | None) -> None:
        """Ends the turn, and undoes it after an error. If the whole batch is lost, all its callers receive the error."""
        self._owner = None
        connection = self._connection
        if error is None and not connection.failed and connection.raw is not None and not connection.raw.is_closed():
            self._turn.release()
        else:
            failed = connection.failed
            await asyncio.shield(self._do(self._undo()))
            if failed and error is None:
                raise RuntimeError("a transaction was continued after a statement that failed")

    async def close(self) -> None:
        """Commits the open batch and closes the connection."""
        async with self._turn:
            if self._batch is not None:
                await self._commit(self._batch)
            if (raw := self._connection.raw) is not None:
                self._connection.raw = None
                await self._outcomes.close(raw)

    def _joined(self) -> Batch | None:
        """The open batch, with a turn that begins. If the connection is lost, so is the batch."""
        if self._batch is not None:
            try:
                self._usable()
            except ConnectionError as error:
                self._lose(error)
            else:
                self._connection.next_turn()
        return self._batch

    async def _new_batch(self, deadline: float) -> Batch:
        joining = self._do(self._begin_batch(deadline))
        try:
            return await asyncio.shield(joining)
        except asyncio.CancelledError:
            joining.add_done_callback(self._abandon)
            raise

    async def _begin_batch(self, deadline: float) -> Batch:
        try:
            await self._begin(deadline)
            self._connection.begin()
            self._batch = batch = Batch()
            self._do(self._close(batch))
        except BaseException:
            self._turn.release()
            raise
        return batch

    async def _begin(self, deadline: float) -> None:
        """Begins a batch; on a new connection where the old one was lost."""
        while True:
            raw = self._connection.raw
            if raw is None or raw.is_closed():
                raw = self._connection.raw = await self._connector.open(deadline, **_SETTINGS)
                await self._outcomes.opened(raw)
            try:
                await raw.execute(_BEGIN)
            except ERRORS as error:
                raw.terminate()  # whatever it waited for, or did not answer
                self._connection.raw = None
                told = told_error(error, closed=True)
                if isinstance(error, TimeoutError) or time.monotonic() > deadline or not _was_lost(told):
                    raise told from error
            else:
                return

    async def _undo(self) -> None:
        """Undoes a turn and ends it."""
        self._connection.failed = False
        try:
            if await self._connection.has_to_undo():
                await self._usable().execute("ROLLBACK TO turn")
            else:
                self._usable()
        except ERRORS as failure:
            self._lose(failure)
        finally:
            self._turn.release()

    async def _close(self, batch: Batch) -> None:
        async with self._turn:  # turns are in order: all who waited before this have joined
            if self._batch is batch:
                await self._commit(batch)

    async def _commit(self, batch: Batch) -> None:
        self._batch = None
        connection = self._connection
        try:
            raw = self._usable()
            await connection.send_rest()
        except ERRORS as error:
            self._lose_connection()
            batch.end(told_error(error, closed=True))
        else:
            batch.end(await self._outcomes.commit(raw, connection.written, connection.state))

    def _abandon(self, joining: asyncio.Task[Batch]) -> None:
        """Ends a turn whose caller was cancelled before it began."""
        if not joining.cancelled() and joining.exception() is None:
            self._do(self._undo())

    def _usable(self) -> Raw:
        raw = self._connection.raw
        if raw is None or raw.is_closed():
            raise lost()
        return raw

    def _lose(self, error: BaseException) -> None:
        """Nothing was committed, and the server undoes it all when the connection ends."""
        self._lose_connection()
        if self._batch is not None:
            batch, self._batch = self._batch, None
            batch.end(told_error(error, closed=True))

    def _lose_connection(self) -> None:
        raw, self._connection.raw = self._connection.raw, None
        self._connection.failed = False
        if raw is not None:
            raw.terminate()

    def _do(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _was_lost(error: BaseException) -> bool:
    return isinstance(error, ConnectionError)


class PostgresqlTurn:
    """A transaction that may write."""

    __slots__ = ("_batch", "_writer")

    def __init__(self, writer: TurnConnection) -> None:
        self._writer = writer

    async def __aenter__(self) -> TransactionRows:
        self._batch = await self._writer.enter()
        self._writer.audited.begin()
        return self._writer.rows

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        await self._writer.end(error)
        if error is None:
            await self._batch.committed()
