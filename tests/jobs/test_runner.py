from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from backends import BACKEND
from contentlib.jobs.runner import Job, Runner
from contentlib.library.identifiers import new_identifier
from databases import new_database
from processes import PATIENCE_SECONDS
from whole import HandClock


class World:
    """A metadata store and runners on it; failures are noted by the name of the job."""

    def __init__(self, path: Path) -> None:
        self.metadata = BACKEND.open_rows(path)
        self.clock = HandClock()
        self.failures: list[tuple[str, str]] = []

    def runner(self, *jobs: Job) -> Runner:
        return Runner(
            self.metadata, self.clock, jobs, lambda name, error: self.failures.append((name, str(error))), new_identifier()
        )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(new_database(tmp_path / "contentlib.db"))
    yield made
    await made.metadata.close()


def counting(runs: list[int]) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        runs.append(len(runs))

    return run


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not happened():  # noqa: ASYNC110 - a job tells nobody that it ran
            await asyncio.sleep(0.001)


async def test_a_job_runs_again_and_again_until_the_stop(world: World) -> None:
    runs: list[int] = []
    runner = world.runner(Job("sweep", 0.001, counting(runs)))
    runner.start()
    assert runs == []
    await until(lambda: len(runs) >= 3)
    await runner.stop()
    ended = len(runs)
    await asyncio.sleep(0.01)
    assert len(runs) == ended


async def test_a_job_that_fails_is_told_and_runs_again(world: World) -> None:
    attempts: list[int] = []

    async def run() -> None:
        attempts.append(len(attempts))
        raise OSError(f"attempt {len(attempts)}")

    runner = world.runner(Job("sweep", 0.001, run))
    runner.start()
    await until(lambda: len(attempts) >= 2)
    await runner.stop()
    assert world.failures[:2] == [("sweep", "attempt 1"), ("sweep", "attempt 2")]


async def test_one_failing_job_does_not_stop_the_others(world: World) -> None:
    async def run() -> None:
        raise ValueError("no")

    runs: list[int] = []
    runner = world.runner(Job("bad", 0.001, run), Job("good", 0.001, counting(runs)))
    runner.start()
    await until(lambda: len(runs) >= 3)
    await runner.stop()
    assert world.failures[0] == ("bad", "no")


async def test_of_two_processes_one_runs_a_job(world: World) -> None:
    runs: list[int] = []
    job = Job("sweep", 10, counting(runs))
    first, second = world.runner(job), world.runner(job)
    assert [await first.once(job), await second.once(job), await first.once(job), await second.once(job)] == [
        True,
        False,
        True,
        False,
    ]
    assert len(runs) == 2


async def test_every_process_runs_a_job_that_is_not_alone(world: World) -> None:
    runs: list[int] = []
    job = Job("touch", 10, counting(runs), exclusive=False)
    assert [await world.runner(job).once(job), await world.runner(job).once(job)] == [True, True]


async def test_two_jobs_have_a_lease_each(world: World) -> None:
    runs: list[int] = []
    one, other = Job("one", 10, counting(runs)), Job("other", 10, counting(runs))
    assert [await world.runner(one).once(one), await world.runner(other).once(other)] == [True, True]


async def test_the_lease_of_a_process_that_was_killed_ends(world: World) -> None:
    runs: list[int] = []
    job = Job("sweep", 10, counting(runs))
    killed, other = world.runner(job), world.runner(job)
    await killed.once(job)
    world.clock.pass_seconds(30)
    assert not await other.once(job)
    world.clock.pass_seconds(1)
    assert await other.once(job)
    assert not await killed.once(job)


async def test_a_process_that_stops_lets_go_of_its_leases(world: World) -> None:
    job = Job("sweep", 10, counting([]))
    stopped, other = world.runner(job), world.runner(job)
    await stopped.once(job)
    await stopped.stop()
    assert await other.once(job)


async def test_a_stop_cancels_a_job_that_runs(world: World) -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def run() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    runner = world.runner(Job("long", 0.001, run))
    runner.start()
    await began.wait()
    await runner.stop()
    assert ended.is_set()
    assert world.failures == []


async def test_a_job_that_is_woken_runs_now(world: World) -> None:
    runs: list[int] = []
    runner = world.runner(Job("sweep", 3600, counting(runs)), Job("other", 3600, counting([])))
    runner.start()
    for times in (1, 2):
        runner.wake("sweep")
        await until(lambda times=times: len(runs) == times)  # type: ignore[misc]  # a default binds the loop's variable
    await runner.stop()
