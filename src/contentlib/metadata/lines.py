"""Reads libraries and items with all that a table shows of them, in a few statements for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Text, func, literal_column, select

from contentlib.library.model import Item, ItemLine, Library, LibraryLine, PackageSignature, library_owner
from contentlib.metadata import tables
from contentlib.metadata.annotations import annotations_of
from contentlib.metadata.portable import given_texts
from contentlib.metadata.rows import Codec, encode
from contentlib.metadata.statement import Connection, Statement

_ITEMS, _VERSIONS, _LIBRARIES, _QUOTAS = tables.items, tables.versions, tables.libraries, tables.quotas
_FILES, _USAGES, _CONTACTS = tables.stored_files, tables.usages, tables.subscriber_contacts
_ITEM, _LIBRARY = Codec(Item), Codec(Library)
_SIGNATURE: msgspec.json.Decoder[PackageSignature] = msgspec.json.Decoder(PackageSignature)
_WANTED = given_texts("things")
_live = (_ITEMS.c.deleted.is_(None), _ITEMS.c.library.in_(_WANTED))
_usages = select(func.count()).where(_USAGES.c.library == _LIBRARIES.c.id).correlate(_LIBRARIES).scalar_subquery()
_contacts = select(func.count()).where(_CONTACTS.c.library == _LIBRARIES.c.id).correlate(_LIBRARIES).scalar_subquery()
_ITEM_LINES = Statement(
    select(_LIBRARIES.c.name, _VERSIONS.c.user, _VERSIONS.c.signature, _usages, *(_ITEMS.c[name] for name in _ITEM.names))
    .select_from(
        _ITEMS.join(_LIBRARIES, _LIBRARIES.c.id == _ITEMS.c.library).outerjoin(_VERSIONS, _VERSIONS.c.id == _ITEMS.c.version_id)
    )
    .where(_ITEMS.c.id.in_(_WANTED))
)
_owner = literal_column(f"'{library_owner('')}'", Text()) + _LIBRARIES.c.id
_LIBRARY_LINES = Statement(
    select(_QUOTAS.c.bytes, _contacts, *(_LIBRARIES.c[name] for name in _LIBRARY.names))
    .select_from(_LIBRARIES.outerjoin(_QUOTAS, _QUOTAS.c.owner == _owner))
    .where(_LIBRARIES.c.id.in_(_WANTED))
)
_COUNTS = Statement(select(_ITEMS.c.library, func.count()).where(*_live).group_by(_ITEMS.c.library), long=True)
_blobs = (
    select(_ITEMS.c.library, _FILES.c.blob, _FILES.c.size)
    .where(_ITEMS.c.library.in_(_WANTED), _VERSIONS.c.item == _ITEMS.c.id, _FILES.c.version == _VERSIONS.c.id)
    .distinct()
    .subquery()
)
_UNIQUE = Statement(select(_blobs.c.library, func.sum(_blobs.c.size)).group_by(_blobs.c.library), long=True)
MOST_COMPARED = 20_000
"""Items of libraries on a page whose blobs are compared."""


class LineRows:
    """Libraries and items as tables show them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def items(self, ids: Sequence[str]) -> list[ItemLine]:
        """The items with these identifiers, in this order."""
        annotations = await annotations_of(self._connection, [*ids])
        found = {}
        for name, user, signature, usages, *columns in await self._connection.rows(_ITEM_LINES, {"things": encode(ids)}):
            item = _ITEM.value(tuple(columns))
            signed = None if signature is None else _SIGNATURE.decode(signature)
            found[item.id] = ItemLine(item, name, annotations[item.id], user or None, signed, usages)
        return [found[each] for each in ids if each in found]

    async def libraries(self, ids: Sequence[str]) -> list[LibraryLine]:
        """The libraries with these identifiers, in this order."""
        annotations = await annotations_of(self._connection, [*ids])
        items = await self._by_library(_COUNTS, ids)
        unique = await self._by_library(_UNIQUE, ids) if sum(items.values()) <= MOST_COMPARED else None
        found = {}
        for held, contacts, *columns in await self._connection.rows(_LIBRARY_LINES, {"things": encode(ids)}):
            library = _LIBRARY.value(tuple(columns))
            own = None if unique is None else unique.get(library.id, 0)
            counted = items.get(library.id, 0)
            found[library.id] = LibraryLine(library, annotations[library.id], counted, held or 0, own, contacts)
        return [found[each] for each in ids if each in found]

    async def _by_library(self, statement: Statement, ids: Sequence[str]) -> dict[str, int]:
        rows: list[tuple[Any, ...]] = await self._connection.rows(statement, {"things": encode(ids)})
        return {library: int(amount) for library, amount in rows}
