"""Performs operations that were called as tasks, on behalf of the user who called them.

If the server is killed, the operation is performed again. Operations declared as tasks are idempotent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from contentlib.jobs.worker import Again, Handler, Progress, TaskFailed
from contentlib.library.catalog.items import find_item
from contentlib.library.catalog.libraries import find_library
from contentlib.library.errors import Fault
from contentlib.library.model import Task, TaskTarget
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.tasks import NewTask, Tasks
from contentlib.structures.privileges import ITEM, LIBRARY
from contentlib.vapi.errors import ServiceUnavailable, VapiError
from contentlib.vapi.registry import Asked, Call

KIND = "operation"
Perform = Callable[[str, str, str, Call], Awaitable[str | None]]
"""Performs the operation of a service and a name with arguments (JSON), for a caller; its result as JSON."""


class Operations:
    """Submits operations as tasks. `wake` notifies a worker."""

    def __init__(self, metadata: MetadataStore, tasks: Tasks, wake: Callable[[], None]) -> None:
        self._metadata = metadata
        self._tasks = tasks
        self._wake = wake

    async def submit(self, asked: Asked) -> str:
        """Adds a task and answers its identifier; Missing when a library or item that it works on does not exist."""
        operation = asked.operation
        async with self._metadata.transaction(durable=True) as transaction:
            for kind, thing in asked.things:
                await _check_exists(transaction, kind, thing)
            new = NewTask(
                kind=KIND,
                service=operation.service,
                operation=operation.name,
                description=Fault(operation.id, operation.summary),
                user=asked.user,
                arguments=asked.arguments,
                target=TaskTarget(*asked.things[0]) if asked.things else None,
            )
            task = await self._tasks.submit(transaction, new)
        self._wake()
        return task.id


def performing(perform: Perform) -> Handler:
    """Returns the handler of these tasks."""

    async def run(task: Task, _: Progress) -> str | None:
        try:
            return await perform(task.service, task.operation, task.arguments, _caller(task))
        except ServiceUnavailable as error:
            raise Again(_fault(error)) from error
        except VapiError as error:
            raise TaskFailed(_fault(error)) from error

    return run


def _caller(task: Task) -> Call:
    asked = task.submitter
    if asked is None:
        return Call(task.id, "", user=task.user)
    return Call(asked.request or task.id, "", client=asked.address, user=task.user, api_token=asked.api_token)


def _fault(error: VapiError) -> Fault:
    return replace(error.fault, error=error.name)


async def _check_exists(transaction: Transaction, kind: str, thing: str) -> None:
    if kind == ITEM:
        await find_item(transaction, thing)
    elif kind == LIBRARY:
        await find_library(transaction, thing)
