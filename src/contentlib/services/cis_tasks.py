"""Implements com.vmware.cis.tasks: the state and the result of tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from contentlib.access.gate import AccessGate
from contentlib.library import model
from contentlib.library.tasks import CANCELED, Tasks
from contentlib.services import messages
from contentlib.structures.conversions import message_of
from contentlib.structures.privileges import ABOUT_TASK, CHANGING_TASK, TASK
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import (
    ERRORS,
    Canceled,
    Error,
    InvalidArgument,
    NotAllowedInCurrentState,
    NotFound,
    ResourceInaccessible,
    ServiceUnavailable,
    Unauthenticated,
    Unauthorized,
    Unsupported,
    VapiError,
)
from contentlib.vapi.registry import Call
from contentlib.vapi.std import DynamicId, LocalizableMessage, message
from contentlib.vapi.types import Anything, DateTime, Enumeration, Id, Integer, Structure, Typed, enumeration
from contentlib.vapi.unions import TaggedUnion

_PATH = "/api/cis/tasks"
_TASK = f"{_PATH}/{{task}}"
_REST = "/rest/cis/tasks"
_MOST = 1000
_REST_TASK = f"{_REST}/{{task}}"
_UNDER_WAY = {"progress": True, "result": False, "start_time": True}
_READING = (Error, NotFound, ResourceInaccessible, ServiceUnavailable, Unauthenticated, Unauthorized)


@enumeration("com.vmware.cis.task.status")
class TaskStatus(Enumeration):
    """State of a task. BLOCKED means that it is waiting for its next attempt."""

    BLOCKED = "BLOCKED"
    FAILED = "FAILED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"


class Progress(Structure):
    """Progress of a task. The numbers are bytes or objects, as the message says."""

    vapi_name: ClassVar[str] = "com.vmware.cis.task.progress"
    completed: Integer
    message: LocalizableMessage
    total: Integer


class TaskInfo(Structure):
    """A task. Times are in UTC. A PENDING task has neither times nor progress.

    `error` is set if the task is FAILED, `result` if it is SUCCEEDED and its operation returns one. If a task was canceled
    before it ran, its start time equals its end time.
    """

    vapi_name: ClassVar[str] = "com.vmware.cis.task.info"
    unions = (
        TaggedUnion(
            "status",
            {
                "BLOCKED": _UNDER_WAY,
                "FAILED": {**_UNDER_WAY, "error": False, "end_time": True},
                "PENDING": {},
                "RUNNING": _UNDER_WAY,
                "SUCCEEDED": {**_UNDER_WAY, "end_time": True},
            },
        ),
    )
    cancelable: bool
    description: LocalizableMessage
    operation: Id
    service: Id
    status: TaskStatus
    end_time: DateTime | None = None
    error: Anything | None = None
    parent: Id | None = None
    progress: Progress | None = None
    result: Anything | None = None
    start_time: DateTime | None = None
    target: DynamicId | None = None
    user: str | None = None


class GetSpec(Structure):
    """Selects how much is returned about a task."""

    vapi_name: ClassVar[str] = "com.vmware.cis.tasks.get_spec"
    exclude_result: bool | None = None
    return_all: bool | None = None


class FilterSpec(Structure):
    """Selects tasks. A task must match every field that is set and not empty."""

    vapi_name: ClassVar[str] = "com.vmware.cis.tasks.filter_spec"
    operations: set[Id] | None = None
    services: set[Id] | None = None
    status: set[TaskStatus] | None = None
    targets: list[DynamicId] | None = None
    tasks: set[Id] | None = None
    users: set[str] | None = None


Results = Callable[[str, str, str], Typed | None]
"""The result of a task of a service's operation, of the JSON that was kept; None where the operation returns none."""


class TasksService(Service):
    """Tasks."""

    vapi_id = "com.vmware.cis.tasks"

    def __init__(self, tasks: Tasks, results: Results, gate: AccessGate) -> None:
        self._tasks = tasks
        self._results = results
        self._gate = gate

    @operation(Route("GET", _TASK, rest=_REST_TASK), errors=_READING, about=ABOUT_TASK)
    async def get(self, call: Call, spec: GetSpec | None, task: Id) -> TaskInfo:
        """Returns a task."""
        return self._info(await self._tasks.get(task), spec)

    @operation(
        Route("GET", _PATH, rest=_REST),
        errors=(InvalidArgument, ResourceInaccessible, ServiceUnavailable, Unauthenticated, Unauthorized),
        shows=TASK,
    )
    async def list(self, call: Call, filter_spec: FilterSpec | None, result_spec: GetSpec | None) -> dict[Id, TaskInfo]:
        """Lists the tasks that match a filter, by their identifiers. The filter must name tasks or services.

        Fails if more than 1,000 tasks match.
        """
        wanted = filter_spec or FilterSpec()
        if not (wanted.tasks or wanted.services):
            raise InvalidArgument(messages.FILTER_EMPTY(field="filter_spec"))
        matching = [each for each in await self._tasks.all() if _matches(each, wanted)]
        seen = await self._gate.visible(call, TASK, [each.id for each in matching])
        found = [each for each in matching if each.id in seen]
        if len(found) > _MOST:
            raise ResourceInaccessible(messages.TOO_MANY_TASKS(count=len(found), limit=_MOST))
        return {each.id: self._info(each, result_spec) for each in found}

    @operation(
        Route("POST", _TASK, status=204, rest=f"{_REST_TASK}?action=cancel"),
        errors=(*_READING, NotAllowedInCurrentState, Unsupported),
        about=CHANGING_TASK,
    )
    async def cancel(self, call: Call, task: Id) -> None:
        """Ends a task that has not started, and asks a running one to end."""
        await self._tasks.cancel(task)

    def _info(self, task: model.Task, spec: GetSpec | None) -> TaskInfo:
        pending = task.status is model.TaskStatus.PENDING  # it may have run before and wait to continue
        description = task.description
        return TaskInfo(
            cancelable=task.cancelable,
            description=message(description),
            end_time=_moment(task.ended),
            error=_error(task) if task.status is model.TaskStatus.FAILED else None,
            operation=task.operation,
            parent=task.parent,
            progress=None if pending else _progress(task),
            result=self._result(task, spec),
            service=task.service,
            start_time=None if pending else _moment(task.ended if task.started is None else task.started),
            status=TaskStatus(task.status.value),
            target=None if task.target is None else DynamicId(id=task.target.id, type=task.target.type),
            user=task.user,
        )

    def _result(self, task: model.Task, spec: GetSpec | None) -> Typed | None:
        if task.result is None or (spec is not None and spec.exclude_result):
            return None
        return self._results(task.service, task.operation, task.result)


def _moment(time: int | None) -> DateTime | None:
    return None if time is None else DateTime(time)


def _progress(task: model.Task) -> Progress:
    """While the task waits for its next attempt, the progress contains the error of the last one."""
    told = message_of(task.fault) or message(messages.PROGRESS(completed=task.completed, total=task.total))
    return Progress(completed=task.completed, message=told, total=task.total)


def _error(task: model.Task) -> VapiError:
    fault = task.fault or messages.TASK_FAILED()
    kind = Canceled if fault.id == CANCELED.id else ERRORS.get(fault.error or "", Error)
    return kind(fault)


def _matches(task: model.Task, wanted: FilterSpec) -> bool:
    checks: tuple[tuple[Any, Any], ...] = (
        (wanted.operations, task.operation),
        (wanted.services, task.service),
        (wanted.status, task.status),
        (wanted.tasks, task.id),
        (wanted.users, task.user),
    )
    if not all(not allowed or value in allowed for allowed, value in checks):
        return False
    targets = {(each.type, each.id) for each in wanted.targets or ()}
    return not targets or (task.target is not None and (task.target.type, task.target.id) in targets)
