"""Defines tasks: work without a waiting caller, which can be observed and canceled. The state machine is a table."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from contentlib.library import messages
from contentlib.library.actors import submitter
from contentlib.library.clock import Clock
from contentlib.library.errors import Fault, Missing, NotActive, Unsupported
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Task, TaskStatus, TaskTarget
from contentlib.library.ports import MetadataStore, Transaction

KIND = "task"
CANCELED = messages.TASK_CANCELED()
_UNDER_WAY = (TaskStatus.PENDING, TaskStatus.RUNNING)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.2

TRANSITIONS: Mapping[tuple[TaskStatus, str], TaskStatus] = {
    (TaskStatus.PENDING, "canceled"): TaskStatus.FAILED,
    (TaskStatus.BLOCKED, "canceled"): TaskStatus.FAILED,
    (TaskStatus.RUNNING, "canceled"): TaskStatus.FAILED,
    (TaskStatus.RUNNING, "finished"): TaskStatus.SUCCEEDED,
    (TaskStatus.RUNNING, "failed"): TaskStatus.FAILED,
    (TaskStatus.RUNNING, "put off"): TaskStatus.BLOCKED,
    (TaskStatus.RUNNING, "let go"): TaskStatus.PENDING,
}
"""(status, event) -> status; what is not here is refused and changes nothing."""


class NewTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task to submit: its handler (`kind`), its arguments (JSON), and its description for callers."""

    kind: str
    service: str
    operation: str
    description: Fault
    user: str
    arguments: str
    target: TaskTarget | None = None
    parent: str | None = None
    cancelable: bool = True


def fire(task: Task, event: str) -> Task:
    """Returns the task after an event, without an owner. Raises NotActive if the event is not allowed in its status."""
    status = TRANSITIONS.get((task.status, event))
    if status is None:
        raise NotActive(KIND, task.id, task.status, event)
    return replace(task, status=status, owner=None, until=None)


class Tasks:
    """The operations on tasks."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    async def submit(self, transaction: Transaction, new: NewTask) -> Task:
        """Adds a task, in the transaction of the change that it belongs to; it runs once that is committed."""
        now = self._clock.now()
        task = Task(id=new_identifier(), created=now, due=now, submitter=submitter(), **msgspec.structs.asdict(new))
        await transaction.tasks.add(task)
        return task

    async def get(self, task_id: str) -> Task:
        """The task, or Missing."""
        async with self._metadata.reading() as transaction:
            return await find_task(transaction, task_id)

    async def all(self) -> list[Task]:
        """All tasks that are not forgotten yet."""
        async with self._metadata.reading() as transaction:
            return await transaction.tasks.all()

    async def wait(self, task_id: str, seconds: float) -> Task | None:
        """The task when it has ended or waits for its next attempt, or after some seconds; None when it is forgotten."""
        pause, ends = _FIRST_PAUSE, time.monotonic() + seconds
        while True:
            async with self._metadata.reading() as transaction:
                task = await transaction.tasks.get(task_id)
            if task is None or not self._moves(task) or time.monotonic() + pause > ends:
                return task
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _moves(self, task: Task) -> bool:
        """Whether a task runs, or is about to."""
        return task.status in _UNDER_WAY or (task.status is TaskStatus.BLOCKED and task.due <= self._clock.now())

    async def remember(self, task_id: str, arguments: str) -> None:
        """Changes the arguments with which a running task is continued."""
        async with self._metadata.transaction(durable=False) as transaction:
            task = await find_task(transaction, task_id)
            await transaction.tasks.put(replace(task, arguments=arguments))

    async def cancel(self, task_id: str) -> None:
        """Ends a task that has not begun, and asks a running one to end.

        NotActive when it has ended already, Unsupported when it is of a kind that cannot be canceled.
        """
        async with self._metadata.transaction(durable=False) as transaction:
            task = await find_task(transaction, task_id)
            canceled = fire(task, "canceled")
            if not task.cancelable:
                raise Unsupported(messages.TASK_NOT_CANCELABLE(task=task_id))
            if task.status is TaskStatus.RUNNING:
                await transaction.tasks.put(replace(task, canceling=True))
            else:
                await transaction.tasks.put(replace(canceled, ended=self._clock.now(), fault=CANCELED))


async def find_task(transaction: Transaction, task_id: str) -> Task:
    """The task, or Missing."""
    task = await transaction.tasks.get(task_id)
    if task is None:
        raise Missing(KIND, task_id)
    return task
