"""Clears a storage: submits a task for each library that needs it, until nothing does.

The tasks are done by the workers of the server. This may be stopped at any time and started again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from contentlib.library.actors import actor
from contentlib.library.catalog.migration import Migrations
from contentlib.library.catalog.storage_contents import StorageContents, contents_of
from contentlib.library.model import Task, TaskStatus
from contentlib.library.ports import MetadataStore

_LIBRARIES_AT_ONCE = 4
_LOOK_SECONDS = 0.5


class ClearingWatcher(Protocol):
    """Sees the progress."""

    def expect(self, count: int) -> None:
        """So many more bytes are to be moved."""

    def advance(self, count: int) -> None:
        """So many more bytes are done."""

    def say(self, sentence: str) -> None:
        """Something happened, or is waited for. The same sentence may come again and again."""


class Cleared(msgspec.Struct, frozen=True):
    """The result: the bytes that were moved, why libraries could not be moved, and the sessions that still need the storage."""

    bytes: int
    libraries: tuple[str, ...]
    failures: dict[str, str]
    sessions: tuple[str, ...]


class Clearing:
    """Clears a storage. `attend` is called often; it returns whether a server runs, and does the tasks itself if none does."""

    def __init__(
        self, metadata: MetadataStore, migrations: Migrations, attend: Callable[[], Awaitable[bool]], watcher: ClearingWatcher
    ) -> None:
        self._metadata = metadata
        self._migrations = migrations
        self._attend = attend
        self._watcher = watcher
        self._noted: dict[str, int] = {}
        self._moved: dict[str, None] = {}
        self._failures: dict[str, str] = {}
        self._ends = False

    async def run(self, source: str, target: str) -> Cleared:
        """Returns when nothing needs the storage any more, or the rest cannot be moved now."""
        while True:
            contents = await contents_of(self._metadata, source)
            left = [each for each in contents.pending if each not in self._failures]
            if left and not self._ends:
                self._watcher.expect(sum(each.bytes for each in contents.uses if each.library in left))
                await self._move(left, source, target)
            elif not contents.sessions or self._failures or self._ends or not await self._attend():
                return self._cleared(contents)
            else:
                self._watcher.say(f"waiting for {_told(contents)}")
                await asyncio.sleep(_LOOK_SECONDS)

    def _cleared(self, contents: StorageContents) -> Cleared:
        failures = {library: why for library, why in self._failures.items() if library in contents.pending}
        sessions = tuple(each.id for each in contents.sessions)
        return Cleared(sum(self._noted.values()), tuple(self._moved), failures, sessions)

    async def _move(self, libraries: Sequence[str], source: str, target: str) -> None:
        """Moves libraries, a few at a time."""
        waiting = iter(libraries)

        async def mover() -> None:
            for library in waiting:
                if not self._ends:
                    await self._move_one(library, source, target)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(_LIBRARIES_AT_ONCE, len(libraries))):
                group.create_task(mover())

    async def _move_one(self, library: str, source: str, target: str) -> None:
        found = await self._migrations.begin_clearing(library, source, target, actor().user)
        if found is None:
            return
        task, kept = await self._ended(found), await self._migrations.kept(library)
        if kept is None:  # it was deleted meanwhile
            return
        if task is not None and task.status is TaskStatus.FAILED:
            self._ends = True  # the cause is a storage, which the other libraries need too
            self._fail(library, task.fault.text if task.fault else f"task {task.id} failed")
        elif kept.unmoved is not None:
            self._fail(library, kept.unmoved)
        else:
            self._moved[library] = None

    def _fail(self, library: str, why: str) -> None:
        self._failures[library] = why
        self._watcher.say(f"library {library}: {why}")

    async def _ended(self, task_id: str) -> Task | None:
        """A task, when it has ended; None if it is forgotten already."""
        while True:
            await self._attend()
            async with self._metadata.reading() as transaction:
                task = await transaction.tasks.get(task_id)
            if task is None:
                return None
            self._watcher.advance(max(0, task.completed - self._noted.get(task_id, 0)))
            self._noted[task_id] = max(task.completed, self._noted.get(task_id, 0))
            if task.ended is not None:
                return task
            if task.status is TaskStatus.BLOCKED and task.fault is not None:
                self._watcher.say(f"{task.fault.text}; trying again")
            await asyncio.sleep(_LOOK_SECONDS)


def _told(contents: StorageContents) -> str:
    sessions = ", ".join(f"{each.id} of {each.user}" for each in contents.sessions[:3])
    more = len(contents.sessions) - 3
    return f"update sessions that receive files there: {sessions}{f' and {more} more' if more > 0 else ''}"
