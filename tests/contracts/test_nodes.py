"""The contract of the processes that serve the same data, for each way in which they find each other."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

import postgresql
from contentlib.library.ports import Nodes
from contentlib.library.signals import unheard
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.nodes import PostgresqlNodes
from contentlib.nodes.local import LocalNodes
from following import until
from nodes.hearing import Heard

New = Callable[[], Nodes]


def _of_a_machine(directory: Path) -> Nodes:
    return LocalNodes(directory / "nodes")


def _of_several_machines(directory: Path) -> Nodes:
    """One of a machine of its own."""
    local = LocalNodes(directory / "nodes")
    return PostgresqlNodes(Address(postgresql.url_of(directory)), LocalNodes(directory / f"nodes-{local.here}"))


@pytest.fixture(params=[_of_a_machine, pytest.param(_of_several_machines, marks=pytest.mark.slow)])
async def new(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[New]:
    """Makes one more process, which is stopped at the end."""
    async with AsyncExitStack() as stack:

        def make() -> Nodes:
            made: Nodes = request.param(tmp_path)
            stack.push_async_callback(made.stop)
            return made

        yield make


async def test_a_process_runs_from_its_start_to_its_end(new: New) -> None:
    one, two = new(), new()
    assert await one.running() == set()
    await one.start(unheard, unheard)
    await two.start(unheard, unheard)
    assert await one.running() == await two.running() == {one.here, two.here}
    await two.stop()
    assert await one.running() == {one.here}
    assert await one.ended() == {two.here}
    await one.forget([two.here])
    assert await one.ended() == set()
    assert await one.running() == {one.here}


async def test_a_process_that_drains_still_runs(new: New) -> None:
    one, two = new(), new()
    await one.start(unheard, unheard)
    await two.start(unheard, unheard)
    await two.drain()
    assert await one.running() == {one.here, two.here}


async def test_one_that_was_never_started_sees_those_that_run(new: New) -> None:
    one, looking = new(), new()
    await one.start(unheard, unheard)
    assert await looking.running() == {one.here}
    assert await looking.ended() == set()


async def test_all_others_hear_of_an_event_once_each_time(new: New) -> None:
    nodes = [new() for _ in range(3)]
    heard = [Heard() for _ in nodes]
    for each, hears in zip(nodes, heard, strict=True):
        await each.start(hears.hear, unheard)
    told = [("session_ended", "a session"), ("task_submitted",), ("task_submitted",), ("wrong", "ann's", "größer")]
    for event, *arguments in told:
        nodes[0].ring(event, *arguments)
    await until(lambda: len(heard[1]) == len(heard[2]) == len(told))
    assert heard[1] == heard[2] == told
    assert heard[0] == []


async def test_an_event_that_is_too_long_is_not_told(new: New) -> None:
    one, two, heard = new(), new(), Heard()
    await one.start(unheard, unheard)
    await two.start(heard.hear, unheard)
    one.ring("long", "x" * 10_000)
    one.ring("short")
    await until(lambda: bool(heard))
    assert heard == [("short",)]


async def test_an_operator_sees_each_process_and_whether_it_runs(new: New) -> None:
    one, two = new(), new()
    await one.start(unheard, unheard)
    await two.start(unheard, unheard)
    await two.stop()
    seen = await new().all()
    assert sorted(each.state for each in seen) == ["ended", "running"]
    assert {each.process for each in seen} == {os.getpid()}
    assert all(each.age >= 0 for each in seen)
    await one.running()  # looks at them anew
    await one.forget(await one.ended())
    assert [each.state for each in await one.all()] == ["running"]
