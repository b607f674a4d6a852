"""Keeps the words by which libraries, items and tags are found, in the transaction that changes their texts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    union_all,
    update,
)

from contentlib.library.words import words_of
from contentlib.metadata import tables
from contentlib.metadata.portable import given_texts
from contentlib.metadata.rows import encode
from contentlib.metadata.statement import Connection, Statement

_TEXTS, _WORDS = tables.search_texts, tables.search_words
_ITEMS, _FILES = tables.items, tables.stored_files
_NOTES, _LABELS = tables.notes, tables.labels
_THING: BindParameter[str] = bindparam("thing")
_IS_NAME: ColumnElement[int] = literal_column("1")
_IS_TEXT: ColumnElement[int] = literal_column("0")
_of_thing = _TEXTS.c.thing == _THING
_GET = Statement(select(_TEXTS.c.name, _TEXTS.c.words).where(_of_thing))
_ADD = Statement(insert(_TEXTS).values(thing=_THING, name=bindparam("folded"), words=bindparam("text")))
_PUT = Statement(update(_TEXTS).where(_of_thing).values(name=bindparam("folded"), words=bindparam("text")))
_REMOVE = Statement(delete(_TEXTS).where(_of_thing))
_added = given_texts("added").subquery()
_rows = select(_added.c.value, _TEXTS.c.name, _TEXTS.c.number).where(_of_thing)
_ADD_WORDS = Statement(insert(_WORDS).from_select(["word", "name", "number"], _rows))
_its_name, _its_number = (select(column).where(_of_thing).scalar_subquery() for column in (_TEXTS.c.name, _TEXTS.c.number))
_REMOVE_WORDS = Statement(
    delete(_WORDS).where(_WORDS.c.word.in_(given_texts("gone")), _WORDS.c.name == _its_name, _WORDS.c.number == _its_number)
)


def _described(table: Table) -> list[Select[Any]]:
    columns = ((_IS_NAME, table.c.folded_name), (_IS_TEXT, table.c.name), (_IS_TEXT, table.c.description))
    return [select(*each).where(table.c.id == _THING) for each in columns]


_annotated = [
    select(_IS_TEXT, _NOTES.c.text).where(_NOTES.c.thing == _THING),
    select(_IS_TEXT, _LABELS.c.key).where(_LABELS.c.thing == _THING),
    select(_IS_TEXT, _LABELS.c.value).where(_LABELS.c.thing == _THING),
]
_of_files = select(_IS_TEXT, _FILES.c.name).where(_FILES.c.version == _ITEMS.c.version_id, _ITEMS.c.id == _THING)
_OF_LIBRARY = Statement(union_all(*_described(tables.libraries), *_annotated))
_OF_ITEM = Statement(union_all(*_described(_ITEMS), _of_files, *_annotated))
_OF_TAG = Statement(select(_IS_TEXT, tables.tags.c.name).where(tables.tags.c.id == _THING))
_TAGS_OF = Statement(select(tables.tags.c.id).where(tables.tags.c.category == bindparam("of_category")))


class SearchTexts:
    """The words of libraries, items and tags, for the rows that change them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def renew_library(self, library: str) -> None:
        """Keeps the words of a library: of its name, description, notes and labels."""
        await self._renew(_OF_LIBRARY, library)

    async def add_item(self, item: str) -> None:
        """Keeps the words of a new item."""
        await self._replace(_OF_ITEM, item, None)

    async def renew_item(self, item: str) -> None:
        """Keeps the words of an item: the same, and those of the names of its current files."""
        await self._renew(_OF_ITEM, item)

    async def renew_tag(self, tag: str) -> None:
        """Keeps the words of the name of a tag."""
        await self._renew(_OF_TAG, tag)

    async def remove(self, thing: str) -> None:
        """Removes the words of a thing."""
        before = await self._get(thing)
        if before is not None:
            await self._change_words(_REMOVE_WORDS, thing, gone=before[1])
            await self._connection.run(_REMOVE, {"thing": thing})

    async def remove_tags(self, category: str) -> None:
        """Removes the words of all tags of a category."""
        for (tag,) in await self._connection.rows(_TAGS_OF, {"of_category": category}):
            await self.remove(tag)

    async def _renew(self, texts: Statement, thing: str) -> None:
        await self._replace(texts, thing, await self._get(thing))

    async def _replace(self, texts: Statement, thing: str, before: tuple[str, list[str]] | None) -> None:
        name, words = await self._current(texts, thing)
        if before == (name, words):
            return
        old = before[1] if before is not None else []
        kept = set(old).intersection(words) if before is not None and before[0] == name else set()
        await self._change_words(_REMOVE_WORDS, thing, gone=[each for each in old if each not in kept])
        row = {"thing": thing, "folded": name, "text": " ".join(words)}
        await self._connection.run(_ADD if before is None else _PUT, row)
        await self._change_words(_ADD_WORDS, thing, added=[each for each in words if each not in kept])

    async def _current(self, texts: Statement, thing: str) -> tuple[str, list[str]]:
        """The folded name of a thing, and the words of its texts."""
        rows = await self._connection.rows(texts, {"thing": thing})
        name = next((text for is_name, text in rows if is_name), "")
        return name, words_of(*(text for is_name, text in rows if not is_name))

    async def _get(self, thing: str) -> tuple[str, list[str]] | None:
        row = await self._connection.row(_GET, {"thing": thing})
        return None if row is None else (row[0], str(row[1]).split())

    async def _change_words(self, statement: Statement, thing: str, **words: list[str]) -> None:
        ((name, values),) = words.items()
        if values:
            await self._connection.run(statement, {"thing": thing, name: encode(values)})
