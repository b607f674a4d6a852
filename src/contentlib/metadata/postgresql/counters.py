"""Knows which tables have changed, in any process, by counters in the database.

Each commit sets the counters of the tables that it changes, and the first one, to a number that is one higher than the highest.
Commits take turns, so a process that knows the first counter asks for what is higher. Many callers who ask at the same time are
answered together.

A call needs counters that are not older than the call. A call that lasts longer than a moment asks each time, and so does work
outside calls.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Collection, Iterable

from contentlib.library.call_time import call_began
from contentlib.metadata.generations import SLOTS, slot_of
from contentlib.metadata.postgresql.link import Link

CHANGED = "SELECT slot, value FROM generations WHERE value > $1"
_CALL_SECONDS = 0.05
_RESTLESS_SECONDS = 0.25
_EPISODE = 1 << 40
"""Is added to all counters with each new connection, because a standby that took over may have lost commits."""


class TableCounters:
    """The counters as they were when the database was last asked; all are even, as `Memory` expects."""

    own = -1

    def __init__(self, link: Link) -> None:
        link.opened = self.restart
        self._link = link
        self._cells = array("Q", bytes(8 * SLOTS))
        self.counters = memoryview(self._cells)
        self._base = 0
        self._as_of = -1.0
        self._restless: dict[int, float] = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._asking: asyncio.Task[None] | None = None

    async def renew(self) -> None:
        """Returns when the counters are new enough for this call. Raises OSError if the database cannot be asked."""
        if self.is_fresh():
            return
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        await waiting

    def is_fresh(self) -> bool:
        """Whether the counters were asked for since this call began, and it began just now."""
        began = call_began()
        return began is not None and self._as_of >= began > time.perf_counter() - _CALL_SECONDS

    def is_restless(self, table: str) -> bool:
        """Whether a table was changed within the last moment, and so may be changed while it is read."""
        return time.monotonic() < self._restless.get(slot_of(table), 0.0)

    def of(self, slots: Collection[int]) -> int | None:
        """A number that changes with each change of the tables that have these slots; None if it is not new enough."""
        return sum(self.counters[slot] for slot in slots) if self.is_fresh() else None

    @property
    def last(self) -> int:
        """The highest number that is known."""
        return max(self.counters[0] // 2 - self._base, 0)

    def epoch(self, value: int) -> int:
        """What the first counter is in the state of the database with this number."""
        return 2 * (value + self._base)

    def note(self, changed: Iterable[tuple[int, int]]) -> None:
        """Notes counters that were read in one state of the database."""
        until = time.monotonic() + _RESTLESS_SECONDS
        for slot, value in changed:
            known = self.epoch(value)
            if known > self.counters[slot]:
                self.counters[slot] = known
                self._restless[slot] = until

    def restart(self) -> None:
        """Counts from another start, so that nothing that was remembered holds any more."""
        self._base += _EPISODE
        for slot in range(SLOTS):
            self.counters[slot] = 2 * self._base
        self._as_of = -1.0

    async def close(self) -> None:
        """Ends the connection."""
        if self._asking is not None:
            await asyncio.gather(self._asking, return_exceptions=True)
        await self._link.close()

    async def _ask(self) -> None:
        """Answers all who wait, until nobody does."""
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                error = await self._asked()
                for each in waiting:
                    if not each.done():  # else its task was cancelled
                        each.set_result(None) if error is None else each.set_exception(error)
        finally:
            self._asking = None

    async def _asked(self) -> Exception | None:
        asked, base = time.perf_counter(), -1
        try:
            while base != self._base:  # a new connection may have been opened for it
                base = self._base
                found = await self._link.fetch(CHANGED, self.last)
        except Exception as error:  # whatever it is, those who wait hear of it
            return error
        self.note(found)
        self._as_of = asked
        return None
