"""Keeps the words by which libraries, items and tags are found, in the transaction that changes their texts."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, Table, bindparam, delete, insert, select, union_all, update

from contentlib.library.words import words_of
from contentlib.metadata import tables
from contentlib.metadata.portable import given_texts
from contentlib.metadata.rows import encode
from contentlib.metadata.statement import Connection, Statement

_TEXTS, _WORDS = tables.search_texts, tables.search_words
_ITEMS, _FILES = tables.items, tables.stored_files
_NOTES, _LABELS = tables.notes, tables.labels
_KEY: Select[tuple[int]] = select(_TEXTS.c.number).where(_TEXTS.c.thing == bindparam("thing"))
_number = _KEY.scalar_subquery()
_GET = Statement(select(_TEXTS.c.words).where(_TEXTS.c.thing == bindparam("thing")))
_ADD = Statement(insert(_TEXTS).values(thing=bindparam("thing"), words=bindparam("text")))
_PUT = Statement(update(_TEXTS).where(_TEXTS.c.thing == bindparam("thing")).values(words=bindparam("text")))
_REMOVE = Statement(delete(_TEXTS).where(_TEXTS.c.thing == bindparam("thing")))
_added = given_texts("added").subquery()
_ADD_WORDS = Statement(
    insert(_WORDS).from_select(
        ["word", "number"], select(_added.c.value, _TEXTS.c.number).where(_TEXTS.c.thing == bindparam("thing"))
    )
)
_REMOVE_WORDS = Statement(delete(_WORDS).where(_WORDS.c.number == _number, _WORDS.c.word.in_(given_texts("gone"))))


def _described(table: Table) -> list[Select[tuple[str]]]:
    found = table.c.id == bindparam("thing")
    return [select(table.c.name).where(found), select(table.c.description).where(found)]


_annotated = [
    select(_NOTES.c.text).where(_NOTES.c.thing == bindparam("thing")),
    select(_LABELS.c.key).where(_LABELS.c.thing == bindparam("thing")),
    select(_LABELS.c.value).where(_LABELS.c.thing == bindparam("thing")),
]
_of_files = select(_FILES.c.name).where(_FILES.c.version == _ITEMS.c.version_id, _ITEMS.c.id == bindparam("thing"))
_OF_LIBRARY = Statement(union_all(*_described(tables.libraries), *_annotated))
_OF_ITEM = Statement(union_all(*_described(_ITEMS), _of_files, *_annotated))
_NAME_OF_TAG = Statement(select(tables.tags.c.name).where(tables.tags.c.id == bindparam("thing")))
_TAGS_OF = Statement(select(tables.tags.c.id).where(tables.tags.c.category == bindparam("of_category")))


class SearchTexts:
    """The words of libraries, items and tags, for the rows that change them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def renew_library(self, library: str) -> None:
        """Keeps the words of a library: of its name, description, notes and labels."""
        await self._renew(_OF_LIBRARY, library)

    async def renew_item(self, item: str) -> None:
        """Keeps the words of an item: the same, and those of the names of its current files."""
        await self._renew(_OF_ITEM, item)

    async def renew_tag(self, tag: str) -> None:
        """Keeps the words of the name of a tag."""
        await self._renew(_NAME_OF_TAG, tag)

    async def remove(self, thing: str) -> None:
        """Removes the words of a thing."""
        await self._change_words(thing, gone=await self._words(thing) or [])
        await self._connection.run(_REMOVE, {"thing": thing})

    async def remove_tags(self, category: str) -> None:
        """Removes the words of all tags of a category."""
        for (tag,) in await self._connection.rows(_TAGS_OF, {"of_category": category}):
            await self.remove(tag)

    async def _renew(self, texts: Statement, thing: str) -> None:
        found = words_of(*(text for (text,) in await self._connection.rows(texts, {"thing": thing})))
        before = await self._words(thing)
        if found == before:
            return
        await self._connection.run(_ADD if before is None else _PUT, {"thing": thing, "text": " ".join(found)})
        old, new = dict.fromkeys(before or ()), dict.fromkeys(found)
        await self._change_words(
            thing, gone=(each for each in old if each not in new), added=(each for each in new if each not in old)
        )

    async def _words(self, thing: str) -> list[str] | None:
        row = await self._connection.row(_GET, {"thing": thing})
        return None if row is None else str(row[0]).split()

    async def _change_words(self, thing: str, *, gone: Iterable[str] = (), added: Iterable[str] = ()) -> None:
        for statement, name, words in ((_REMOVE_WORDS, "gone", [*gone]), (_ADD_WORDS, "added", [*added])):
            if words:
                await self._connection.run(statement, {"thing": thing, name: encode(words)})
