"""Builds the data object TaskInfo of a task that has ended."""

from __future__ import annotations

from contentlib.vapi.types import DateTime
from contentlib.vim.faults import VimFault
from contentlib.vim.values import Data, Enum, Reference, Typed, Value

_NAMES = {
    "SearchDatastore_Task": "HostDatastoreBrowser.search",
    "SearchDatastoreSubFolders_Task": "HostDatastoreBrowser.searchSubFolders",
}
"""The method that started a task -> the identifier of its description."""


def task_info(
    task: Reference,
    method: str,
    user: str,
    time: int,
    *,
    entity: tuple[Reference, str] | None = None,
    result: Value | None = None,
    failure: VimFault | None = None,
) -> Data:
    """The TaskInfo of a task that a user started at a time, with its result or failure. An entity has a name."""
    error, moment = None, DateTime(time)
    if failure is not None:
        error = Data("LocalizedMethodFault", {"fault": Typed(failure.detail), "localizedMessage": str(failure)})
    return Data(
        "TaskInfo",
        {
            "key": task.id,
            "task": task,
            "description": None,
            "name": method,
            "descriptionId": _NAMES[method],
            "entity": entity and entity[0],
            "entityName": entity and entity[1],
            "locked": None,
            "state": Enum("TaskInfoState", "success" if failure is None else "error"),
            "cancelled": False,
            "cancelable": False,
            "error": error,
            "result": None if result is None else Typed(result),
            "progress": None,
            "progressDetails": None,
            "reason": Typed(Data("TaskReasonUser", {"userName": user})),
            "queueTime": moment,
            "startTime": moment,
            "completeTime": moment,
            "eventChainId": 0,
            "changeTag": None,
            "parentTaskKey": None,
            "rootTaskKey": None,
            "activationId": None,
        },
    )
