"""What every metadata store must do: tasks, their claims and leases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from contentlib.library.errors import Fault
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Task, TaskStatus, TaskTarget
from contentlib.library.ports import MetadataStore, Transaction
from contracts import made

Open = Callable[[], MetadataStore]


def task(**changes: Any) -> Task:
    row = Task(
        id=new_identifier(),
        kind="pull",
        service="com.vmware.content.library.item.updatesession.file",
        operation="add",
        description=Fault("task.pull", "pulls a file", ("a.iso",)),
        user="admin",
        arguments="{}",
        created=1,
        due=10,
    )
    return replace(row, **changes)


async def _add(store: MetadataStore, *tasks: Task) -> None:
    async with store.transaction(durable=False) as transaction:
        for each in tasks:
            await transaction.tasks.add(each)


async def _claim(store: MetadataStore, now: int, owner: str = "me") -> Task | None:
    async with store.transaction(durable=False) as transaction:
        return await transaction.tasks.claim(["pull"], owner, now, now + 100)


async def test_tasks_come_back_as_they_were_added_and_as_they_were_put(store: MetadataStore) -> None:
    full = task(target=TaskTarget("com.vmware.content.library.Item", "i"), parent="p", result='"x"', fault=made.FAULT)
    await _add(store, full)
    async with store.transaction(durable=False) as transaction:
        await transaction.tasks.put(replace(full, status=TaskStatus.FAILED, ended=9))
    async with store.reading() as transaction:
        assert await transaction.tasks.get(full.id) == replace(full, status=TaskStatus.FAILED, ended=9)
        assert await transaction.tasks.get("nobody") is None


async def test_tasks_are_listed_in_order_of_creation_and_by_target(store: MetadataStore) -> None:
    target = TaskTarget("com.vmware.content.library.Item", "i")
    late, early = task(created=2, target=target), task(created=1)
    await _add(store, late, early)
    async with store.reading() as transaction:
        assert [each.id for each in await transaction.tasks.all()] == [early.id, late.id]
        assert [each.id for each in await transaction.tasks.of_target(target)] == [late.id]


async def test_the_newest_tasks_that_run_or_ended_lately_are_listed_in_order_of_creation(store: MetadataStore) -> None:
    ended = [task(created=n, status=TaskStatus.SUCCEEDED, ended=10 + n) for n in range(3)]
    running = task(created=9)
    await _add(store, running, *reversed(ended))
    async with store.reading() as transaction:
        assert [each.id for each in await transaction.tasks.recent(11, 5)] == [ended[1].id, ended[2].id, running.id]
        assert [each.id for each in await transaction.tasks.recent(0, 2)] == [ended[2].id, running.id]


async def test_a_claimed_task_is_running_and_nobody_elses(store: MetadataStore, another: Open) -> None:
    await _add(store, task())
    claimed = await _claim(store, 20)
    assert claimed is not None
    assert (claimed.status, claimed.owner, claimed.until, claimed.attempts, claimed.started) == ("RUNNING", "me", 120, 1, 20)
    assert await _claim(another(), 30, "other") is None


async def test_the_task_that_has_been_due_for_the_longest_goes_first(store: MetadataStore) -> None:
    later, first = task(due=12), task(due=11)
    await _add(store, later, first, task(due=1000), task(due=1, kind="sync"))
    claimed = [await _claim(store, 20), await _claim(store, 20), await _claim(store, 20)]
    assert [each and each.id for each in claimed] == [first.id, later.id, None]


async def test_a_task_whose_owner_is_gone_is_taken_over(store: MetadataStore, another: Open) -> None:
    await _add(store, task())
    await _claim(store, 20)
    taken = await _claim(another(), 121, "other")
    assert taken is not None
    assert (taken.owner, taken.attempts, taken.started) == ("other", 2, 20)


async def test_tasks_of_a_process_that_has_ended_are_pending_again(store: MetadataStore) -> None:
    ended, waiting = task(status=TaskStatus.SUCCEEDED, ended=9), task(status=TaskStatus.BLOCKED, due=500)
    await _add(store, task(), ended, waiting)
    claimed = await _claim(store, 20)
    assert claimed is not None
    async with store.transaction(durable=False) as transaction:
        assert await transaction.tasks.owners() == {str(claimed.owner)}
        await transaction.tasks.let_go(["another process"])
        assert await transaction.tasks.get(claimed.id) == claimed
        await transaction.tasks.let_go([str(claimed.owner)])
        assert await transaction.tasks.get(claimed.id) == replace(claimed, status=TaskStatus.PENDING, owner=None, until=None)
        assert await transaction.tasks.get(ended.id) == ended
        assert await transaction.tasks.get(waiting.id) == waiting
    again = await _claim(store, 21)
    assert again is not None
    assert (again.id, again.attempts) == (claimed.id, 2)


async def test_waiting_says_whether_there_is_something_to_claim(store: MetadataStore) -> None:
    await _add(store, task())
    async with store.reading() as transaction:
        assert [await transaction.tasks.waiting(["pull"], now) for now in (9, 10)] == [False, True]
        assert not await transaction.tasks.waiting(["sync"], 10)
    await _claim(store, 20)
    async with store.reading() as transaction:
        assert [await transaction.tasks.waiting(["pull"], now) for now in (120, 121)] == [False, True]


async def test_tasks_that_ended_are_neither_claimed_nor_kept_for_ever(store: MetadataStore) -> None:
    ended = task(ended=15, status=TaskStatus.SUCCEEDED)
    await _add(store, ended)
    assert await _claim(store, 20) is None
    async with store.transaction(durable=False) as transaction:
        await transaction.tasks.forget(15)
        assert await transaction.tasks.get(ended.id) == ended
        await transaction.tasks.forget(16)
        assert await transaction.tasks.get(ended.id) is None


async def test_deadlines_are_moved_and_what_tells_of_the_past_is_not(store: MetadataStore) -> None:
    waiting, done = task(due=100), task(ended=100)
    await _add(store, waiting, done)
    blobs = [made.blob(created=100, unreferenced=each) for each in (100, None)]
    async with store.transaction(durable=False) as transaction:
        for blob in blobs:
            await transaction.blobs.add(blob)
        await transaction.state.claim("job", "me", 1, 100)
        await transaction.state.move(-50)
        assert not await transaction.state.claim("job", "you", 49, 60)
        assert await transaction.state.claim("job", "you", 51, 60)
    async with store.reading() as transaction:
        assert [(await found(transaction, each)).due for each in (waiting, done)] == [50, 10 - 50]
        moved = [await transaction.blobs.get(each.id) for each in blobs]
    assert [(each.created, each.unreferenced) for each in moved if each is not None] == [(100, 50), (100, None)]


async def found(transaction: Transaction, wanted: Task) -> Task:
    task = await transaction.tasks.get(wanted.id)
    assert task is not None
    return task
