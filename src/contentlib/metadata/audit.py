"""Defines the statements on the audit log."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, exists, func, select

from contentlib.library.model import AuditFilter, AuditLink, AuditNote, AuditRecord
from contentlib.library.names import fold
from contentlib.metadata import tables
from contentlib.metadata.auditing import ANCHOR, HEAD, AuditedConnection, link, move_link
from contentlib.metadata.statement import Connection, Statement

_AUDIT, _THINGS = tables.audit, tables.audit_things
_COLUMNS = [_AUDIT.c[name] for name in ("sequence", "hash", "content", "time", "user", "operation", "outcome")]
_number = _AUDIT.c.sequence
_AFTER = Statement(select(*_COLUMNS).where(_number > bindparam("number")).order_by(_number).limit(bindparam("most")), long=True)
_oldest = select(_number, _AUDIT.c.time).order_by(_number).limit(bindparam("most")).subquery()
_YOUNG = Statement(select(func.min(_oldest.c.sequence)).where(_oldest.c.time >= bindparam("before")))
_LAST = Statement(select(func.max(_oldest.c.sequence)))
_HASH = Statement(select(_AUDIT.c.hash).where(_number == bindparam("number")))
_FORGET = Statement(delete(_AUDIT).where(_number <= bindparam("number")))
_FIRST_PLACES = 8


class AuditRows:
    """Entries of the audit log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, note: AuditNote) -> None:
        """Completes the entry of this transaction."""
        self._writing().note(note)

    def skip(self) -> None:
        """Adds no entry to this transaction."""
        self._writing().skip()

    def _writing(self) -> AuditedConnection:
        if not isinstance(self._connection, AuditedConnection):
            raise TypeError("a transaction that only reads has no audit entry")
        return self._connection

    async def find(self, wanted: AuditFilter, before: int | None, most: int) -> list[AuditRecord]:
        """The newest entries that a filter selects, newest first."""
        if wanted.within is not None and not wanted.within:
            return []
        values = _values(wanted) | ({} if before is None else {"number": before}) | {"most": most}
        things = len(wanted.things or ())
        conditions = frozenset(name for name in _SIMPLE if name in values)
        within = 0 if wanted.within is None else _places(len(wanted.within))
        return [_record(row) for row in await self._connection.rows(_finding(conditions, things, within), values)]

    async def after(self, sequence: int, most: int) -> list[AuditRecord]:
        """The entries after a sequence number, in order."""
        values = {"number": sequence, "most": most}
        return [_record(row) for row in await self._connection.rows(_AFTER, values)]

    async def head(self) -> AuditLink:
        """The place of the newest entry."""
        if isinstance(self._connection, AuditedConnection):
            return await self._connection.head()
        return await link(self._connection, HEAD)

    async def anchor(self) -> AuditLink:
        """The place of the last entry that was removed because of its age."""
        return await link(self._connection, ANCHOR)

    async def forget(self, before: int, most: int) -> int:
        """Removes entries from the oldest on, up to the first that is not from before a time."""
        kept = await self._found(_YOUNG, {"before": before, "most": most})
        last = await self._found(_LAST, {"most": most}) if kept is None else kept - 1
        row = None if last is None else await self._connection.row(_HASH, {"number": last})
        if last is None or row is None:
            return 0
        count = await self._connection.run(_FORGET, {"number": last})
        await move_link(self._connection, ANCHOR, AuditLink(last, row[0]))
        return count

    async def _found(self, statement: Statement, values: dict[str, Any]) -> int | None:
        row = await self._connection.row(statement, values)
        return None if row is None or row[0] is None else int(row[0])


_SIMPLE: dict[str, ColumnElement[bool]] = {
    "number": _number < bindparam("number"),
    "since": _AUDIT.c.time >= bindparam("since"),
    "until": _AUDIT.c.time < bindparam("until"),
    "of_user": _AUDIT.c.user == bindparam("of_user"),
    "start": _AUDIT.c.operation >= bindparam("start"),
    "beyond": _AUDIT.c.operation < bindparam("beyond"),
    "ended": _AUDIT.c.outcome == bindparam("ended"),
}


def _values(wanted: AuditFilter) -> dict[str, Any]:
    given: dict[str, Any] = {"since": wanted.since, "until": wanted.until, "ended": wanted.outcome}
    if wanted.user is not None:
        given["of_user"] = fold(wanted.user)
    if wanted.operation:
        given |= {"start": wanted.operation, "beyond": wanted.operation + chr(0x10FFFF)}
    given |= {f"thing{n}": each for n, each in enumerate(wanted.things or ())}
    within = wanted.within or ()
    given |= {f"within{n}": within[min(n, len(within) - 1)] for n in range(_places(len(within)) if within else 0)}
    return {name: value for name, value in given.items() if value is not None}


def _places(count: int) -> int:
    """How many places a statement has for so many values: a power of two, so that there are few statements."""
    places = _FIRST_PLACES
    while places < count:
        places *= 2
    return places


@lru_cache(maxsize=256)
def _finding(conditions: frozenset[str], things: int, within: int) -> Statement:
    """The query for some conditions, and for entries about so many things and in one of so many libraries."""
    query, number = select(*_COLUMNS), _number
    for n in range(things):
        each = _THINGS.alias(f"of_thing{n}")
        query = (
            query.join_from(_AUDIT, each, each.c.sequence == _number) if n == 0 else query.join(each, each.c.sequence == number)
        )
        query = query.where(each.c.thing == bindparam(f"thing{n}"))
        number = each.c.sequence if n == 0 else number
    if within:
        names: list[Any] = [bindparam(f"within{n}") for n in range(within)]
        query = query.where(exists().where(_THINGS.c.sequence == _number, _THINGS.c.thing.in_(names)))
    query = query.where(*(_SIMPLE[name] for name in sorted(conditions)))
    return Statement(query.order_by(number.desc()).limit(bindparam("most")), long=True)


def _record(row: tuple[Any, ...]) -> AuditRecord:
    return AuditRecord(AuditLink(row[0], row[1]), *row[2:])
