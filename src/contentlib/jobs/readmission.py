"""Checks before each attempt of a task that the user who submitted it may still do what it does.

Tasks that the server submits by itself belong to no user and are not checked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from contentlib.jobs.worker import Handler, Progress, TaskFailed
from contentlib.library.errors import Fault
from contentlib.library.model import Submitter, Task
from contentlib.library.tasks import set_submitter
from contentlib.vapi.errors import Unauthorized

Readmit = Callable[[Submitter], Awaitable[None]]
"""Raises Unauthorized where a user may not do any more what a task was submitted for."""
Refuse = Callable[[Task, Fault], Awaitable[None]]
"""Records at what a task works on that it is not done."""


async def unrecorded(_task: Task, _fault: Fault) -> None:
    """For tasks whose state alone tells."""


def readmitted(readmit: Readmit, run: Handler, refuse: Refuse = unrecorded) -> Handler:
    """Returns a handler that asks before each attempt. Tasks that the attempt submits have the same submitter."""

    async def attempt(task: Task, progress: Progress) -> str | None:
        set_submitter(lambda: task.submitter)
        if task.submitter is not None:
            await _check(task, task.submitter)
        return await run(task, progress)

    async def _check(task: Task, asked: Submitter) -> None:
        try:
            await readmit(asked)
        except Unauthorized as error:
            fault = replace(error.fault, error=error.name)
            await refuse(task, fault)
            raise TaskFailed(fault) from error

    return attempt
