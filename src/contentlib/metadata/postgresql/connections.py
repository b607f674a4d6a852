"""Keeps the connections of a process, and waits a moment for a server that is away."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from contentlib.metadata.postgresql.address import Address, Raw, connect
from contentlib.metadata.postgresql.errors import ERRORS, told_error

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.5
_SHORT = 0.1
_REST_SECONDS = 5.0  # after which an unused connection ends the transaction that it holds ready
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_NEXT = "ROLLBACK AND CHAIN"  # the next transaction has the same properties


class Connector:
    """Opens connections one at a time, so that those who wait for a server that is away do not all call it at once."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._one = asyncio.Lock()

    @property
    def patience(self) -> float:
        """The seconds that a request waits for a connection."""
        return self._address.wait_seconds

    async def open(self, deadline: float, **settings: str) -> Raw:
        """A new connection; OSError when there was none until the deadline. After that it tries once, and not for long."""
        last: OSError = OSError(errno.ETIMEDOUT, "the database does not respond")
        pause = _FIRST_PAUSE
        try:
            async with asyncio.timeout(max(_SHORT, deadline - time.monotonic())), self._one:
                while True:
                    try:
                        return await connect(self._address, max(_SHORT, deadline - time.monotonic()), **settings)
                    except OSError as error:
                        last = error
                        if not _passes(error) or time.monotonic() >= deadline:
                            raise
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
        except TimeoutError:
            raise last from None


def _passes(error: OSError) -> bool:
    """Whether waiting may help."""
    return error.errno not in (errno.EACCES, errno.ENOENT)


class ReadingConnections:
    """The connections for transactions that only read.

    The next transaction of a connection is begun when one has ended, so that the first statement needs no other before it. It
    has no state of the rows yet: the statement chooses that.
    """

    def __init__(self, connector: Connector, most: int, has_turn: Callable[[], bool]) -> None:
        self._connector = connector
        self._places = asyncio.Semaphore(most)
        self._has_turn = has_turn
        self._taken: dict[Raw, tuple[asyncio.Task[Any] | None, bool]] = {}
        """The task of each connection in use, and whether the connection counts."""
        self._idle: list[Raw] = []  # in a transaction that has not read anything
        self._resting: list[Raw] = []  # in none
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._closed = False

    async def take(self) -> Raw:
        """A connection whose transaction has not read anything yet.

        A task that others may wait for, because it has a connection or the turn to write, does not wait for them.
        """
        deadline = time.monotonic() + self._connector.patience
        task = asyncio.current_task()
        counts = not self._has_turn() and all(holder is not task for holder, _ in self._taken.values())
        if counts:
            await self._place(deadline)
        try:
            raw = await self._begun(deadline)
        except BaseException:
            if counts:
                self._places.release()
            raise
        self._taken[raw] = task, counts
        return raw

    def give_back(self, raw: Raw) -> None:
        """Ends the transaction of a connection, in the background, and keeps the connection for the next one."""
        _, counts = self._taken.pop(raw)
        if not raw.is_closed():
            self._do(self._end(raw, counts=counts))
        elif counts:
            self._places.release()

    async def close(self) -> None:
        """Closes all connections."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for raw in (*self._idle, *self._resting):
            await _closed(raw)
        self._idle, self._resting = [], []

    async def _place(self, deadline: float) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                await self._places.acquire()
        except TimeoutError:
            raise OSError(errno.EBUSY, "all connections to the database are in use") from None

    async def _begun(self, deadline: float) -> Raw:
        while self._idle:
            raw = self._idle.pop()
            if not raw.is_closed():
                return raw
        while self._resting:
            raw = self._resting.pop()
            if not raw.is_closed() and await _ran(raw, _BEGIN):
                return raw
        raw = await self._connector.open(deadline, idle_in_transaction_session_timeout="0")
        try:
            await raw.execute(_BEGIN)
        except ERRORS as error:
            raw.terminate()
            raise told_error(error) from error
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep())
        return raw

    async def _end(self, raw: Raw, *, counts: bool) -> None:
        try:
            if await _ran(raw, _NEXT):
                if self._closed:
                    await _closed(raw)
                else:
                    self._idle.append(raw)
        finally:
            if counts:
                self._places.release()

    async def _sweep(self) -> None:
        """Ends the transactions of unused connections, which monitoring would report as idle in transaction."""
        seen: set[Raw] = set()
        while True:
            await asyncio.sleep(_REST_SECONDS)
            for raw in [each for each in self._idle if each in seen]:
                if raw in self._idle:  # it may have been taken meanwhile
                    self._idle.remove(raw)
                    if await _ran(raw, "ROLLBACK"):
                        self._resting.append(raw)
            seen = {*self._idle}

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _ran(raw: Raw, statement: str) -> bool:
    """Runs a statement; where that fails, the connection is closed."""
    try:
        await raw.execute(statement)
    except ERRORS:
        raw.terminate()
        return False
    return True


async def _closed(raw: Raw) -> None:
    with suppress(*ERRORS):  # the server is away, so it is closed
        await raw.close(timeout=1.0)
