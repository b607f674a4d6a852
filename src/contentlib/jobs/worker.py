"""Runs tasks: claims them, renews their leases, stores their progress, and retries temporary failures.

Every process has a worker. If one is killed, its leases expire and another worker continues its tasks after their last step.
Steps of a handler can therefore run twice. A failed attempt is followed by a longer pause than the one before, and after some
the task has failed; attempts that end with their process do not count.

Each kind of task has its own places, so waiting tasks of one kind do not block the others.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from msgspec.structs import replace

from contentlib.jobs import messages
from contentlib.jobs.runner import OnFailure
from contentlib.library.bytes.storages import StorageSilent
from contentlib.library.clock import Clock
from contentlib.library.errors import Fault, LibraryError, Unavailable
from contentlib.library.model import AuditNote, Outcome, Task
from contentlib.library.ports import MetadataStore
from contentlib.library.tasks import CANCELED, fire

_BEATS_A_LEASE = 3
_LONGEST_BEAT = 2.0  # a running task notices a cancel at its next heartbeat
_SHORTEST_PAUSE = 1.0
_LONGEST_PAUSE = 300.0
_GOING_ON = ("put off", "let go")


class Again(Exception):
    """A temporary failure of the attempt; raised by a handler."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class TaskFailed(Exception):
    """A permanent failure of the task; raised by a handler."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


class Progress:
    """The progress of a running task, set by its handler. `last` means that this is the last attempt.

    `note_of_success` is the message beside the numbers once the task has SUCCEEDED.
    """

    def __init__(self, task: Task, *, last: bool = False) -> None:
        self.completed = task.completed
        self.total = task.total
        self.last = last
        self.note_of_success: Fault | None = None

    def note(self, completed: int, total: int | None = None) -> None:
        """So much of it is done."""
        self.completed = completed
        self.total = self.total if total is None else total


Handler = Callable[[Task, Progress], Awaitable[str | None]]
"""Does a task and answers the result of its operation, as JSON, None if that returns nothing.

A LibraryError and Failed fail the task, Again puts it off.
"""


@dataclass(frozen=True, slots=True)
class WorkLimits:
    """How many tasks of a kind run at once (`most`, or as many as `places` returns), and after how many `attempts` one fails.

    `lease` is how many seconds a task is held without a heartbeat, `poll` the seconds between searches for tasks.
    """

    most: int = 20
    places: Mapping[str, int] = field(default_factory=dict)
    attempts: int = 10
    lease: float = 30.0
    poll: float = 1.0


class Worker:
    """Runs the tasks of some kinds."""

    def __init__(
        self,
        metadata: MetadataStore,
        clock: Clock,
        handlers: Mapping[str, Handler],
        on_failure: OnFailure,
        owner: str,
        limits: WorkLimits | None = None,
    ) -> None:
        self._metadata = metadata
        self._clock = clock
        self._handlers = handlers
        self._on_failure = on_failure
        self._limits = limits or WorkLimits()
        self._free = dict.fromkeys(handlers, self._limits.most) | dict(self._limits.places)
        self._owner = owner
        self._running: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look for tasks."""
        self._loop = asyncio.create_task(self._look(), name="worker")

    async def stop(self) -> None:
        """Releases all tasks, so that another process or the next start continues them."""
        tasks = [*self._running, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(OSError):  # then others take them over, because this process has ended
            async with self._metadata.transaction(durable=True) as transaction:
                await transaction.tasks.let_go((self._owner,))  # those that were claimed just now, and not begun

    def wake(self) -> None:
        """A task was submitted: looks for it now, not at the next poll."""
        self._woken.set()

    async def _look(self) -> None:
        while True:
            self._woken.clear()
            try:
                while (task := await self._claim()) is not None:
                    self._begin(task)
            except Exception as error:  # whatever it is, tasks are looked for again
                self._on_failure("worker", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._limits.poll):  # wait_for of Python 3.11 may swallow a cancellation
                    await self._woken.wait()

    def _begin(self, task: Task) -> None:
        running = asyncio.create_task(self._run(task), name=f"task {task.id}")
        self._running.add(running)
        self._free[task.kind] -= 1
        running.add_done_callback(lambda _: self._over(running, task.kind))

    def _over(self, running: asyncio.Task[None], kind: str) -> None:
        self._running.discard(running)
        self._free[kind] += 1
        if not running.cancelled() and (error := running.exception()) is not None:
            self._on_failure(running.get_name(), error)  # its end could not be noted: it is taken up when its lease is over
        self.wake()

    async def _claim(self) -> Task | None:
        now, kinds = self._clock.now(), [kind for kind, free in self._free.items() if free > 0]
        async with self._metadata.reading() as transaction:
            if not await transaction.tasks.waiting(kinds, now):
                return None
        async with self._metadata.transaction(durable=False) as transaction:
            return await transaction.tasks.claim(kinds, self._owner, now, self._until(now))

    def _until(self, now: int) -> int:
        return now + int(self._limits.lease * 1000)

    async def _run(self, task: Task) -> None:
        """One attempt, with a heartbeat beside it; whichever ends first ends the other."""
        progress = Progress(task, last=task.failures + 1 >= self._limits.attempts)
        work = asyncio.create_task(self._work(task, progress))
        beat = asyncio.create_task(self._beat(task, progress))
        try:
            await asyncio.wait((work, beat), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _ended(work, beat)
            await self._finish(task, progress, "let go")
            raise
        await _ended(work, beat)
        if not work.cancelled():
            work.result()
        elif beat.result():
            await self._finish(task, progress, "canceled", fault=CANCELED)

    async def _work(self, task: Task, progress: Progress) -> None:
        try:
            result = await self._handlers[task.kind](task, progress)
        except Again as again:
            await self._again(task, progress, again.fault)
        except Unavailable as error:
            await self._again(task, progress, error.fault)
        except StorageSilent as error:
            await self._again(task, progress, error.fault)
        except (LibraryError, TaskFailed) as error:
            await self._finish(task, progress, "failed", fault=error.fault)
        except OSError as error:  # of the database, as a rule
            self._on_failure(f"task {task.id} ({task.kind})", error)
            await self._again(task, progress, messages.TASK_STORAGE_FAILED(reason=error.strerror or str(error)))
        except Exception as error:
            self._on_failure(f"task {task.id} ({task.kind})", error)
            fault = messages.TASK_FAILED(task=task.id)
            await self._finish(task, progress, "failed", fault=fault)
        else:
            progress.note(progress.total)
            await self._finish(task, progress, "finished", fault=progress.note_of_success, result=result)

    async def _beat(self, task: Task, progress: Progress) -> bool:
        """Keeps the lease; ends with True when the task is to be canceled, with False when the lease was lost."""
        until = task.until or 0
        while True:
            await asyncio.sleep(min(self._limits.lease / _BEATS_A_LEASE, _LONGEST_BEAT))
            longer = self._until(self._clock.now())
            try:
                async with self._metadata.transaction(durable=False) as transaction:
                    found = await transaction.tasks.get(task.id)
                    if found is None or not self._owns(found, task):
                        return False
                    if found.canceling:
                        return True
                    completed, total = progress.completed, progress.total
                    await transaction.tasks.put(replace(found, until=longer, completed=completed, total=total))
            except OSError as error:
                self._on_failure(f"task {task.id}", error)
                if self._clock.now() >= until:
                    return False
            else:
                until = longer

    def _owns(self, found: Task, task: Task) -> bool:
        """Whether an attempt is still the one that has the task; this worker may have taken it up once more."""
        return (found.owner, found.attempts) == (self._owner, task.attempts)

    async def _again(self, task: Task, progress: Progress, fault: Fault) -> None:
        if progress.last:
            await self._finish(task, progress, "failed", fault=fault)
            return
        pause = min(_SHORTEST_PAUSE * 2**task.failures, _LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        await self._finish(task, progress, "put off", fault=fault, after=int(pause * 1000))

    async def _finish(
        self,
        task: Task,
        progress: Progress,
        event: str,
        *,
        fault: Fault | None = None,
        result: str | None = None,
        after: int = 0,
    ) -> None:
        """Records the end of an attempt, unless another worker has the task."""
        async with self._metadata.transaction(durable=True) as transaction:
            found = await transaction.tasks.get(task.id)
            if found is None or not self._owns(found, task):
                return
            if found.canceling and event in _GOING_ON:
                event, fault = "canceled", CANCELED
            now = self._clock.now()
            done = fire(found, event)
            ended = None if event in _GOING_ON else now
            if event in ("failed", "canceled"):
                transaction.audit.note(AuditNote(Outcome.FAILED, (fault.error or fault.id) if fault else event))
            await transaction.tasks.put(
                replace(
                    done,
                    ended=ended,
                    failures=found.failures + (event == "put off"),
                    due=now + after,
                    completed=progress.completed,
                    total=progress.total,
                    fault=fault,
                    result=result,
                )
            )


async def _ended(*tasks: asyncio.Task[object]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
