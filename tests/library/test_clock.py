"""The server's clock runs evenly however the clock of the machine is set, and a start moves what was stored by as much."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contentlib.jobs.collect import Collector, GracePeriods
from contentlib.jobs.expire import Expiry, Lifetimes
from contentlib.library.clock import EvenClock, Machine, Since
from contentlib.library.errors import Fault
from contentlib.library.model import Retention, State
from contentlib.library.tasks import NewTask, Tasks
from contentlib.library.timekeeping import go_on, note
from library.world import LEASE, STORAGES, HandSetClock, World

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
STORAGE = "datastore-1"
DAY_MS = DAY // 1_000_000
YEARS = 3650 * DAY


class HandSetMachine(Machine):
    """A machine whose clock is set, and whose time passes, by hand."""

    def __init__(self) -> None:
        self.boot = "one"
        self.set = 1_700_000_000 * SECOND
        self.up = 100 * SECOND

    def clock(self) -> int:
        return self.set

    def uptime(self) -> int:
        return self.up

    def ticks(self) -> int:
        return self.up

    def passes(self, nanoseconds: int) -> None:
        self.set += nanoseconds
        self.up += nanoseconds

    def reboots(self, nanoseconds: int) -> None:
        self.boot, self.up, self.set = self.boot + "+", SECOND, self.set + nanoseconds


@pytest.fixture
def machine() -> HandSetMachine:
    return HandSetMachine()


@pytest.mark.parametrize("jump", [-DAY, DAY, YEARS, -YEARS, 60 * SECOND])
def test_a_clock_that_is_set_moves_no_deadline_while_the_server_runs(machine: HandSetMachine, jump: int) -> None:
    heard: list[int] = []
    clock = EvenClock(machine, heard.append)
    before = clock.now()
    machine.set += jump
    machine.passes(100 * SECOND)
    assert abs(clock.now() - before - 100_000) <= 100_000 // 16
    assert heard == [jump // 1_000_000]
    machine.passes(SECOND)
    clock.now()
    assert len(heard) == 1


def test_the_clock_of_the_machine_is_followed_slowly(machine: HandSetMachine) -> None:
    clock = EvenClock(machine)
    for off in (5 * SECOND, -5 * SECOND):
        machine.set += off
        last = clock.now()
        for _ in range(1000):
            machine.passes(SECOND // 10)
            assert clock.now() >= last
            last = clock.now()
        assert last == machine.clock() // 1_000_000


@pytest.mark.parametrize("jump", [-DAY, YEARS])
def test_what_was_set_while_the_server_was_down_is_known_exactly_as_long_as_the_machine_runs(
    machine: HandSetMachine, jump: int
) -> None:
    moment = EvenClock(machine).moment()
    machine.passes(3600 * SECOND)
    machine.set += jump
    assert EvenClock(machine).since(moment) == Since(jump // 1_000_000, 3_600_000)


@pytest.mark.parametrize(
    ("off", "since"),
    [
        (3600 * SECOND, Since(0, 3_600_000)),
        (-DAY, Since(-DAY_MS, 0)),
        (YEARS, Since(YEARS // 1_000_000, 0)),
    ],
)
def test_after_a_boot_a_clock_that_went_back_or_far_ahead_was_set(machine: HandSetMachine, off: int, since: Since) -> None:
    moment = EvenClock(machine).moment()
    machine.reboots(off)
    assert EvenClock(machine).since(moment) == since


def test_workers_that_start_after_a_jump_have_the_time_of_the_others(machine: HandSetMachine) -> None:
    old = EvenClock(machine)
    moment = old.moment()
    machine.set += YEARS
    machine.passes(SECOND)
    new = EvenClock(machine)
    new.follow(moment)
    assert abs(new.now() - old.now()) <= 1000 // 16 + 1


class Restarted:
    """A world whose server is stopped and started on a machine."""

    def __init__(self, directory: Path, machine: HandSetMachine, kept: int = 0) -> None:
        self.machine = machine
        self.world = World(directory, HandSetClock(), kept=kept)
        self.world.clock.time = EvenClock(machine).now()

    async def runs(self, milliseconds: int) -> None:
        self.machine.passes(milliseconds * 1_000_000)
        self.world.wait(milliseconds)
        async with self.world.metadata.transaction(durable=True) as transaction:
            await note(transaction, EvenClock(self.machine))

    async def restarts(self) -> None:
        async with self.world.metadata.transaction(durable=True) as transaction:
            await go_on(transaction, EvenClock(self.machine))
        self.world.clock.time = EvenClock(self.machine).now()

    async def sweeps(self) -> None:
        world = self.world
        await Collector(
            world.metadata, world.blobs.storages, world.clock, STORAGES, Retention(versions=1), GracePeriods(LEASE, LEASE)
        ).run()
        leases = world.leases
        await Expiry(
            world.metadata, world.updates, world.downloads, leases, world.clock, Lifetimes(ended=LEASE, idle_login=LEASE)
        ).run()


@pytest.fixture
async def restarted(tmp_path: Path, machine: HandSetMachine) -> Restarted:
    made = Restarted(tmp_path, machine, kept=30 * DAY_MS)
    await made.runs(1)
    return made


@pytest.mark.parametrize("boots", [True, False])
@pytest.mark.parametrize("jump", [YEARS, -DAY, -YEARS])
async def test_nothing_is_purged_and_nothing_stands_still_because_a_clock_was_set(
    restarted: Restarted, jump: int, boots: bool
) -> None:
    world, machine = restarted.world, restarted.machine
    item = await world.item()
    await world.complete(item, {"a": b"a"})
    session = await world.update(await world.item())
    await world.items.delete(item, "user")
    async with world.metadata.transaction(durable=False) as transaction:
        told = Fault("task", "a task")
        new = NewTask(kind="k", service="s", operation="o", description=told, user="u", arguments="{}")
        await Tasks(world.metadata, world.clock).submit(transaction, new)
    await asyncio.to_thread(world.receive, STORAGE, "upload", b"stray")
    world.store.keep(STORAGE, "upload", "stray")
    world.store.set_aside(STORAGE, "stray", world.clock.now())
    await restarted.runs(1000)
    if boots:
        machine.reboots(jump)
    else:
        machine.set += jump
    await restarted.restarts()
    await restarted.sweeps()
    async with world.metadata.reading() as transaction:
        assert await transaction.deleted_items.get(item) is not None
        assert await transaction.tasks.waiting(["k"], world.clock.now())
    assert (await world.updates.get(session)).state is State.ACTIVE
    assert [stray.blob for stray in world.store.strays(STORAGE)] == ["stray"]
    world.wait(31 * DAY_MS)
    await restarted.sweeps()
    assert world.store.strays(STORAGE) == []
    async with world.metadata.reading() as transaction:
        assert await transaction.deleted_items.get(item) is None
    await world.metadata.close()


async def test_the_time_in_which_the_server_does_not_run_ends_no_session(restarted: Restarted) -> None:
    world = restarted.world
    update, download = await world.update(await world.item()), await world.download(await world.item())
    await restarted.runs(1000)
    restarted.machine.passes(DAY)
    await restarted.restarts()
    world.wait(LEASE - 2000)
    await restarted.sweeps()
    assert (await world.updates.get(update)).state is State.ACTIVE
    assert (await world.downloads.get(download)).state is State.ACTIVE
    await world.metadata.close()


async def test_a_session_that_was_touched_after_the_last_note_is_not_touched_in_the_future(restarted: Restarted) -> None:
    world = restarted.world
    restarted.machine.passes(15 * SECOND)
    world.wait(15_000)
    session = await world.update(await world.item())
    await restarted.restarts()
    world.wait(LEASE + 1)
    await restarted.sweeps()
    assert (await world.updates.get(session)).state is State.CANCELED
    await world.metadata.close()


async def test_restarts_keep_no_abandoned_session_alive(restarted: Restarted) -> None:
    world = restarted.world
    session = await world.update(await world.item())
    for _ in range(4):
        await restarted.runs(LEASE // 3)
        await restarted.restarts()
        await restarted.sweeps()
    assert (await world.updates.get(session)).state is State.CANCELED
    await world.metadata.close()
