"""Defines the statements on items and their content versions."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    update,
)

from contentlib.library.errors import Fault
from contentlib.library.model import Differences, Item, PackageSignature, StoredFile, Version
from contentlib.metadata import tables
from contentlib.metadata.deleted import DeletedRows, DeletedStatements
from contentlib.metadata.quotas import Holdings
from contentlib.metadata.rows import Codec, Keyed, KnownKeys, Limitable, Statements, encode
from contentlib.metadata.search import SearchTexts
from contentlib.metadata.statement import Connection, Statement

_ITEMS = tables.items
_VERSIONS = tables.versions
_FILES = tables.stored_files
_BLOBS = tables.blobs
_LIBRARIES = tables.libraries
LIVE = (
    _ITEMS.c.deleted.is_(None),
    ~exists().where(_LIBRARIES.c.id == _ITEMS.c.library, _LIBRARIES.c.deleted.is_not(None)),
)
"""Of items, those that are neither deleted themselves nor with their library."""
_ROWS = Statements(_ITEMS, Item, "id", *LIVE, fixed=("library", "user"))
_FILE = Codec(StoredFile)
_SIGNATURE: msgspec.json.Decoder[PackageSignature] = msgspec.json.Decoder(PackageSignature)
_TEXTS: dict[str, msgspec.json.Decoder[Any]] = {
    "signature": _SIGNATURE,
    "differences": msgspec.json.Decoder(Differences),
    "warnings": msgspec.json.Decoder(tuple[Fault, ...]),
}
_uncached = and_(_ITEMS.c.synced.is_not(None), _ITEMS.c.version_id.is_(None))
_CACHED: dict[str, ColumnElement[bool]] = {"cached": ~_uncached, "uncached": _uncached}
_NARROW = {"library", "folded_name", "source"}


@cache
def _find(names: tuple[str, ...]) -> Statement:
    """One statement a set of criteria, so that each uses its index."""
    wanted = [_CACHED[name] if name in _CACHED else _ITEMS.c[name] == bindparam(name) for name in names]
    query = select(_ITEMS.c.id).where(*wanted, *LIVE).order_by(_ITEMS.c.created, _ITEMS.c.id)
    return Statement(query, long=not _NARROW.intersection(names))  # without an index every item is looked at


class ItemRows(Keyed[Item]):
    """Items."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROWS)
        self._holdings = Holdings(connection)
        self._texts = SearchTexts(connection)

    async def add(self, row: Item) -> None:
        """Adds an item; versions of it may be there already."""
        await super().add(row)
        await self._holdings.add_item(row.library, row.user, await self._holdings.of_item(row.id))
        await self._texts.add_item(row.id)

    async def put(self, row: Item) -> None:
        """Replaces the item of the same identifier."""
        await super().put(row)
        await self._texts.renew_item(row.id)

    async def find(
        self,
        *,
        library: str | None = None,
        folded_name: str | None = None,
        folded_type: str | None = None,
        source: str | None = None,
        cached: bool | None = None,
    ) -> list[str]:
        """The identifiers of the items that match all that is given."""
        given = {"library": library, "folded_name": folded_name, "folded_type": folded_type, "source": source}
        wanted = {name: value for name, value in given.items() if value is not None}
        narrowed = () if cached is None else ("cached" if cached else "uncached",)
        return await self._identifiers(_find((*wanted, *narrowed)), wanted)

    async def marks(self, library: str) -> list[tuple[str, str]]:
        """The identifiers of a library's items, each with a text that changes with the item."""
        return [*await self._connection.rows(_MARKS, {"key": library})]

    async def names(self, library: str) -> list[tuple[str, str]]:
        """The identifiers of a library's items, each with its name."""
        return [*await self._connection.rows(_NAMES, {"key": library})]

    async def remove(self, identifier: str) -> None:
        """Removes the item; its versions have no item any more."""
        await self._holdings.remove_item(identifier)
        await self._holdings.change_bytes(await self._holdings.of_item(identifier), -1)
        await self._connection.run(_ORPHAN, {"key": identifier})
        await self._texts.remove(identifier)
        await super().remove(identifier)

    async def remove_of(self, library: str, most: int) -> int:
        """Removes some items of a library, deleted ones too; how many they were."""
        found = await self._identifiers(_SOME_OF, {"key": library, "most": most})
        for item in found:
            await self.remove(item)
        return len(found)

    async def size_of(self, library: str) -> int:
        """Returns the total size of the current contents of a library's items, also for a deleted library."""
        row = await self._connection.row(_SIZE_OF, {"key": library})
        return int(row[0]) if row else 0

    async def reached(self, library: str) -> tuple[int, int]:
        """The highest version of a library's items, and the highest generation of their files."""
        row = await self._connection.row(_REACHED, {"key": library})
        return (int(row[0]), int(row[1])) if row else (0, 0)


_DELETED = DeletedStatements(_ITEMS, _ROWS)


class DeletedItemRows(DeletedRows[Item]):
    """Items in the trash."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _DELETED)
        self._texts = SearchTexts(connection)

    async def restore(self, row: Item) -> None:
        """Brings an item back."""
        await super().restore(row)
        await self._texts.renew_item(row.id)


_MARKED = ("version", "metadata_version", "content_version", "modified", "version_id", "type", "name")
_mark: ColumnElement[Any] = literal_column("''")
for _name in _MARKED:
    _mark = _mark.op("|| '/' ||")(func.coalesce(cast(_ITEMS.c[_name], Text), literal_column("''")))


def _of_all(column: ColumnElement[Any]) -> Statement:
    """A column of each item of a library whose content is here."""
    wanted = (_ITEMS.c.library == bindparam("key"), _CACHED["cached"], *LIVE)
    return Statement(select(_ITEMS.c.id, column).where(*wanted).order_by(_ITEMS.c.created, _ITEMS.c.id), long=True)


_MARKS, _NAMES = _of_all(_mark), _of_all(_ITEMS.c.name)
_SOME_OF = Statement(select(_ITEMS.c.id).where(_ITEMS.c.library == bindparam("key")).limit(bindparam("most")))
_SIZE_OF = Statement(
    select(func.coalesce(func.sum(_ITEMS.c.size), literal_column("0"))).where(
        _ITEMS.c.library == bindparam("key"), _ITEMS.c.deleted.is_(None)
    ),
    long=True,
)
_REACHED = Statement(
    select(
        func.coalesce(
            func.max(_ITEMS.c.metadata_version + _ITEMS.c.content_version - literal_column("1")), literal_column("0")
        ),
        func.coalesce(func.max(_FILES.c.generation), literal_column("0")),
    )
    .select_from(_ITEMS.outerjoin(_VERSIONS, _VERSIONS.c.item == _ITEMS.c.id).outerjoin(_FILES))
    .where(_ITEMS.c.library == bindparam("key")),
    long=True,
)
_orphan = update(_VERSIONS).values(newer=tables.ORPHANED)
_ORPHAN = Statement(_orphan.where(_VERSIONS.c.item == bindparam("key")))
_LET_GO = Statement(_orphan.where(_VERSIONS.c.id == bindparam("key")))
_VERSION_NAMES = ("id", "item", "number", "created", "user", "message", "signature", "differences", "warnings")
_VERSION_COLUMNS = [_VERSIONS.c[name] for name in _VERSION_NAMES]
_GET = Statement(select(*_VERSION_COLUMNS).where(_VERSIONS.c.id == bindparam("key")))
_GET_SIGNATURE = Statement(select(_VERSIONS.c.signature).where(_VERSIONS.c.id == bindparam("key")))
_OF_ITEM = Statement(select(*_VERSION_COLUMNS).where(_VERSIONS.c.item == bindparam("of_item")).order_by(_VERSIONS.c.number))
_LIBRARIES = tables.libraries
_since = (
    select(_LIBRARIES.c.revision)
    .where(_ITEMS.c.id == bindparam("item"), _LIBRARIES.c.id == _ITEMS.c.library)
    .correlate(None)
    .scalar_subquery()
)
_ADD = Statement(insert(_VERSIONS).values({name: bindparam(name) for name in _VERSION_NAMES} | {"newer": 0, "since": _since}))
_earlier = _VERSIONS.alias()
_base = (
    select(_earlier.c.id)
    .where(_earlier.c.item == _ITEMS.c.id, _earlier.c.since < bindparam("revision"))
    .order_by(_earlier.c.number.desc())
    .limit(literal_column("1"))
    .scalar_subquery()
)
_SINCE = Statement(
    select(_ITEMS.c.id, _base).where(
        _ITEMS.c.library == bindparam("of_library"),
        _ITEMS.c.deleted.is_(None),
        _VERSIONS.c.id == _ITEMS.c.version_id,
        or_(_VERSIONS.c.since.is_(None), _VERSIONS.c.since >= bindparam("revision")),
    )
)
_OLDER = Statement(
    update(_VERSIONS)
    .where(_VERSIONS.c.item == bindparam("of_item"), _VERSIONS.c.number < bindparam("before"))
    .values(newer=_VERSIONS.c.newer + 1, superseded=func.coalesce(_VERSIONS.c.superseded, bindparam("at")))
)
_REMOVE = Statement(delete(_VERSIONS).where(_VERSIONS.c.id == bindparam("key")))
_FILES_OF = Statement(
    select(*[_FILES.c[name] for name in _FILE.names]).where(_FILES.c.version == bindparam("key")).order_by(_FILES.c.position)
)
_FILE_COLUMNS = ("version", "position", *_FILE.names)
_ADD_FILE = Statement(insert(_FILES).values({name: bindparam(name) for name in _FILE_COLUMNS}))
_REFER = Statement(update(_BLOBS).where(_BLOBS.c.id == bindparam("key")).values(unreferenced=null()))
_named = select(_FILES.c.blob).where(_FILES.c.version == bindparam("key"))
_elsewhere = exists().where(_FILES.c.blob == _BLOBS.c.id, _FILES.c.version != bindparam("key"))
_UNREFER = Statement(update(_BLOBS).where(_BLOBS.c.id.in_(_named), ~_elsewhere).values(unreferenced=bindparam("undated")))
_DOWNLOADS = tables.download_sessions
_UPDATES = tables.update_sessions
_KNOWN = KnownKeys(_VERSIONS.c.id)
_in_library = exists().where(_ITEMS.c.id == _VERSIONS.c.item, _ITEMS.c.library == bindparam("library"))
_in_another = (
    exists()
    .where(_ITEMS.c.id == _VERSIONS.c.item, _LIBRARIES.c.id == _ITEMS.c.library)
    .where(_LIBRARIES.c.retention.is_not(None))
)


def _surplus(where: ColumnElement[bool]) -> Limitable:
    query = select(_VERSIONS.c.id).where(
        _VERSIONS.c.newer > literal_column("0"),
        or_(_VERSIONS.c.newer >= bindparam("kept"), _VERSIONS.c.superseded < bindparam("before")),
        ~exists().where(_ITEMS.c.id == _VERSIONS.c.item, _ITEMS.c.version_id == _VERSIONS.c.id),
        ~exists().where(_DOWNLOADS.c.version_id == _VERSIONS.c.id, tables.active(_DOWNLOADS)),
        ~exists().where(_UPDATES.c.base == _VERSIONS.c.id, tables.active(_UPDATES)),
        where,
    )
    return Limitable(query, _VERSIONS.c.created, _VERSIONS.c.id)


_SURPLUS = _surplus(~_in_another)
_SURPLUS_OF = _surplus(_in_library)


_of_library = (_VERSIONS.c.id == _FILES.c.version, _ITEMS.c.id == _VERSIONS.c.item, _ITEMS.c.library == bindparam("of_library"))
_ELSEWHERE = Statement(
    select(func.min(_FILES.c.name), _BLOBS.c.id, _BLOBS.c.size)
    .where(*_of_library, _BLOBS.c.id == _FILES.c.blob, _BLOBS.c.storage != bindparam("at_storage"))
    .group_by(_BLOBS.c.id, _BLOBS.c.size)
    .order_by(_BLOBS.c.id)
)
_MOVE = Statement(
    update(_FILES).where(_FILES.c.blob == bindparam("old"), exists().where(*_of_library)).values(blob=bindparam("new"))
)
_LEAVE = Statement(
    update(_BLOBS)
    .where(_BLOBS.c.id == bindparam("old"), ~exists().where(_FILES.c.blob == _BLOBS.c.id))
    .values(unreferenced=bindparam("undated"))
)


class VersionRows:
    """Content versions with their files."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._holdings = Holdings(connection)

    async def add(self, version: Version) -> None:
        """Adds a version."""
        columns: dict[str, Any] = {name: getattr(version, name) for name in _VERSION_NAMES}
        for name in _TEXTS:
            columns[name] = None if columns[name] is None else encode(columns[name])
        await self._connection.run(_ADD, columns)
        await self._connection.run(_OLDER, {"of_item": version.item, "before": version.number, "at": version.created})
        for position, file in enumerate(version.files):
            await self._connection.run(_ADD_FILE, {"version": version.id, "position": position, **_FILE.row(file)})
            await self._connection.run(_REFER, {"key": file.blob})
        await self._holdings.change_bytes(await self._holdings.only_of(version.id))

    async def get(self, version_id: str) -> Version | None:
        """The version, or None."""
        row = await self._connection.row(_GET, {"key": version_id})
        return None if row is None else await self._version(row)

    async def signature(self, version_id: str) -> PackageSignature | None:
        """The signature of a version, or None."""
        row = await self._connection.row(_GET_SIGNATURE, {"key": version_id})
        return None if row is None else _signature(row[0])

    async def of(self, item: str) -> list[Version]:
        """The versions of an item that are kept."""
        return [await self._version(row) for row in await self._connection.rows(_OF_ITEM, {"of_item": item})]

    async def since(self, library: str, revision: int) -> dict[str, str | None]:
        """The items with newer content, and the version that each had."""
        rows = await self._connection.rows(_SINCE, {"of_library": library, "revision": revision})
        return {row[0]: row[1] for row in rows}

    async def _version(self, row: tuple[Any, ...]) -> Version:
        files = await self._connection.rows(_FILES_OF, {"key": row[0]})
        columns = dict(zip(_VERSION_NAMES, row, strict=True))
        for name, decoder in _TEXTS.items():
            columns[name] = None if columns[name] is None else decoder.decode(columns[name])
        return Version(files=tuple(_FILE.value(file) for file in files), **columns)

    async def remove(self, version_id: str) -> None:
        """Removes the version; blobs that no version names any more wait for `unreference`."""
        await self._holdings.change_bytes(await self._holdings.only_of(version_id), -1)
        await self._connection.run(_UNREFER, {"key": version_id, "undated": tables.UNDATED})
        await self._connection.run(_REMOVE, {"key": version_id})

    async def let_go(self, version_id: str) -> None:
        """Releases a version for all but the sessions that serve it."""
        await self._holdings.change_bytes(await self._holdings.only_of(version_id), -1)
        await self._connection.run(_LET_GO, {"key": version_id})

    async def surplus(
        self, kept: int | None, most: int | None = None, *, before: int | None = None, library: str | None = None
    ) -> list[str]:
        """Returns the identifiers of unneeded versions."""
        rule = {"kept": tables.ORPHANED if kept is None else kept, "before": before}
        statement = _SURPLUS.of(rule, most) if library is None else _SURPLUS_OF.of({**rule, "library": library}, most)
        return [row[0] for row in await self._connection.rows(*statement)]

    async def known(self, version_ids: Collection[str]) -> set[str]:
        """Those of the identifiers that are versions'."""
        return await _KNOWN.of(self._connection, version_ids)

    async def elsewhere(self, library: str, storage: str) -> list[StoredFile]:
        """A file for each blob of a library that is on another storage."""
        rows = await self._connection.rows(_ELSEWHERE, {"of_library": library, "at_storage": storage})
        return [StoredFile(name, blob, size, 1, None) for name, blob, size in rows]

    async def move(self, library: str, blob: str, other: str) -> None:
        """Replaces a blob in a library's versions by another one with the same bytes."""
        before = await self._holdings.of_blobs(library, blob, other)
        await self._connection.run(_MOVE, {"of_library": library, "old": blob, "new": other})
        await self._holdings.change_bytes(before, -1)  # versions may have had both, and have one twice now
        await self._holdings.change_bytes(await self._holdings.of_blobs(library, blob, other))
        await self._connection.run(_REFER, {"key": other})
        await self._connection.run(_LEAVE, {"old": blob, "undated": tables.UNDATED})


def _signature(text: str | None) -> PackageSignature | None:
    return None if text is None else _SIGNATURE.decode(text)
