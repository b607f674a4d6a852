"""Moves libraries to other storages: the handlers of these tasks. Reports progress in bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from contentlib.jobs import messages
from contentlib.jobs.worker import Again, Progress, TaskFailed
from contentlib.library.catalog.migration import MigrationArguments, Migrations
from contentlib.library.errors import Damaged, Fault, LibraryError, Unavailable
from contentlib.library.model import StoredFile, Task
from contentlib.library.sessions.transfer_faults import is_full

_TOLD = 10  # of the files that stay where they are, in one sentence
_FILES_AT_ONCE = 4


class Migrating:
    """Runs migrations."""

    def __init__(self, migrations: Migrations) -> None:
        self._migrations = migrations

    async def run(self, task: Task, progress: Progress) -> str | None:
        """Runs one attempt. A failing storage is retried; a full one ends the migration, and what was moved stays moved."""
        wanted = _arguments(task)
        try:
            files = await self._migrations.left(wanted)
            damaged = await self._move(wanted, files, progress, task.total if task.attempts > 1 else 1)
            await self._migrations.finish(wanted, _told(damaged))
        except (OSError, LibraryError) as error:
            fault = _failure(wanted, progress, error)
            await self.refuse(task, fault)
            raise TaskFailed(fault) from error
        return None

    async def refuse(self, task: Task, fault: Fault) -> None:
        """Ends a migration that is not continued. What was moved stays moved."""
        await self._migrations.end(_arguments(task), _unfinished(fault))

    async def clear(self, task: Task, progress: Progress) -> str | None:
        """The same for a library that can be changed meanwhile: new content is moved at the end."""
        wanted = _arguments(task)
        try:
            self._migrations.check_storage(wanted)
            files = await self._migrations.left(wanted)
            await self._move(wanted, files, progress, task.total if task.attempts > 1 else 1)
            await self._migrations.switch(wanted)
            await self._migrations.move_arrivals(wanted)
            files = await self._migrations.left(wanted)
            damaged = await self._move(wanted, files, progress, progress.completed + _size(files))
            await self._migrations.settle(wanted, _told(damaged))
        except (OSError, LibraryError) as error:
            fault = _failure(wanted, progress, error)
            await self._migrations.note(wanted, _unfinished(fault))
            raise TaskFailed(fault) from error
        return None

    async def _move(self, wanted: MigrationArguments, files: Sequence[StoredFile], progress: Progress, total: int) -> list[str]:
        """Moves files, some at a time, which are the last of a total of bytes. Returns why files stay where they are."""
        total = max(total, _size(files))
        damaged: list[str] = []
        progress.note(total - _size(files), total)
        waiting = iter(files)

        async def mover() -> None:
            for file in waiting:
                await self._move_one(wanted, file, progress, damaged)

        movers = [asyncio.create_task(mover()) for _ in range(min(_FILES_AT_ONCE, len(files)))]
        try:
            await asyncio.gather(*movers)
        finally:
            for each in movers:
                each.cancel()
            await asyncio.gather(*movers, return_exceptions=True)
        return damaged

    async def _move_one(self, wanted: MigrationArguments, file: StoredFile, progress: Progress, damaged: list[str]) -> None:
        noted = 0

        def advance(size: int) -> None:
            nonlocal noted
            noted += size
            progress.note(progress.completed + size)

        try:
            await self._migrations.move(wanted, file, advance)
        except Damaged as error:
            damaged.append(error.fault.text)
        advance(file.size - noted)


def _size(files: Sequence[StoredFile]) -> int:
    return sum(file.size for file in files)


def _arguments(task: Task) -> MigrationArguments:
    return msgspec.json.decode(task.arguments, type=MigrationArguments)


def _failure(wanted: MigrationArguments, progress: Progress, error: OSError | LibraryError) -> Fault:
    """Why a migration has failed. Raises Again if it is to be tried again."""
    if isinstance(error, LibraryError):
        if isinstance(error, Unavailable) and not progress.last:
            raise Again(error.fault) from error
        return error.fault
    why = error.strerror or str(error)
    fault = messages.MIGRATION_FAILED(library=wanted.library, storage=wanted.storage, reason=why)
    if not progress.last and not is_full(error):
        raise Again(fault) from error
    return fault


def _unfinished(fault: Fault) -> str:
    return f"{fault.text}; files that were moved stay on the new storage"


def _told(damaged: list[str]) -> str | None:
    if not damaged:
        return None
    more = f"; and {len(damaged) - _TOLD} more" if len(damaged) > _TOLD else ""
    return f"some content could not be moved: {'; '.join(damaged[:_TOLD])}{more}"
