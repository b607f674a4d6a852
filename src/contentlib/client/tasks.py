"""Waits for tasks of a server."""

from __future__ import annotations

import asyncio
from typing import Any

from contentlib.client.connection import ServerConnection
from contentlib.client.failures import ClientFailed, printable
from contentlib.client.sending import Transferred
from contentlib.services.cis_tasks import FilterSpec, GetSpec, TaskInfo, TasksService, TaskStatus
from contentlib.services.vapi_std_introspection_service import ServiceService

_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 2.0
ENDED = (TaskStatus.FAILED, TaskStatus.SUCCEEDED)


async def tasks_of(connection: ServerConnection) -> dict[str, TaskInfo]:
    """All tasks that the user may see, by their identifiers: a filter must name services, so it names them all."""
    services = await connection.call(ServiceService.list)
    return await connection.call(
        TasksService.list, filter_spec=FilterSpec(services=set(services)), result_spec=GetSpec(exclude_result=True)
    )


async def finished(connection: ServerConnection, task: str, shown: Transferred) -> TaskInfo:
    """A task when it has succeeded. Raises ClientFailed with the reason if it fails."""
    pause, expected, done = _FIRST_SECONDS, 0, 0
    while True:
        found = await connection.call(TasksService.get, spec=None, task=task)
        if found.progress is not None:
            shown.expect(found.progress.total - expected)
            shown.advance(found.progress.completed - done)
            expected, done = found.progress.total, found.progress.completed
        if found.status is TaskStatus.FAILED:
            raise ClientFailed(failure_text(found.error) or f"task {task} failed")
        if found.status is TaskStatus.SUCCEEDED:
            return found
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_SECONDS)


def failure_text(error: Any) -> str:
    """The text of the error of a task, as an answer holds it."""
    match error:
        case {"messages": [{"default_message": str(text)}, *_]}:
            return printable(text)
    return ""
