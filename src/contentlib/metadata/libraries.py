"""Defines the statements on libraries."""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, delete, or_, select, update

from contentlib.library.model import Library, LibraryType, Retention, library_owner
from contentlib.metadata import tables
from contentlib.metadata.deleted import DeletedRows, DeletedStatements
from contentlib.metadata.quotas import Holdings
from contentlib.metadata.rows import Keyed, Statements
from contentlib.metadata.search import SearchTexts
from contentlib.metadata.statement import Connection, Statement

_TABLE = tables.libraries
_LIVE = _TABLE.c.deleted.is_(None)
_ROWS = Statements(_TABLE, Library, "id", _LIVE)
_ORDER = (_TABLE.c.created, _TABLE.c.id)
_of_type, _on_storage = (or_(bindparam(name).is_(None), _TABLE.c[name] == bindparam(name)) for name in ("type", "storage"))
_find = select(_TABLE.c.id).where(_LIVE, _of_type, _on_storage).order_by(*_ORDER)
_FIND = Statement(_find)
_BY_NAME = Statement(_find.where(_TABLE.c.folded_name == bindparam("folded_name")))
_REVISIONS = Statement(select(_TABLE.c.id, _TABLE.c.revision).where(_LIVE))
_OWN_RETENTION = Statement(select(_TABLE.c.id, _TABLE.c.retention).where(_TABLE.c.retention.is_not(None)).order_by(*_ORDER))
_RETENTION = msgspec.json.Decoder(Retention)
_CHANGED = Statement(update(_TABLE).where(_TABLE.c.id == bindparam("key")).values(revision=_TABLE.c.revision + 1))
_GO_WITH_IT = tuple(
    table.name
    for table in tables.metadata.sorted_tables
    if any(key.column.table is _TABLE and key.ondelete == "CASCADE" for key in table.foreign_keys)
)
# rows that go with a library were remembered by their own keys
_ROWS.remove = Statement(delete(_TABLE).where(_TABLE.c.id == bindparam("key")), hides=_GO_WITH_IT)


class LibraryRows(Keyed[Library]):
    """Libraries."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROWS)
        self._texts = SearchTexts(connection)

    async def add(self, row: Library) -> None:
        """Adds a library."""
        await super().add(row)
        await self._texts.renew_library(row.id)

    async def put(self, row: Library) -> None:
        """Replaces the library of the same identifier."""
        await super().put(row)
        await self._texts.renew_library(row.id)

    async def find(
        self, *, type: LibraryType | None = None, folded_name: str | None = None, storage: str | None = None
    ) -> list[str]:
        """The identifiers of the libraries that match all that is given."""
        statement = _FIND if folded_name is None else _BY_NAME
        return await self._identifiers(statement, {"type": type, "folded_name": folded_name, "storage": storage})

    async def revisions(self) -> dict[str, int]:
        """The revisions of all libraries, by their identifiers."""
        return {row[0]: row[1] for row in await self._connection.rows(_REVISIONS, {})}

    async def retentions(self) -> dict[str, Retention]:
        """The retentions of the libraries that have one of their own."""
        return {row[0]: _RETENTION.decode(row[1]) for row in await self._connection.rows(_OWN_RETENTION, {})}

    async def remove(self, identifier: str) -> None:
        """Removes the library with its quota."""
        await self._texts.remove(identifier)
        await super().remove(identifier)
        await Holdings(self._connection).forget(library_owner(identifier))

    async def changed(self, library_id: str) -> None:
        """Raises the revision of a library."""
        await self._connection.run(_CHANGED, {"key": library_id})


_DELETED = DeletedStatements(_TABLE, _ROWS, hides=(tables.items.name,))


class DeletedLibraryRows(DeletedRows[Library]):
    """Libraries in the trash."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _DELETED)
        self._texts = SearchTexts(connection)

    async def restore(self, row: Library) -> None:
        """Brings a library back."""
        await super().restore(row)
        await self._texts.renew_library(row.id)
