"""Tests how servers on one PostgreSQL database notice that one of them is silent, and that the database was away."""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import postgresql
from contentlib.access.pacing import CallPace
from contentlib.library.catalog.configuration import Configuration, Configurations
from contentlib.library.catalog.limits import TransferLimits
from contentlib.library.clock import EvenClock, Machine
from contentlib.library.signals import unheard
from contentlib.metadata.database import NodeOptions
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.nodes import PostgresqlNodes
from contentlib.metadata.postgresql.store import PostgresqlMetadata
from contentlib.nodes.local import LocalNodes
from contentlib.vapi.errors import ServiceUnavailable
from metadata.silent_node import silent_node
from nodes.hearing import Heard
from processes import PATIENCE_SECONDS

pytestmark = pytest.mark.slow
_ITEM_SYNCS = Configuration().maximum_concurrent_item_syncs
New = Callable[..., PostgresqlNodes]


@pytest.fixture
def address(tmp_path: Path) -> Address:
    return Address(postgresql.url_of(tmp_path), wait_seconds=0.5)


@pytest.fixture
async def new(tmp_path: Path, address: Address) -> AsyncIterator[New]:
    """Makes a process of a machine of its own, which has a short lease."""
    numbers = itertools.count()
    async with AsyncExitStack() as stack:

        def make(steer: Callable[[int], object] = unheard) -> PostgresqlNodes:
            local = LocalNodes(tmp_path / f"machine {next(numbers)}")
            made = PostgresqlNodes(address, local, NodeOptions(lease=1.0, steer=steer))
            stack.push_async_callback(made.stop)
            return made

        yield make


async def until(condition: Callable[[], object]) -> None:
    """Waits until something is so, which may have to be awaited."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (await found if inspect.isawaitable(found := condition()) else found):  # noqa: ASYNC110 - nobody tells of changes
            await asyncio.sleep(0.01)


def _cut(address: Address) -> None:
    name = address.url.partition("@/")[2].partition("?")[0]
    postgresql.server().run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


async def test_a_process_that_is_silent_has_ended_and_comes_back_when_it_is_heard_again(
    new: New, address: Address, tmp_path: Path
) -> None:
    looking = new()
    await looking.start(unheard, unheard)
    with silent_node(address, tmp_path / "silent") as other:
        assert other.identifier in await looking.running()
        other.pause()

        async def has_ended() -> bool:
            return other.identifier in await looking.ended()

        await until(has_ended)
        assert await looking.running() == {looking.here}
        await looking.forget([other.identifier])
        assert await looking.ended() == set()
        other.go_on()

        async def is_back() -> bool:
            return other.identifier in await looking.running()

        await until(is_back)
        assert await looking.ended() == set()


async def test_the_part_of_each_limit_grows_when_another_node_goes(new: New, address: Address, tmp_path: Path) -> None:
    metadata, here = PostgresqlMetadata(address), new()
    await here.start(unheard, unheard)
    limits = TransferLimits(Configurations(metadata), nodes=here)
    await limits.start()
    pace = CallPace(lambda: limits.part(10), lambda: 0.0)
    with silent_node(address, tmp_path / "other") as other:
        await limits.refresh()
        assert (_calls(pace, "ann"), limits.item_syncs.most) == (5, -(-_ITEM_SYNCS // 2))
        other.pause()

        async def is_alone() -> bool:
            await limits.refresh()
            return limits.item_syncs.most == _ITEM_SYNCS

        await until(is_alone)
        assert _calls(pace, "bob") == 10
        other.go_on()

        async def is_beside() -> bool:
            return not await is_alone()

        await until(is_beside)
        assert _calls(pace, "cat") == 5
    await metadata.close()


def _calls(pace: CallPace, user: str) -> int:
    """How many expensive calls of a user are allowed in one moment."""
    for number in range(100):
        try:
            pace.check(user, "com.vmware.content.subscribed_library.sync")
        except ServiceUnavailable:
            return number
    return 100


async def test_an_event_arrives_although_both_connections_were_lost(new: New, address: Address) -> None:
    one, two, heard, missed = new(), new(), Heard(), list[str]()
    await one.start(unheard, unheard)
    await two.start(heard.hear, lambda: missed.append("missed"))
    assert missed == ["missed"]  # what was told before it listened
    _cut(address)
    one.ring("lost")  # before the other one listens again, perhaps
    await until(lambda: len(missed) == 2)
    one.ring("task_submitted")
    await until(lambda: ("task_submitted",) in heard)


async def test_a_process_of_this_machine_that_was_killed_has_ended_at_once(address: Address, tmp_path: Path) -> None:
    directory = tmp_path / "nodes"
    looking = PostgresqlNodes(address, LocalNodes(directory), NodeOptions(lease=300.0))
    await looking.start(unheard, unheard)
    with silent_node(address, directory) as other:
        assert await looking.running() == {looking.here, other.identifier}
        other.kill()
        assert await looking.ended() == {other.identifier}
        assert await looking.running() == {looking.here}
    await looking.stop()


async def test_a_clock_of_this_machine_that_is_wrong_follows_that_of_the_database(new: New) -> None:
    machine = Machine()
    machine.ahead = wrong = 3600 * 10**9
    clock = EvenClock(machine)
    right = EvenClock()

    def steer(ahead: int) -> None:
        clock.steer(ahead)

    assert clock.now() - right.now() > wrong / 2 / 10**6
    await new(steer=steer).start(unheard, unheard)
    assert abs(clock.now() - right.now()) < 60_000  # both are of this machine
