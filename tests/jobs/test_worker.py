from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from contentlib.jobs.worker import Again, Handler, Progress, Worker, WorkLimits
from contentlib.library.errors import Fault, Missing, NotActive, Unsupported
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Task, TaskStatus
from contentlib.library.tasks import CANCELED, NewTask, Tasks
from contentlib.metadata.sqlite import SqliteMetadata
from databases import new_database
from following import until
from processes import PATIENCE_SECONDS
from whole import HandClock


class BreakableMetadata(SqliteMetadata):
    """Does not take changes while it is broken."""

    broken = False

    def transaction(self, *, durable: bool) -> Any:
        if self.broken:
            raise OSError("the database does not answer")
        return super().transaction(durable=durable)


class World:
    """A metadata store, its tasks, and workers on it; no lease ends before the clock is moved."""

    def __init__(self, path: Path) -> None:
        self.clock = HandClock()
        self.metadata = BreakableMetadata(path)
        self.tasks = Tasks(self.metadata, self.clock)
        self.failures: list[str] = []
        self.workers: list[Worker] = []

    async def submit(self, kind: str = "work", *, cancelable: bool = True) -> str:
        new = NewTask(
            kind=kind,
            service="s",
            operation="o",
            description=Fault("d", "does it"),
            user="admin",
            arguments="{}",
            cancelable=cancelable,
        )
        async with self.metadata.transaction(durable=False) as transaction:
            return (await self.tasks.submit(transaction, new)).id

    def work(self, handler: Handler, more: dict[str, Handler] | None = None, **options: Any) -> Worker:
        handlers = {"work": handler, **(more or {})}
        limits = WorkLimits(poll=0.02, **options)
        worker = Worker(
            self.metadata, self.clock, handlers, lambda name, _: self.failures.append(name), new_identifier(), limits
        )
        worker.start()
        self.workers.append(worker)
        return worker

    async def until(self, task_id: str, fits: Callable[[Task], bool]) -> Task:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not fits(task := await self.tasks.get(task_id)):  # noqa: ASYNC110 - the store tells of no change
                await asyncio.sleep(0.01)
        return task

    async def blocked(self, task_id: str) -> Task:
        """A task that waits for its next attempt, which is due from now on."""
        task = await self.until(task_id, lambda task: task.status is TaskStatus.BLOCKED)
        self.clock.pass_seconds(2)
        return task

    async def ended(self, task_id: str) -> Task:
        return await self.until(task_id, lambda task: task.ended is not None)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(new_database(tmp_path / "contentlib.db"))
    yield made
    for worker in made.workers:
        await worker.stop()
    await made.metadata.close()


def raising(*errors: BaseException | None) -> Handler:
    """Fails with one error after the other; None is a success."""
    left = list(errors)

    async def handler(task: Task, progress: Progress) -> str | None:
        error = left.pop(0)
        if error is not None:
            raise error
        return '"done"'

    return handler


async def forever(task: Task, progress: Progress) -> str | None:
    progress.note(3, 7)
    await asyncio.Event().wait()
    return None


async def has_failed(world: World, name: str) -> None:
    """Returns when a failure is told of."""
    await until(lambda: name in world.failures)


async def test_a_task_runs_and_its_result_is_kept(world: World) -> None:
    world.work(raising(None))
    task = await world.ended(await world.submit())
    assert (task.status, task.result, task.completed, task.attempts) == (TaskStatus.SUCCEEDED, '"done"', 100, 1)


async def test_an_error_of_the_rules_fails_the_task_with_its_words(world: World) -> None:
    world.work(raising(Missing("library", "x")))
    task = await world.ended(await world.submit())
    assert (task.status, task.fault) == (TaskStatus.FAILED, Missing("library", "x").fault)


async def test_an_unforeseen_error_is_logged_and_not_told(world: World) -> None:
    world.work(raising(ValueError("secret")))
    task = await world.ended(await world.submit())
    assert task.status is TaskStatus.FAILED
    assert task.fault is not None and "secret" not in task.fault.text
    assert world.failures == [f"task {task.id} (work)"]


async def test_what_may_succeed_later_is_tried_again(world: World) -> None:
    world.work(raising(Again(Fault("a", "the line broke")), None))
    task_id = await world.submit()
    blocked = await world.blocked(task_id)
    assert (blocked.fault, blocked.owner) == (Fault("a", "the line broke"), None)
    task = await world.ended(task_id)
    assert (task.status, task.attempts, task.fault) == (TaskStatus.SUCCEEDED, 2, None)


async def test_a_task_whose_database_does_not_answer_is_tried_again(world: World) -> None:
    world.work(raising(ConnectionResetError(errno.ECONNRESET, "the server closed the connection"), None))
    task_id = await world.submit()
    blocked = await world.blocked(task_id)
    assert blocked.fault is not None
    assert blocked.fault.text == "the server cannot access its storage: the server closed the connection"
    assert (await world.ended(task_id)).status is TaskStatus.SUCCEEDED
    assert world.failures == [f"task {task_id} (work)"]


async def test_a_task_that_fails_too_often_fails(world: World) -> None:
    world.work(raising(Again(Fault("a", "the line broke"))), attempts=1)
    task = await world.ended(await world.submit())
    assert (task.status, task.fault) == (TaskStatus.FAILED, Fault("a", "the line broke"))


async def test_a_handler_knows_its_last_attempt(world: World) -> None:
    told: list[bool] = []

    async def handler(task: Task, progress: Progress) -> str | None:
        told.append(progress.last)
        raise Again(Fault("a", "the line broke"))

    world.work(handler, attempts=2)
    task_id = await world.submit()
    await world.blocked(task_id)
    await world.ended(task_id)
    assert told == [False, True]


async def test_a_running_task_shows_its_progress_and_is_canceled(world: World) -> None:
    world.work(forever, lease=0.1)
    task_id = await world.submit()
    await world.until(task_id, lambda task: (task.completed, task.total) == (3, 7))
    await world.tasks.cancel(task_id)
    task = await world.ended(task_id)
    assert task.status is TaskStatus.FAILED
    assert task.fault is not None and task.fault.id == "task.canceled"


async def test_a_task_that_is_canceled_during_an_attempt_is_not_tried_again(world: World) -> None:
    async def handler(task: Task, progress: Progress) -> str | None:
        await world.tasks.cancel(task.id)
        raise Again(Fault("a", "the line broke"))

    world.work(handler)
    task = await world.ended(await world.submit())
    assert (task.status, task.fault) == (TaskStatus.FAILED, CANCELED)


async def test_a_database_that_does_not_answer_for_a_while_ends_no_attempt(world: World) -> None:
    go_on = asyncio.Event()

    async def handler(task: Task, progress: Progress) -> str | None:
        await go_on.wait()
        return "1"

    world.work(handler, lease=0.9)
    task_id = await world.submit()
    await world.until(task_id, lambda task: task.status is TaskStatus.RUNNING)
    world.metadata.broken = True
    await has_failed(world, f"task {task_id}")
    world.metadata.broken = False
    go_on.set()
    task = await world.ended(task_id)
    assert (task.status, task.attempts) == (TaskStatus.SUCCEEDED, 1)


async def test_an_end_that_could_not_be_noted_is_logged_and_the_task_taken_up_again(world: World) -> None:
    async def handler(task: Task, progress: Progress) -> str | None:
        world.metadata.broken = task.attempts == 1
        return "1"

    world.work(handler)
    task_id = await world.submit()
    await has_failed(world, f"task {task_id}")
    world.metadata.broken = False
    world.clock.pass_seconds(31)
    task = await world.ended(task_id)
    assert (task.status, task.attempts) == (TaskStatus.SUCCEEDED, 2)


async def test_a_worker_goes_on_looking_whatever_went_wrong(world: World) -> None:
    task_id = await world.submit()
    async with world.metadata.transaction(durable=False) as transaction:
        raw = cast(Any, transaction).raw
        raw.execute("UPDATE tasks SET description = 'damaged'")
    world.work(raising(None))
    await has_failed(world, "worker")
    async with world.metadata.transaction(durable=False) as transaction:
        await transaction.tasks.remove(task_id)
    assert (await world.ended(await world.submit())).status is TaskStatus.SUCCEEDED


async def test_a_task_that_nobody_runs_is_canceled_at_once_and_only_once(world: World) -> None:
    task_id = await world.submit()
    await world.tasks.cancel(task_id)
    assert (await world.tasks.get(task_id)).status is TaskStatus.FAILED
    with pytest.raises(NotActive, match="is FAILED and cannot be canceled"):
        await world.tasks.cancel(task_id)


async def test_a_task_that_is_not_cancelable_is_not_canceled(world: World) -> None:
    task_id = await world.submit(cancelable=False)
    with pytest.raises(Unsupported, match=f"task {task_id} cannot be canceled"):
        await world.tasks.cancel(task_id)
    assert (await world.tasks.get(task_id)).status is TaskStatus.PENDING


async def test_a_worker_that_stops_lets_its_tasks_go(world: World) -> None:
    first = world.work(forever)
    task_id = await world.submit()
    await world.until(task_id, lambda task: task.status is TaskStatus.RUNNING)
    await first.stop()
    assert (await world.tasks.get(task_id)).status is TaskStatus.PENDING
    world.work(raising(None))
    assert (await world.ended(task_id)).attempts == 2


async def test_a_task_that_was_claimed_just_as_its_worker_stops_is_let_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id, committed, begin = await world.submit(), asyncio.Event(), world.metadata.transaction

    @asynccontextmanager
    async def late(*, durable: bool) -> AsyncIterator[Any]:
        """Is not answered after the first commit."""
        async with begin(durable=durable) as transaction:
            yield transaction
        if not committed.is_set():
            committed.set()
            await asyncio.Event().wait()

    monkeypatch.setattr(world.metadata, "transaction", late)
    worker = world.work(raising(None))
    await committed.wait()
    assert (await world.tasks.get(task_id)).status is TaskStatus.RUNNING
    await worker.stop()
    assert (await world.tasks.get(task_id)).status is TaskStatus.PENDING


async def test_a_task_of_a_dead_worker_is_taken_over_when_its_lease_is_over(world: World) -> None:
    task_id = await world.submit()
    async with world.metadata.transaction(durable=False) as transaction:
        now = world.clock.now()
        await transaction.tasks.claim(["work"], "dead", now, now + 200)
    world.work(raising(None, None))
    await world.ended(await world.submit())
    assert (await world.tasks.get(task_id)).owner == "dead"
    world.clock.pass_seconds(1)
    task = await world.ended(task_id)
    assert (task.status, task.attempts) == (TaskStatus.SUCCEEDED, 2)


async def test_attempts_that_ended_with_their_worker_are_no_failures(world: World) -> None:
    """Else a task that many workers have had would wait for minutes after its first failure, or fail at once."""
    task_id = await world.submit()
    for _ in range(20):
        async with world.metadata.transaction(durable=False) as transaction:
            now = world.clock.now()
            assert await transaction.tasks.claim(["work"], "dead", now, now + 200)
            await transaction.tasks.let_go(["dead"])
    world.work(raising(Again(Fault("a", "the line broke")), None))
    blocked = await world.blocked(task_id)
    assert (blocked.attempts, blocked.failures) == (21, 1)
    assert (await world.ended(task_id)).status is TaskStatus.SUCCEEDED


async def test_no_more_tasks_run_at_once_than_allowed(world: World) -> None:
    running, most, two = 0, 0, asyncio.Barrier(2)

    async def handler(task: Task, progress: Progress) -> str | None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await two.wait()
        running -= 1
        return None

    world.work(handler, most=2)
    for task_id in [await world.submit() for _ in range(6)]:
        await world.ended(task_id)
    assert most == 2


async def test_those_of_one_kind_that_wait_keep_no_place_from_another_kind(world: World) -> None:
    released = asyncio.Event()

    async def wait(task: Task, progress: Progress) -> str | None:
        await released.wait()
        return None

    waiting = [await world.submit("wait") for _ in range(4)]
    other = await world.submit()
    world.work(raising(None), more={"wait": wait}, places={"wait": 2})
    await world.ended(other)
    assert [(await world.tasks.get(each)).status for each in waiting] == [*["RUNNING"] * 2, *["PENDING"] * 2]
    released.set()
    for task_id in waiting:
        await world.ended(task_id)


async def test_two_workers_do_not_do_one_task_twice(world: World) -> None:
    done: list[str] = []

    async def handler(task: Task, progress: Progress) -> str | None:
        done.append(task.id)
        await asyncio.sleep(0.005)
        return None

    for _ in range(2):
        world.work(handler)
    submitted = [await world.submit() for _ in range(20)]
    for task_id in submitted:
        await world.ended(task_id)
    assert sorted(done) == sorted(submitted)


async def test_a_kind_that_nobody_knows_waits(world: World) -> None:
    world.work(raising(None))
    other = await world.submit("other")
    await world.ended(await world.submit())
    assert (await world.tasks.get(other)).status is TaskStatus.PENDING
