"""Builds the data object TaskInfo."""

from __future__ import annotations

from contentlib.vapi.types import DateTime
from contentlib.vim.faults import VimFault
from contentlib.vim.values import Data, Enum, Fields, Reference, Typed, Value

_NAMES = {
    "SearchDatastore_Task": "HostDatastoreBrowser.search",
    "SearchDatastoreSubFolders_Task": "HostDatastoreBrowser.searchSubFolders",
}
"""The method that started a task -> the identifier of its description."""

_FIELDS = (
    "key",
    "task",
    "description",
    "name",
    "descriptionId",
    "entity",
    "entityName",
    "locked",
    "state",
    "cancelled",
    "cancelable",
    "error",
    "result",
    "progress",
    "progressDetails",
    "reason",
    "queueTime",
    "startTime",
    "completeTime",
    "eventChainId",
    "changeTag",
    "parentTaskKey",
    "rootTaskKey",
    "activationId",
)
"""The fields of the data object, in its order."""


def task_info(task: Reference, user: str, queued: int, state: str, fields: Fields) -> Data:
    """The TaskInfo of a task that a user started. Fields that are not given are unset."""
    told: Fields = {
        "key": task.id,
        "task": task,
        "state": Enum("TaskInfoState", state),
        "cancelled": False,
        "cancelable": False,
        "reason": Typed(Data("TaskReasonUser", {"userName": user})),
        "queueTime": DateTime(queued),
        "eventChainId": 0,
        **fields,
    }
    return Data("TaskInfo", {name: told.get(name) for name in _FIELDS})


def fault_field(detail: Data, text: str) -> Data:
    """The error of a task."""
    return Data("LocalizedMethodFault", {"fault": Typed(detail), "localizedMessage": text})


def ended_task(
    task: Reference,
    method: str,
    user: str,
    time: int,
    *,
    entity: tuple[Reference, str] | None = None,
    result: Value | None = None,
    failure: VimFault | None = None,
) -> Data:
    """The TaskInfo of a task that was started by a method and ended at once. An entity has a name."""
    fields: Fields = {
        "name": method,
        "descriptionId": _NAMES[method],
        "entity": entity and entity[0],
        "entityName": entity and entity[1],
        "error": None if failure is None else fault_field(failure.detail, str(failure)),
        "result": None if result is None else Typed(result),
        "startTime": DateTime(time),
        "completeTime": DateTime(time),
    }
    return task_info(task, user, time, "success" if failure is None else "error", fields)
