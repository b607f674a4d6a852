"""Finds libraries and items by words, labels and properties, in the order that a caller wants.

A query for items begins at the narrowest of what it names, a word, a label or libraries, if that leaves few items, and sorts
those. Otherwise it walks along the index of the order, for a limited number of items; in order of name it walks along the items
with a common word, which is likely to be in the name: items that have it would be close together, and far from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    tuple_,
    union,
)

from contentlib.library.model import FoundPage, ItemQuery, LibraryQuery, Position, Selection, SortKey, library_owner
from contentlib.metadata import tables
from contentlib.metadata.common_names import LAST_NAME, CommonNames
from contentlib.metadata.portable import given_texts, place_of
from contentlib.metadata.rows import encode
from contentlib.metadata.statement import Connection, Statement

FEW = 5000
"""Items that are sorted for a page."""
MOST_EXAMINED = 10_000
"""Items that are looked at for a page, where they are not few."""
_FIRST_STEP, _LONGEST_STEP = 4, 2500
_MOST_ARMS, _ARMS = 16, (1, 4, 16)
_LAST_CHARACTER = chr(0x10FFFF)
_ITEMS, _LIBRARIES, _QUOTAS = tables.items, tables.libraries, tables.quotas
_TEXTS, _WORDS, _LABELS, _ATTACHED = tables.search_texts, tables.search_words, tables.labels, tables.attachments
_BLANK: ColumnElement[str] = literal_column("' '", Text())
_held = func.coalesce(_QUOTAS.c.bytes, literal_column("0"))
_ITEM_ORDER: Mapping[SortKey, ColumnElement[Any]] = {
    SortKey.NAME: _ITEMS.c.folded_name,
    SortKey.TYPE: _ITEMS.c.folded_type,
    SortKey.CREATED: _ITEMS.c.created,
    SortKey.MODIFIED: _ITEMS.c.modified,
    SortKey.SIZE: _ITEMS.c.size,
}
_LIBRARY_ORDER: Mapping[SortKey, ColumnElement[Any]] = {
    SortKey.NAME: _LIBRARIES.c.folded_name,
    SortKey.TYPE: _LIBRARIES.c.type,
    SortKey.CREATED: _LIBRARIES.c.created,
    SortKey.MODIFIED: _LIBRARIES.c.modified,
    SortKey.SIZE: _held,
}
_uncached = and_(_ITEMS.c.synced.is_not(None), _ITEMS.c.version_id.is_(None))
_is_published = place_of(_LIBRARIES.c.publishing, literal_column("'\"published\":true'", Text())) > literal_column("0")
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "library": _ITEMS.c.library == bindparam("library"),
    "folded_type": _ITEMS.c.folded_type == bindparam("folded_type"),
    "cached": ~_uncached,
    "uncached": _uncached,
    "since": _ITEMS.c.modified >= bindparam("since"),
    "until": _ITEMS.c.modified < bindparam("until"),
    "least": _ITEMS.c.size >= bindparam("least"),
    "type": _LIBRARIES.c.type == bindparam("type"),
    "storage": _LIBRARIES.c.storage == bindparam("storage"),
    "published": _is_published,
    "unpublished": not_(_is_published),
}
_FLAGS = {"cached": ("cached", "uncached"), "published": ("published", "unpublished")}
_deleted_libraries = select(_LIBRARIES.c.id).where(_LIBRARIES.c.deleted_until.is_not(None))  # which has an index


def _next_word(after: ColumnElement[bool]) -> Any:
    return select(func.min(_WORDS.c.word)).where(after, _WORDS.c.word < bindparam("to_word"))


_beginning = select(_next_word(_WORDS.c.word >= bindparam("from_word")).scalar_subquery().label("word")).cte(recursive=True)
_beginning = _beginning.union_all(
    select(_next_word(_WORDS.c.word > _beginning.c.word).scalar_subquery()).where(_beginning.c.word.is_not(None))
)
_BEGINNING = Statement(select(_beginning.c.word).where(_beginning.c.word.is_not(None)).limit(bindparam("enough")))
_IN_TAGS = Statement(
    select(literal_column("1")).where(
        _WORDS.c.word.in_(given_texts("words")),
        _WORDS.c.name == literal_column("''"),
        exists().where(_TEXTS.c.number == _WORDS.c.number, _TEXTS.c.thing == tables.tags.c.id),
    )
)


class _Shape(NamedTuple):
    """What a statement depends on; queries of one shape differ in values only. `source` is where it begins."""

    filters: tuple[str, ...]
    words: int
    labels: tuple[bool, ...]
    sort: SortKey
    descending: bool
    after: bool
    seen: bool | None
    source: str | None = None
    arms: int = 0


class QueryRows:
    """Queries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def items(self, query: ItemQuery) -> FoundPage:
        """A page of items."""
        shape, values = _shape(query), _values(query)
        source = await self._narrowest(query, shape, values)
        if source is None:
            return await self._walk(query, shape, values)
        rows = await self._connection.rows(_few(shape._replace(source=source)), values)
        return _page(rows, query.most)

    async def libraries(self, query: LibraryQuery) -> FoundPage:
        """A page of libraries."""
        return _page(await self._connection.rows(_libraries(_shape(query)), _values(query)), query.most)

    async def _narrowest(self, query: ItemQuery, shape: _Shape, values: dict[str, Any]) -> str | None:
        """What leaves the fewest items to look at; None if nothing leaves few."""
        counts = {}
        for source in _sources(query, shape):
            row = await self._connection.row(_count(source, shape), values)
            counts[source] = 0 if row is None else int(row[0])
        few = {source: count for source, count in counts.items() if count <= FEW}
        return min(few, key=few.__getitem__) if few else None

    async def _spellings(self, query: ItemQuery) -> list[list[str]]:
        """For each wanted word, all words that begin like it, if they are not too many and in no tag's name."""
        found = []
        for wanted in sorted(query.words, key=len, reverse=True) if query.sort is SortKey.NAME else ():
            values = {"from_word": wanted, "to_word": wanted + _LAST_CHARACTER, "enough": _MOST_ARMS + 1}
            words = [word for (word,) in await self._connection.rows(_BEGINNING, values)]
            if 0 < len(words) <= _MOST_ARMS and not await self._connection.rows(_IN_TAGS, {"words": encode(words)}):
                found.append(words)
        return found

    async def _walk(self, query: ItemQuery, shape: _Shape, values: dict[str, Any]) -> FoundPage:
        spellings = await self._spellings(query)
        names = CommonNames(self._connection, spellings, descending=query.descending)
        arms = _arms(spellings[0]) if spellings else {}
        shape, values, found = shape._replace(arms=len(arms)), values | arms, list[tuple[Any, ...]]()
        examined, step, each = 0, _FIRST_STEP * query.most, len(arms) or 1
        while examined < MOST_EXAMINED:
            if spellings and not await _leap(names, query, values):
                return _page(found, query.most)
            rows = await self._connection.rows(_walking(shape._replace(after="after_id" in values)), values | {"most": step})
            found += [row for row in rows if row[2]]
            if len(found) > query.most or len(rows) < step:
                return _page(found, query.most)
            values |= {"after_id": rows[-1][0], "after_value": rows[-1][1]}
            examined, step = examined + step * each, min(step * 2, _LONGEST_STEP // each)
        return FoundPage(tuple(row[0] for row in found), Position(values["after_value"], values["after_id"]))


async def _leap(names: CommonNames, query: ItemQuery, values: dict[str, Any]) -> bool:
    """Goes on to the next name that all words have; False if there is none."""
    before = values.get("after_value")
    name = await names.beyond(before)
    if name is not None and name not in (before, ""):
        values |= {"after_value": name, "after_id": LAST_NAME if query.descending else ""}
    return name is not None


def _arms(words: list[str]) -> dict[str, str]:
    """The words along which to walk, in one of a few numbers of places."""
    places = next(places for places in _ARMS if places >= len(words))
    return {f"arm{n}": words[min(n, len(words) - 1)] for n in range(places)}


def _page(rows: list[tuple[Any, ...]], most: int) -> FoundPage:
    """The first rows, and where they end if there are more."""
    ids = tuple(row[0] for row in rows[:most])
    return FoundPage(ids, Position(rows[most - 1][1], ids[-1]) if len(rows) > most else None)


def _shape(query: Selection) -> _Shape:
    seen = None if query.seen.others and not query.seen.libraries else query.seen.others
    labels = tuple(value is not None for _, value in query.labels)
    filters = tuple(sorted(_filters(query)))
    return _Shape(filters, len(query.words), labels, query.sort, query.descending, query.after is not None, seen)


def _filters(query: Selection) -> Iterator[str]:
    for name in query.__struct_fields__:
        value = getattr(query, name)
        if name in _FLAGS and value is not None:
            yield _FLAGS[name][0 if value else 1]
        elif name in _FILTERS and value is not None:
            yield name


def _values(query: Selection) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(query, name) for name in _filters(query) if hasattr(query, name)}
    values |= {"seen": encode(query.seen.libraries), "most": query.most + 1, "enough": FEW + 1}
    for n, word in enumerate(query.words):
        values |= {f"part{n}": f" {word}", f"from{n}": word, f"to{n}": word + _LAST_CHARACTER}
    for n, (key, value) in enumerate(query.labels):
        values |= {f"key{n}": key, f"value{n}": value}
    if query.after is not None:
        values |= {"after_value": query.after.value, "after_id": query.after.id}
    return values


def _sources(query: ItemQuery, shape: _Shape) -> Iterator[str]:
    if shape.seen is False or query.library is not None:
        yield "libraries"
    yield from (f"label{n}" for n in range(len(query.labels)))
    yield from (f"word{n}" for n in range(len(query.words)))


@lru_cache(maxsize=64)
def _count(source: str, shape: _Shape) -> Statement:
    """Counts what a source leaves, up to few and one more."""
    if source == "libraries":
        query = select(_ITEMS.c.id).where(*_in_libraries(shape))
    elif source.startswith("word"):
        query = select(_WORDS.c.number).where(_in_range(source.removeprefix("word")))
    else:
        query = _labelled(int(source.removeprefix("label")), shape)
    return Statement(select(func.count()).select_from(query.limit(bindparam("enough")).subquery()))


@lru_cache(maxsize=512)
def _few(shape: _Shape) -> Statement:
    """The first items of those that a source leaves, which are all looked at and sorted."""
    source = str(shape.source)
    if source == "libraries":
        begun = _in_libraries(shape)
    elif source.startswith("word"):
        begun = (_ITEMS.c.id.in_(_with_word(source.removeprefix("word"))), *_seen(shape, _ITEMS.c.library))
    else:
        begun = (_ITEMS.c.id.in_(_labelled(int(source.removeprefix("label")), shape)), *_seen(shape, _ITEMS.c.library))
    order = _ITEM_ORDER[shape.sort]
    query = select(_ITEMS.c.id, order).select_from(_with_texts(_ITEMS, shape))
    query = query.where(*begun, *_alive(), _hit(shape, _ITEMS))
    return Statement(_sorted(query, _unindexed(order), _ITEMS, shape), long=True)


@lru_cache(maxsize=512)
def _walking(shape: _Shape) -> Statement:
    """The next items in the order that the caller may see, and whether each is wanted."""
    if shape.arms:
        arms = union(*(select(_arm(shape, n).subquery()) for n in range(shape.arms))).subquery()
        columns = [each.desc() if shape.descending else each for each in (arms.c.name, arms.c.id)]
        return Statement(select(arms).order_by(*columns).limit(bindparam("most")), long=True)
    order = _ITEM_ORDER[shape.sort]
    hit = case((_hit(shape, _ITEMS), literal_column("1")), else_=literal_column("0"))
    query = select(_ITEMS.c.id, order, hit).select_from(_with_texts(_ITEMS, shape)).where(*_alive())
    query = query.where(*_seen(shape, _unindexed(_ITEMS.c.library)))
    if "library" in shape.filters:
        column = _ITEMS.c.library if shape.sort is SortKey.NAME else _unindexed(_ITEMS.c.library)
        query = query.where(column == bindparam("library"))
    return Statement(_sorted(query, order, _ITEMS, shape), long=True)


def _arm(shape: _Shape, n: int) -> Select[Any]:
    """The next items with a word."""
    hit = case((_hit(shape, _ITEMS), literal_column("1")), else_=literal_column("0"))
    source = _WORDS.join(_TEXTS, _TEXTS.c.number == _WORDS.c.number).join(_ITEMS, _ITEMS.c.id == _TEXTS.c.thing)
    query = select(_ITEMS.c.id, _WORDS.c.name, hit.label("hit")).select_from(source)
    query = query.where(_WORDS.c.word == bindparam(f"arm{n}"), *_alive(), *_seen(shape, _unindexed(_ITEMS.c.library)))
    if "library" in shape.filters:
        query = query.where(_unindexed(_ITEMS.c.library) == bindparam("library"))
    if shape.after:
        beyond = bindparam("after_value", type_=Text())
        query = query.where(_WORDS.c.name <= beyond if shape.descending else _WORDS.c.name >= beyond)
    return _sorted(query, _WORDS.c.name, _ITEMS, shape)


@lru_cache(maxsize=128)
def _libraries(shape: _Shape) -> Statement:
    order = _LIBRARY_ORDER[shape.sort]
    owner = literal_column(f"'{library_owner('')}'", Text()) + _LIBRARIES.c.id
    source = _with_texts(_LIBRARIES, shape).outerjoin(_QUOTAS, _QUOTAS.c.owner == owner)
    query = select(_LIBRARIES.c.id, order).select_from(source)
    query = query.where(_LIBRARIES.c.deleted.is_(None), *_seen(shape, _LIBRARIES.c.id), _hit(shape, _LIBRARIES))
    return Statement(_sorted(query, order, _LIBRARIES, shape), long=True)


def _sorted(query: Select[Any], order: ColumnElement[Any], table: Table, shape: _Shape) -> Select[Any]:
    columns = (order, table.c.id)
    if shape.after:
        value = bindparam("after_value", type_=order.type)
        here, after = tuple_(*columns), tuple_(value, bindparam("after_id", type_=Text()))
        query = query.where(here < after if shape.descending else here > after)
    ordered = [each.desc() for each in columns] if shape.descending else columns
    return query.order_by(*ordered).limit(bindparam("most"))


def _unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value of a column, as an expression for which no index is used: the other order of work is the shorter one."""
    return func.coalesce(column, column, type_=column.type)


def _alive() -> tuple[ColumnElement[bool], ...]:
    return _ITEMS.c.deleted.is_(None), _unindexed(_ITEMS.c.library).not_in(_deleted_libraries)


def _seen(shape: _Shape, library: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    """The condition that a caller may see a library."""
    if shape.seen is None:
        return ()
    return (library.not_in(given_texts("seen")) if shape.seen else library.in_(given_texts("seen")),)


def _in_libraries(shape: _Shape) -> tuple[ColumnElement[bool], ...]:
    if "library" in shape.filters:
        return (_FILTERS["library"], *_seen(shape, _unindexed(_ITEMS.c.library)))
    return _seen(shape, _ITEMS.c.library)


def _hit(shape: _Shape, table: Table) -> ColumnElement[bool]:
    """The condition that a row is wanted."""
    wanted = [_FILTERS[name] for name in shape.filters]
    wanted += [_has_word(n, table) for n in range(shape.words)]
    wanted += [exists(_labelled(n, shape).where(_LABELS.c.thing == table.c.id)) for n in range(len(shape.labels))]
    return and_(literal_column("1") == literal_column("1"), *wanted)


def _with_texts(table: Table, shape: _Shape) -> Any:
    return table.outerjoin(_TEXTS, _TEXTS.c.thing == table.c.id) if shape.words else table


def _has_word(n: int, table: Table) -> ColumnElement[bool]:
    """Whether a word of a thing, or of the name of one of its tags, begins like the wanted one."""
    of_tag = _TEXTS.alias("tag_texts")
    attached = _ATTACHED.c.item if table is _ITEMS else _ATTACHED.c.library
    tagged = exists().where(attached == table.c.id, of_tag.c.thing == _ATTACHED.c.tag, _begins(of_tag, n))
    return or_(_begins(_TEXTS, n), tagged)


def _begins(texts: Any, n: int) -> ColumnElement[bool]:
    return place_of(_BLANK + texts.c.words, bindparam(f"part{n}", type_=Text())) > literal_column("0")


def _in_range(n: str) -> ColumnElement[bool]:
    return and_(_WORDS.c.word >= bindparam(f"from{n}"), _WORDS.c.word < bindparam(f"to{n}"))


def _with_word(n: str) -> Any:
    """The identifiers of the things with a word, and of the items with a tag that has it."""
    texts = _TEXTS.alias("found_texts")  # not those of the row outside
    things = select(texts.c.thing).where(texts.c.number == _WORDS.c.number, _in_range(n))
    tagged = select(_ATTACHED.c.item).where(_ATTACHED.c.item.is_not(None), _ATTACHED.c.tag == texts.c.thing)
    return things.union_all(tagged.where(texts.c.number == _WORDS.c.number, _in_range(n)))


def _labelled(n: int, shape: _Shape) -> Select[Any]:
    query = select(_LABELS.c.thing).where(_LABELS.c.key == bindparam(f"key{n}"))
    return query.where(_LABELS.c.value == bindparam(f"value{n}")) if shape.labels[n] else query
