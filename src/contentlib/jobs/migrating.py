"""Moves libraries to other storages: the handler of the tasks that `migrate` submits. Reports progress in bytes."""

from __future__ import annotations

import msgspec

from contentlib.jobs import messages
from contentlib.jobs.worker import Again, Progress, TaskFailed
from contentlib.library.catalog.migration import MigrationArguments, Migrations
from contentlib.library.errors import Damaged, Fault
from contentlib.library.model import Task
from contentlib.library.sessions.transfer_faults import is_full

_TOLD = 10  # of the files that stay where they are, in one sentence


class Migrating:
    """Runs migrations."""

    def __init__(self, migrations: Migrations) -> None:
        self._migrations = migrations

    async def run(self, task: Task, progress: Progress) -> str | None:
        """Runs one attempt. A failing storage is retried; a full one ends the migration, and what was moved stays moved."""
        wanted = msgspec.json.decode(task.arguments, type=MigrationArguments)
        try:
            damaged = await self._move(wanted, task, progress)
            await self._migrations.finish(wanted, _told(damaged))
        except OSError as error:
            why = error.strerror or str(error)
            fault = messages.MIGRATION_FAILED(library=wanted.library, storage=wanted.storage, reason=why)
            if not progress.last and not is_full(error):
                raise Again(fault) from error
            await self.refuse(task, fault)
            raise TaskFailed(fault) from error
        return None

    async def refuse(self, task: Task, fault: Fault) -> None:
        """Ends a migration that is not continued. What was moved stays moved."""
        wanted = msgspec.json.decode(task.arguments, type=MigrationArguments)
        await self._migrations.end(wanted, f"{fault.text}; files that were moved stay on the new storage")

    async def _move(self, wanted: MigrationArguments, task: Task, progress: Progress) -> list[str]:
        """Moves all that is left; why files stay where they are."""
        files = await self._migrations.left(wanted)
        left = sum(file.size for file in files)
        total = max(task.total if task.attempts > 1 else 1, left)
        damaged: list[str] = []
        progress.note(total - left, total)
        for file in files:
            done = progress.completed
            try:
                await self._migrations.move(wanted, file, lambda size: progress.note(progress.completed + size))
            except Damaged as error:
                damaged.append(error.fault.text)
            progress.note(done + file.size)
        return damaged


def _told(damaged: list[str]) -> str | None:
    if not damaged:
        return None
    more = f"; and {len(damaged) - _TOLD} more" if len(damaged) > _TOLD else ""
    return f"some content could not be moved: {'; '.join(damaged[:_TOLD])}{more}"
