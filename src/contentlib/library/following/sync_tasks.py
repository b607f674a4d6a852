"""Starts, joins and awaits the tasks of syncs."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from contentlib.library.actors import submitter
from contentlib.library.clock import Clock
from contentlib.library.errors import Fault
from contentlib.library.following import messages
from contentlib.library.model import Item, Library, Task, TaskTarget
from contentlib.library.ports import Transaction
from contentlib.library.signals import unheard
from contentlib.library.tasks import NewTask, Tasks

KIND = "sync"
_LIBRARY_SERVICE = "com.vmware.content.subscribed_library"
_ITEM_SERVICE = "com.vmware.content.library.subscribed_item"


class SyncArguments(msgspec.Struct, frozen=True):
    """Arguments of a sync: a library, or one of its items, with its content if `content` is set."""

    library: str
    item: str | None = None
    content: bool = False


class SyncTasks:
    """Starts syncs. `submitted` is called for each, `patience` is how many seconds a caller waits for the end."""

    def __init__(self, tasks: Tasks, clock: Clock, submitted: Callable[[], object] = unheard, patience: float = 5.0) -> None:
        self._tasks = tasks
        self._clock = clock
        self._submitted = submitted
        self._patience = patience

    async def submit(self, transaction: Transaction, library: Library, user: str) -> Task:
        """The task of a sync of a library, a new one or the one that runs."""
        description = messages.SYNC_LIBRARY(name=library.name)
        target = TaskTarget("com.vmware.content.Library", library.id)
        return await self._join(transaction, SyncArguments(library.id), description, target, user)

    async def submit_item(self, transaction: Transaction, library: Library, item: Item, user: str, *, content: bool) -> Task:
        """The task of a sync of an item, a new one or the one that runs."""
        arguments = SyncArguments(library.id, item.id, content)
        description = messages.SYNC_ITEM(name=item.name)
        target = TaskTarget("com.vmware.content.library.Item", item.id)
        return await self._join(transaction, arguments, description, target, user)

    async def _join(
        self, transaction: Transaction, arguments: SyncArguments, description: Fault, target: TaskTarget, user: str
    ) -> Task:
        encoded = msgspec.json.encode(arguments).decode()
        for task in await transaction.tasks.of_target(target):
            if task.kind == KIND and task.ended is None and not task.canceling and task.arguments == encoded:
                joined = self._joined(task)
                if joined != task:
                    await transaction.tasks.put(joined)
                return joined
        new = NewTask(
            kind=KIND,
            service=_LIBRARY_SERVICE if arguments.item is None else _ITEM_SERVICE,
            operation="sync",
            description=description,
            user=user,
            arguments=encoded,
            target=target,
        )
        return await self._tasks.submit(transaction, new)

    def _joined(self, task: Task) -> Task:
        """The task for its new caller too, who answers for it now, unless it is the server's own."""
        if task.owner is None and task.due > self._clock.now():  # it waits for its next attempt, which is wanted now
            task = replace(task, due=self._clock.now())
        return task if task.submitter is None else replace(task, submitter=submitter())

    async def wait(self, task_id: str) -> Task | None:
        """The task of a sync, which is soon over most of the time; callers look at the item or library right after it."""
        return await self._tasks.wait(task_id, self._patience)

    def wake(self) -> None:
        """Has the syncs begun that were submitted, once they are committed."""
        self._submitted()
