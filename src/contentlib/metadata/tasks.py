"""Defines the statements on tasks."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from msgspec.structs import replace
from sqlalchemy import and_, bindparam, delete, null, or_, select, update

from contentlib.library.model import Task, TaskStatus, TaskTarget
from contentlib.metadata import tables
from contentlib.metadata.rows import Keyed, Statements, encode
from contentlib.metadata.statement import Connection, Statement

_TASKS = tables.tasks
_ROWS = Statements(_TASKS, Task)
_ORDER = (_TASKS.c.created, _TASKS.c.id)
_ALL = Statement(select(*_ROWS.columns).order_by(*_ORDER))
_RECENT = Statement(
    select(*_ROWS.columns)
    .where(or_(_TASKS.c.ended.is_(None), _TASKS.c.ended >= bindparam("since")))
    .order_by(_TASKS.c.created.desc(), _TASKS.c.id.desc())
    .limit(bindparam("most"))
)
_OF_TARGET = Statement(select(*_ROWS.columns).where(_TASKS.c.target == bindparam("target")).order_by(*_ORDER))
_due = and_(
    _TASKS.c.ended.is_(None),
    _TASKS.c.due <= bindparam("now"),
    or_(_TASKS.c.until.is_(None), _TASKS.c.until < bindparam("now")),
)
_WAITING = Statement(select(_TASKS.c.kind).where(_due).distinct())
_FORGET = Statement(delete(_TASKS).where(_TASKS.c.ended < bindparam("before")))
_RUNNING = and_(_TASKS.c.ended.is_(None), _TASKS.c.status == bindparam("running"))
_OWNERS = Statement(select(_TASKS.c.owner).where(_RUNNING).distinct())
_LET_GO = Statement(
    update(_TASKS)
    .where(_RUNNING, _TASKS.c.owner == bindparam("gone"))
    .values(status=bindparam("pending"), owner=null(), until=null())
)


@cache
def _first_due(kinds: int) -> Statement:
    """The task of some kinds that has been due the longest. One that another transaction has locked is left to it."""
    wanted = _TASKS.c.kind.in_([bindparam(f"kind{n}") for n in range(kinds)])
    found = select(*_ROWS.columns).where(_due, wanted).order_by(_TASKS.c.due).limit(1)
    return Statement(found.with_for_update(skip_locked=True))


class TaskRows(Keyed[Task]):
    """Tasks."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROWS)

    async def all(self) -> list[Task]:
        """All tasks."""
        return [_ROWS.codec.value(row) for row in await self._connection.rows(_ALL, {})]

    async def recent(self, since: int, most: int) -> list[Task]:
        """The newest of the tasks that run or have ended since a time, in the order of their creation."""
        rows = await self._connection.rows(_RECENT, {"since": since, "most": most})
        return [_ROWS.codec.value(row) for row in reversed(rows)]

    async def of_target(self, target: TaskTarget) -> list[Task]:
        """The tasks that work on something."""
        rows = await self._connection.rows(_OF_TARGET, {"target": encode(target)})
        return [_ROWS.codec.value(row) for row in rows]

    async def waiting(self, kinds: Collection[str], now: int) -> bool:
        """Whether `claim` may find one."""
        return any(kind in kinds for (kind,) in await self._connection.rows(_WAITING, {"now": now}))

    async def claim(self, kinds: Collection[str], owner: str, now: int, until: int) -> Task | None:
        """Claims a task that is due or whose owner's lease has expired."""
        if not kinds:
            return None
        values = {f"kind{n}": kind for n, kind in enumerate(kinds)}
        row = await self._connection.row(_first_due(len(kinds)), {"now": now, **values})
        if row is None:
            return None
        task = _ROWS.codec.value(row)
        taken = replace(
            task,
            status=TaskStatus.RUNNING,
            owner=owner,
            until=until,
            attempts=task.attempts + 1,
            started=now if task.started is None else task.started,
        )
        await self.put(taken)
        return taken

    async def owners(self) -> set[str]:
        """The processes that run tasks."""
        return {row[0] for row in await self._connection.rows(_OWNERS, {"running": TaskStatus.RUNNING}) if row[0]}

    async def let_go(self, owners: Collection[str]) -> None:
        """Releases the RUNNING tasks of these processes."""
        for gone in owners:
            values = {"gone": gone, "running": TaskStatus.RUNNING, "pending": TaskStatus.PENDING}
            await self._connection.run(_LET_GO, values)

    async def forget(self, before: int) -> None:
        """Removes the tasks that ended before a time."""
        await self._connection.run(_FORGET, {"before": before})
