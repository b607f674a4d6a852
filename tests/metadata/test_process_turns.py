"""Writers of several processes: each gets its turn, and none holds up the event loop or the end of another."""

from __future__ import annotations

import asyncio
import errno
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contentlib.metadata.generations import Generations
from contentlib.metadata.process_turns import ProcessTurns
from contentlib.metadata.sqlite import SqliteMetadata
from contracts import made
from processes import PATIENCE_SECONDS

_GREEDY = Path(__file__).with_name("greedy_process.py")


@pytest.fixture
async def store(database: Path) -> AsyncIterator[SqliteMetadata]:
    opened = SqliteMetadata(database)
    yield opened
    await opened.close()


@contextmanager
def greedy(database: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that takes the turn again as soon as it has given it up, for ever."""
    with subprocess.Popen([sys.executable, str(_GREEDY), str(database)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        try:
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another process, as far as locks know, has the turn."""
    other = Generations(database)
    other.await_turn()
    try:
        yield
    finally:
        other.close()


async def test_a_writer_gets_its_turn_beside_a_process_that_writes_all_the_time(store: SqliteMetadata, database: Path) -> None:
    with greedy(database):
        async with asyncio.timeout(PATIENCE_SECONDS):
            for n in range(50):
                await made.put_state(store, "key", str(n))
    assert await made.state_of(store, "key") == "49"


async def test_the_event_loop_goes_on_while_a_turn_is_awaited(store: SqliteMetadata, database: Path) -> None:
    with held(database):
        writing = asyncio.create_task(made.put_state(store, "key", "value"))
        for _ in range(100):
            await asyncio.sleep(0.001)
            assert await made.state_of(store, "key") is None
        assert not writing.done()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await writing
    assert await made.state_of(store, "key") == "value"


async def test_a_process_that_hangs_in_its_turn_is_told_and_goes_on(
    store: SqliteMetadata, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contentlib.metadata.turns.BUSY_SECONDS", 0.2)
    with held(database):
        for _ in range(2):
            with pytest.raises(OSError, match="locked by another process") as caught:
                await made.put_state(store, "key", "value")
            assert caught.value.errno == errno.EBUSY
    monkeypatch.setattr("contentlib.metadata.turns.BUSY_SECONDS", PATIENCE_SECONDS)
    await made.put_state(store, "key", "value")


async def test_a_turn_that_comes_when_nobody_wants_it_any_more_is_given_back(database: Path) -> None:
    own = Generations(database)
    turns = ProcessTurns(own)
    with held(database), pytest.raises(OSError, match="locked"):
        await turns.take(0.05)
    other = Generations(database)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not other.take_turn():  # noqa: ASYNC110 - no lock tells of changes
            await asyncio.sleep(0.001)
    other.close()
    await turns.take(PATIENCE_SECONDS)
    turns.close()
    own.close()


async def test_a_caller_that_is_cancelled_leaves_the_turn_to_the_next(database: Path) -> None:
    own = Generations(database)
    turns = ProcessTurns(own)
    with held(database):
        waiting = asyncio.create_task(turns.take(PATIENCE_SECONDS))
        await asyncio.sleep(0.02)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        again = asyncio.create_task(turns.take(PATIENCE_SECONDS))
        await asyncio.sleep(0.02)
        assert not again.done()
    await again
    other = Generations(database)
    assert not other.take_turn()
    own.end_turn()
    assert other.take_turn()
    other.close()
    turns.close()
    own.close()


async def test_a_process_that_is_killed_while_it_is_next_is_in_nobodys_way(store: SqliteMetadata, database: Path) -> None:
    with greedy(database) as process:
        with held(database):
            await asyncio.sleep(0.05)  # by now it waits
            process.kill()
            process.wait()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await made.put_state(store, "key", "value")


async def test_a_store_is_closed_while_it_waits_for_a_turn(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contentlib.metadata.turns.BUSY_SECONDS", 0.05)
    store = SqliteMetadata(database)
    with held(database):
        with pytest.raises(OSError, match="locked"):
            await made.put_state(store, "key", "value")
        await store.close()
    other, until = Generations(database), time.monotonic() + PATIENCE_SECONDS
    while not other.take_turn():  # the thread gets the turn once more, and leaves it
        assert time.monotonic() < until
        await asyncio.sleep(0.001)
    other.close()
