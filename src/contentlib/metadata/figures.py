"""Defines the statements on sums over libraries, items and blobs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, case, func, literal_column, or_, select

from contentlib.library.model import SeenLibraries, StoredAmount, library_owner
from contentlib.metadata import tables
from contentlib.metadata.portable import given_texts, place_of
from contentlib.metadata.rows import encode
from contentlib.metadata.statement import Connection, Statement

_ITEMS, _LIBRARIES, _BLOBS, _QUOTAS = tables.items, tables.libraries, tables.blobs, tables.quotas
_ZERO: ColumnElement[int] = literal_column("0")
_new = func.sum(case((_BLOBS.c.created >= bindparam("since"), _BLOBS.c.size), else_=_ZERO))
_STORED = Statement(
    select(_BLOBS.c.storage, func.sum(_BLOBS.c.size), _new)
    .where(_BLOBS.c.unreferenced.is_(None))
    .group_by(_BLOBS.c.storage)
    .order_by(_BLOBS.c.storage),
    long=True,
)
_OWNER_PREFIX = literal_column(f"'{library_owner('')}'", Text())
_of_libraries = _QUOTAS.c.owner.like(literal_column(f"'{library_owner('')}%'", Text()))
_HELD = Statement(select(func.coalesce(func.sum(_QUOTAS.c.bytes), _ZERO)).where(_of_libraries), long=True)
_failed = place_of(_LIBRARIES.c.following, literal_column("'\"fault\":{'", Text())) > _ZERO


def _seen(kind: bool | None, library: Any) -> tuple[Any, ...]:
    if kind is None:
        return ()
    return (library.not_in(given_texts("seen")) if kind else library.in_(given_texts("seen")),)


@lru_cache(maxsize=4)
def _counting(kind: bool | None) -> tuple[Statement, Statement]:
    """Counts libraries, and items from the totals of their libraries without those in the trash, of which there are few."""
    wanted = (_LIBRARIES.c.deleted.is_(None), *_seen(kind, _LIBRARIES.c.id))
    libraries = select(func.count()).select_from(_LIBRARIES).where(*wanted)
    totals = _LIBRARIES.join(_QUOTAS, _QUOTAS.c.owner == _OWNER_PREFIX.concat(_LIBRARIES.c.id))
    items = select(func.coalesce(func.sum(_QUOTAS.c["items"]), _ZERO)).select_from(totals).where(*wanted)
    trashed = _ITEMS.join(_LIBRARIES, _LIBRARIES.c.id == _ITEMS.c.library)
    gone = select(func.count()).select_from(trashed).where(_ITEMS.c.deleted_until.is_not(None), *wanted)
    return Statement(libraries, long=True), Statement(select(items.scalar_subquery() - gone.scalar_subquery()), long=True)


@lru_cache(maxsize=4)
def _troubled(kind: bool | None) -> Statement:
    wanted = or_(_failed, _LIBRARIES.c.maintenance.is_not(None))
    query = select(_LIBRARIES.c.id).where(_LIBRARIES.c.deleted.is_(None), wanted, *_seen(kind, _LIBRARIES.c.id))
    return Statement(query.order_by(_LIBRARIES.c.folded_name, _LIBRARIES.c.id).limit(bindparam("most")), long=True)


class FigureRows:
    """Sums over libraries, items and blobs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def counts(self, seen: SeenLibraries) -> tuple[int, int]:
        """The number of libraries and of items."""
        values = {"seen": encode(seen.libraries)}
        libraries, items = [await self._number(each, values) for each in _counting(_kind(seen))]
        return libraries, items

    async def stored(self, since: int) -> list[StoredAmount]:
        """What is stored on each storage."""
        rows = await self._connection.rows(_STORED, {"since": since})
        return [StoredAmount(storage, int(size), int(new)) for storage, size, new in rows]

    async def held(self) -> int:
        """The bytes that all libraries hold."""
        return await self._number(_HELD, {})

    async def troubled(self, seen: SeenLibraries, most: int) -> list[str]:
        """The identifiers of libraries that need attention."""
        values = {"seen": encode(seen.libraries), "most": most}
        return [row[0] for row in await self._connection.rows(_troubled(_kind(seen)), values)]

    async def _number(self, statement: Statement, values: dict[str, Any]) -> int:
        row = await self._connection.row(statement, values)
        return 0 if row is None else int(row[0])


def _kind(seen: SeenLibraries) -> bool | None:
    return None if seen.others and not seen.libraries else seen.others
