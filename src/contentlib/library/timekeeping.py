"""Stores the server's time between runs, and moves deadlines if the clock was set meanwhile."""

from __future__ import annotations

import logging

import msgspec

from contentlib.library.clock import EvenClock, Moment
from contentlib.library.ports import Transaction

_KEY = "clock"
_SET = "clock_set"
_LOG = logging.getLogger(__name__)


async def note(transaction: Transaction, clock: EvenClock) -> None:
    """Stores the current time."""
    await transaction.state.put(_KEY, msgspec.json.encode(clock.moment()).decode())


async def follow(transaction: Transaction, clock: EvenClock) -> None:
    """Sets the clock of a worker to that of the server."""
    moment = await _noted(transaction)
    if moment is not None:
        clock.follow(moment)


async def go_on(transaction: Transaction, clock: EvenClock) -> None:
    """Begins a run: the time since the last one does not count for sessions, and a clock that was set counts for nothing."""
    moment = await _noted(transaction)
    if moment is not None:
        since = clock.since(moment)
        if since.jumped:
            _LOG.warning("the clock was set by %.0f seconds; all deadlines are moved by as much", since.jumped / 1000)
            await transaction.state.move(since.jumped)
            await transaction.state.put(_SET, str(await clock_set(transaction) + since.jumped))
        await transaction.state.rest(since.passed, clock.now())
    await note(transaction, clock)


async def clock_set(transaction: Transaction) -> int:
    """By how much the clock was set since the database was made, in milliseconds: for deadlines that are kept elsewhere."""
    return int(await transaction.state.get(_SET) or 0)


async def _noted(transaction: Transaction) -> Moment | None:
    text = await transaction.state.get(_KEY)
    return None if text is None else msgspec.json.decode(text, type=Moment)
