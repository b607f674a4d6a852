"""Specifies rows of tasks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from contentlib.library.model import Task, TaskTarget
from contentlib.library.ports.rows import Rows


class TaskRows(Rows[Task], Protocol):
    """Tasks."""

    async def all(self) -> list[Task]:
        """All tasks."""

    async def recent(self, since: int, most: int) -> list[Task]:
        """The newest tasks, at most so many, that have not ended or ended at that time or later, in order of creation."""

    async def of_target(self, target: TaskTarget) -> list[Task]:
        """The tasks that work on something."""

    async def waiting(self, kinds: Collection[str], now: int) -> bool:
        """Whether `claim` may find one; asked for in a transaction that only reads, often."""

    async def claim(self, kinds: Collection[str], owner: str, now: int, until: int) -> Task | None:
        """Claims a task that is due or whose owner's lease has expired, marks it RUNNING and returns it; None if there is none.

        The task that has been due the longest comes first; `attempts` increases.
        """

    async def owners(self) -> set[str]:
        """The processes that run tasks."""

    async def let_go(self, owners: Collection[str]) -> None:
        """Sets the RUNNING tasks of these processes to PENDING, because the processes have ended."""

    async def forget(self, before: int) -> None:
        """Removes the tasks that ended before a time."""
