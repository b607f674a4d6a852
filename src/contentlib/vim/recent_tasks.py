"""Shows the tasks of the library services as tasks of the Web Services: those that run, and those that ended lately."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from contentlib.access.gate import AccessGate
from contentlib.access.roles import ADMINISTERING, READ
from contentlib.access.scopes import ITEM, LIBRARY, TASK
from contentlib.library.clock import Clock
from contentlib.library.errors import Missing, NotActive, Unsupported
from contentlib.library.model import Item, Library, Login, Need, Task, TaskStatus
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.tasks import CANCELED, Tasks
from contentlib.vapi.errors import NotFound, Unauthorized
from contentlib.vapi.types import DateTime
from contentlib.vim import messages
from contentlib.vim.faults import invalid_state, no_permission, not_found, not_supported
from contentlib.vim.task_info import fault_field, task_info
from contentlib.vim.values import Data, Fields, Reference

_TYPE, _PREFIX = "Task", "task-"
_MANAGER = "TaskManager"
_LATELY = 600_000  # in milliseconds; a vCenter's tasks are recent for as long
_MOST = 200
_MOST_EVER = 1000
STATES = {
    TaskStatus.PENDING: "queued",
    TaskStatus.BLOCKED: "queued",
    TaskStatus.RUNNING: "running",
    TaskStatus.SUCCEEDED: "success",
    TaskStatus.FAILED: "error",
}
"""State of a task -> TaskInfoState."""


class RecentTasks:
    """The tasks that a user may see. The newest ones are shown, the oldest of them first."""

    def __init__(self, tasks: Tasks, metadata: MetadataStore, gate: AccessGate, clock: Clock) -> None:
        self._tasks = tasks
        self._metadata = metadata
        self._gate = gate
        self._clock = clock

    async def for_targets(self, login: Login, targets: Iterable[Reference]) -> Mapping[str, Data]:
        """The TaskInfo of each task, by the task's identifier, where a call is about tasks; else nothing."""
        if not any(each.type in (_TYPE, _MANAGER) for each in targets):
            return {}
        found = await self._seen(login, self._clock.now() - _LATELY, _MOST, lambda _task: True)
        infos = await self.infos(found)
        return {f"{_PREFIX}{task.id}": info for task, info in zip(found, infos, strict=True)}

    async def of(self, login: Login, fits: Callable[[Task], bool]) -> list[Task]:
        """The newest tasks that fit, however long ago they ended. The oldest is the first."""
        return await self._seen(login, 0, _MOST_EVER, fits)

    async def infos(self, tasks: Sequence[Task]) -> list[Data]:
        """The TaskInfo of each of some tasks."""
        async with self._metadata.reading() as transaction:
            return [_info(each, await _name_of_target(transaction, each)) for each in tasks]

    async def _seen(self, login: Login, since: int, most: int, fits: Callable[[Task], bool]) -> list[Task]:
        async with self._metadata.reading() as transaction:
            found = [each for each in await transaction.tasks.recent(since, most) if fits(each)]
        seen = await self._gate.seen_by(login, TASK, [each.id for each in found])
        return [each for each in found if each.id in seen]

    async def cancel(self, login: Login, target: Reference) -> None:
        """Ends a task that has not started, and asks a running one to end. Raises VimFault if it cannot be canceled."""
        identifier = target.id.removeprefix(_PREFIX)
        try:
            await self._gate.check(login, Need(READ, TASK, identifier, ADMINISTERING), "Task.CancelTask")
            await self._tasks.cancel(identifier)
        except (Missing, NotFound) as error:
            raise not_found(target) from error
        except Unauthorized as error:
            raise no_permission(target, ADMINISTERING) from error
        except NotActive as error:
            raise invalid_state(messages.TASK_ENDED(task=target.id)) from error
        except Unsupported as error:
            raise not_supported(messages.NOT_CANCELABLE(task=target.id)) from error


async def _name_of_target(transaction: Transaction, task: Task) -> str:
    """The name of what a task works on, or its identifier where that is gone."""
    if task.target is None:
        return task.service
    found: Library | Item | None = None
    if task.target.type == LIBRARY:
        found = await transaction.libraries.get(task.target.id)
    elif task.target.type == ITEM:
        found = await transaction.items.get(task.target.id)
    return task.target.id if found is None else found.name


def _info(task: Task, name: str) -> Data:
    ended = task.ended
    started = ended if task.started is None else task.started
    fault = task.fault if task.status is TaskStatus.FAILED else None
    fields: Fields = {
        "description": Data("LocalizableMessage", {"key": task.description.id, "message": task.description.text}),
        "descriptionId": f"{task.service}.{task.operation}",
        "entityName": name,
        "cancelled": fault is not None and fault.id == CANCELED.id,
        "cancelable": task.cancelable and ended is None,
        "error": None if fault is None else fault_field(Data("SystemError", {"reason": fault.text}), fault.text),
        "progress": 100 * task.completed // task.total if task.status is TaskStatus.RUNNING and task.total else None,
        "startTime": None if started is None else DateTime(started),
        "completeTime": None if ended is None else DateTime(ended),
        "parentTaskKey": None if task.parent is None else f"{_PREFIX}{task.parent}",
    }
    return task_info(Reference(_TYPE, f"{_PREFIX}{task.id}"), task.user, task.created, STATES[task.status], fields)
