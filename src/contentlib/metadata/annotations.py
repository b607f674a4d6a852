"""Defines the statements on notes and labels."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import BindParameter, bindparam, delete, func, insert, select

from contentlib.library.model import Annotation, LabelCount, SeenLibraries
from contentlib.metadata import tables
from contentlib.metadata.portable import given_texts
from contentlib.metadata.rows import encode
from contentlib.metadata.search import SearchTexts
from contentlib.metadata.statement import Connection, Statement

_NOTES, _LABELS, _ITEMS, _LIBRARIES = tables.notes, tables.labels, tables.items, tables.libraries
_THING: BindParameter[str] = bindparam("thing")
_REMOVE = Statement(delete(_NOTES).where(_NOTES.c.thing == _THING))
_COLUMNS = ("thing", "library", "item", "text")
_ADD = Statement(insert(_NOTES).values({name: bindparam(name) for name in _COLUMNS}))
_ADD_LABEL = Statement(insert(_LABELS).values(thing=_THING, key=bindparam("key"), value=bindparam("value")))
_NOTES_OF = Statement(select(_NOTES.c.thing, _NOTES.c.text).where(_NOTES.c.thing.in_(given_texts("things"))))
_labels = select(_LABELS.c.thing, _LABELS.c.key, _LABELS.c.value).where(_LABELS.c.thing.in_(given_texts("things")))
_LABELS_OF = Statement(_labels.order_by(_LABELS.c.key))


@lru_cache(maxsize=4)
def _counting(seen: bool | None) -> Statement:
    """Counts the things with each label, without those in the trash or in libraries that are not seen."""
    home = func.coalesce(_NOTES.c.library, _ITEMS.c.library)
    source = _LABELS.join(_NOTES, _NOTES.c.thing == _LABELS.c.thing).outerjoin(_ITEMS, _ITEMS.c.id == _NOTES.c.item)
    query = select(_LABELS.c.key, _LABELS.c.value, func.count()).select_from(source.join(_LIBRARIES, _LIBRARIES.c.id == home))
    query = query.where(_LIBRARIES.c.deleted.is_(None), _ITEMS.c.deleted.is_(None))
    if seen is not None:
        query = query.where(home.not_in(given_texts("seen")) if seen else home.in_(given_texts("seen")))
    query = query.group_by(_LABELS.c.key, _LABELS.c.value).order_by(_LABELS.c.key, _LABELS.c.value)
    return Statement(query.limit(bindparam("most")), long=True)


class AnnotationRows:
    """Notes and labels."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._texts = SearchTexts(connection)

    async def get(self, thing: str) -> Annotation:
        """The notes and labels of a thing."""
        return (await annotations_of(self._connection, [thing]))[thing]

    async def put_library(self, annotation: Annotation) -> None:
        """Replaces the notes and labels of a library."""
        await self._put(annotation, "library")
        await self._texts.renew_library(annotation.thing)

    async def put_item(self, annotation: Annotation) -> None:
        """Replaces the notes and labels of an item."""
        await self._put(annotation, "item")
        await self._texts.renew_item(annotation.thing)

    async def _put(self, annotation: Annotation, kind: str) -> None:
        thing = annotation.thing
        await self._connection.run(_REMOVE, {"thing": thing})
        row = dict.fromkeys(_COLUMNS) | {"thing": thing, kind: thing, "text": annotation.notes}
        await self._connection.run(_ADD, row)
        for key, value in annotation.labels.items():
            await self._connection.run(_ADD_LABEL, {"thing": thing, "key": key, "value": value})

    async def labels(self, seen: SeenLibraries, most: int) -> list[LabelCount]:
        """The labels in use."""
        values = {"seen": encode(seen.libraries), "most": most}
        kind = None if seen.others and not seen.libraries else seen.others
        return [LabelCount(*row) for row in await self._connection.rows(_counting(kind), values)]


async def annotations_of(connection: Connection, things: list[str]) -> dict[str, Annotation]:
    """The notes and labels of some things; empty where there are none."""
    wanted = {"things": encode(things)}
    notes = dict(row for row in await connection.rows(_NOTES_OF, wanted))
    labels: dict[str, dict[str, str]] = {each: {} for each in things}
    for thing, key, value in await connection.rows(_LABELS_OF, wanted):
        labels[thing][key] = value
    return {each: Annotation(each, notes.get(each, ""), labels[each]) for each in things}
