"""Runs jobs at intervals, beside the calls.

A job that only one process may run has a lease in the metadata; when its owner is killed, the lease expires and another process
takes over. A failed job is logged and runs again at its next interval.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from contentlib.library.actors import set_actor, the_server
from contentlib.library.clock import Clock
from contentlib.library.ports import MetadataStore

OnFailure = Callable[[str, BaseException], None]


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done every `seconds`: by one process at a time where it is `exclusive`, else by each."""

    name: str
    seconds: float
    run: Callable[[], Awaitable[object]]
    exclusive: bool = True


class Runner:
    """Runs the jobs of a process between `start` and `stop`."""

    def __init__(self, metadata: MetadataStore, clock: Clock, jobs: Sequence[Job], on_failure: OnFailure, owner: str) -> None:
        self._metadata = metadata
        self._clock = clock
        self._jobs = jobs
        self._on_failure = on_failure
        self._owner = owner
        self._held: set[str] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._woken = {job.name: asyncio.Event() for job in jobs}

    def start(self) -> None:
        """Begins; each job runs for the first time after its interval."""
        self._tasks = [asyncio.create_task(self._repeat(job), name=job.name) for job in self._jobs]

    async def stop(self) -> None:
        """Ends all jobs, running ones too; their steps are such that nothing is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        with suppress(OSError):  # leases end by themselves
            await self._release()

    def wake(self, name: str) -> None:
        """Something has come up for a job: runs it now, not at its next time; if another process has its lease, then there."""
        self._woken[name].set()

    async def _repeat(self, job: Job) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(job.seconds):
                    await self._woken[job.name].wait()
            self._woken[job.name].clear()
            await self.once(job)

    async def once(self, job: Job) -> bool:
        """Runs a job now, unless another process has its lease; whether it ran to its end."""
        set_actor(lambda: the_server(f"server.{job.name}"))
        try:
            if job.exclusive and not await self._claim(job):
                return False
            await job.run()
        except Exception as error:
            self._on_failure(job.name, error)
            return False
        return True

    async def _claim(self, job: Job) -> bool:
        now = self._clock.now()
        until = now + int(job.seconds * 3000)
        async with self._metadata.transaction(durable=False) as transaction:
            held = await transaction.state.claim(job.name, self._owner, now, until)
        if held:
            self._held.add(job.name)
        return held

    async def _release(self) -> None:
        """Releases the leases, so that other processes do not wait for this one."""
        if self._held:
            now = self._clock.now()
            async with self._metadata.transaction(durable=False) as transaction:
                for name in self._held:
                    await transaction.state.claim(name, self._owner, now, now - 1)
            self._held.clear()
