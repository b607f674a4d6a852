"""Checks that the user who submitted a task may still do what it does: before, during and at each step of an attempt.

An attempt ends at its next writing transaction after the user has lost the right to it, and within seconds if it writes
nothing meanwhile. Tasks that the server submits by itself belong to no user, of whom nothing is checked.

An attempt whose process stood still changes nothing after another one has begun: each writing transaction checks that, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from contentlib.jobs import messages
from contentlib.jobs.worker import Handler, Progress, TaskFailed
from contentlib.library.actors import Authority, WriteCheck, set_authority, set_write_check, submitter_of
from contentlib.library.errors import Fault, Superseded
from contentlib.library.model import Submitter, Task
from contentlib.library.ports import Transaction
from contentlib.vapi.errors import Unauthorized

Result = TypeVar("Result")
_BEAT_SECONDS = 2.0
Refuse = Callable[[Task, Fault], Awaitable[None]]
"""Records at what a task works on that it is not done."""


class Readmission(Protocol):
    """Decides whether a user may still do what a task was submitted for."""

    async def readmit(self, asked: Submitter) -> None:
        """Raises Unauthorized where that is not so."""

    async def recheck(self, asked: Submitter, transaction: Transaction) -> None:
        """Raises Unauthorized where that is not so in the state that a writing transaction changes."""


async def unrecorded(_task: Task, _fault: Fault) -> None:
    """For tasks whose state alone tells."""


def readmitted(readmission: Readmission, run: Handler, refuse: Refuse = unrecorded) -> Handler:
    """Returns a handler that checks each attempt. Tasks that the attempt submits have the same submitter."""

    async def attempt(task: Task, progress: Progress) -> str | None:
        set_authority(Authority(partial(submitter_of, task), lambda: task.submitter))
        asked, has = task.submitter, partial(_check_held, task)
        if asked is None:
            return await _checked(run(task, progress), has)
        try:
            await readmission.readmit(asked)
            check = partial(_check_both, has, partial(readmission.recheck, asked))
            return await _watched(_checked(run(task, progress), check), partial(readmission.readmit, asked))
        except Unauthorized as error:
            fault = replace(error.fault, error=error.name)
            await _checked(refuse(task, fault), has)
            raise TaskFailed(fault) from error

    return attempt


async def _check_held(task: Task, transaction: Transaction) -> None:
    """Raises Superseded if another attempt has begun, here or in another process."""
    found = await transaction.tasks.get(task.id)
    if found is None or (found.owner, found.attempts) != (task.owner, task.attempts):
        raise Superseded(messages.TASK_TAKEN_OVER(task=task.id))


async def _check_both(first: WriteCheck, second: WriteCheck, transaction: Transaction) -> None:
    await first(transaction)
    await second(transaction)


async def _checked(work: Awaitable[Result], check: WriteCheck) -> Result:
    """Does the work with the check in its writing transactions."""
    set_write_check(check)
    try:
        return await work
    finally:
        set_write_check(None)


async def _watched(work: Coroutine[Any, Any, str | None], readmit: Callable[[], Awaitable[None]]) -> str | None:
    """Does the work until it ends, or until its user may not do it any more."""
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_watch(readmit))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
    finally:
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)
    return watching.result() if working.cancelled() else working.result()


async def _watch(readmit: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(_BEAT_SECONDS)
        with suppress(OSError):  # the database is asked again at the next beat
            await readmit()
