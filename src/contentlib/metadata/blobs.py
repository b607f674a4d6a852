"""Defines the statements on blobs."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import BigInteger, bindparam, cast, exists, func, null, select, union, update

from contentlib.library.model import Blob, StorageUse
from contentlib.metadata import tables
from contentlib.metadata.rows import Keyed, KnownKeys, Limitable, Statements
from contentlib.metadata.statement import Connection, Statement

_TABLE = tables.blobs
_ROWS = Statements(_TABLE, Blob)
_TWIN = Statement(
    select(*_ROWS.columns)
    .where(_TABLE.c.sha256 == bindparam("sha256"), _TABLE.c.size == bindparam("size"), _TABLE.c.storage == bindparam("storage"))
    .order_by(_TABLE.c.created, _TABLE.c.id)
    .limit(1)
)
_named_by_version = exists().where(tables.stored_files.c.blob == _TABLE.c.id)
_named_by_upload = (
    exists()
    .where(tables.update_files.c.blob == _TABLE.c.id)
    .where(tables.update_sessions.c.id == tables.update_files.c.session)
    .where(tables.active(tables.update_sessions))
)
_named_by_arrival = exists().where(tables.arrivals.c.blob == _TABLE.c.id)
_UNREFERENCE = Statement(
    update(_TABLE).where(_TABLE.c.unreferenced == bindparam("undated")).values(unreferenced=bindparam("now"))
)
_FLUSHED = Statement(update(_TABLE).where(_TABLE.c.id == bindparam("key")).values(unflushed=null()))
_ANY_ON = Statement(select(_TABLE.c.id).where(_TABLE.c.storage == bindparam("storage")).limit(1))
_KNOWN = KnownKeys(_TABLE.c.id)
_since = _TABLE.c.unreferenced.between(bindparam("least"), bindparam("before", type_=BigInteger) - 1)
_FILES, _VERSIONS, _ITEMS = tables.stored_files, tables.versions, tables.items
_named_there = (
    select(_ITEMS.c.library, _TABLE.c.id, _TABLE.c.size)
    .select_from(_TABLE.join(_FILES, _FILES.c.blob == _TABLE.c.id).join(_VERSIONS, _VERSIONS.c.id == _FILES.c.version))
    .join(_ITEMS, _ITEMS.c.id == _VERSIONS.c.item, isouter=True)
    .where(_TABLE.c.storage == bindparam("storage"))
    .distinct()
    .subquery()
)
_USES = Statement(
    select(_named_there.c.library, func.count(), cast(func.sum(_named_there.c.size), BigInteger))
    .group_by(_named_there.c.library)
    .order_by(_named_there.c.library),
    long=True,
)
_NAMED_BYTES = Statement(
    select(cast(func.coalesce(func.sum(_TABLE.c.size), 0), BigInteger)).where(
        _TABLE.c.storage == bindparam("storage"), _named_by_version
    ),
    long=True,
)
_STORAGES = Statement(
    union(
        select(_TABLE.c.storage),
        select(tables.libraries.c.storage),
        select(tables.update_sessions.c.storage).where(tables.active(tables.update_sessions)),
    ),
    long=True,
)
_needless = (~_named_by_version, ~_named_by_upload, ~_named_by_arrival)
_UNREFERENCED = Limitable(select(*_ROWS.columns).where(_since, *_needless), _TABLE.c.created, _TABLE.c.id)


class BlobRows(Keyed[Blob]):
    """Blobs."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROWS)

    async def twin(self, storage: str, sha256: str, size: int) -> Blob | None:
        """A blob on a storage with that content."""
        row = await self._connection.row(_TWIN, {"storage": storage, "sha256": sha256, "size": size})
        return None if row is None else _ROWS.codec.value(row)

    async def note_flushed(self, blob_id: str) -> bool:
        """Notes that the bytes of a blob survive the loss of power; whether there is such a blob."""
        return bool(await self._connection.run(_FLUSHED, {"key": blob_id}))

    async def unreference(self, now: int) -> None:
        """Notes the time in the blobs that lost their last version."""
        await self._connection.run(_UNREFERENCE, {"undated": tables.UNDATED, "now": now})

    async def unreferenced(self, before: int, most: int | None = None) -> list[Blob]:
        """The blobs that nothing has named since before a time."""
        rows = await self._connection.rows(*_UNREFERENCED.of({"least": tables.UNDATED + 1, "before": before}, most))
        return [_ROWS.codec.value(row) for row in rows]

    async def are_on(self, storage: str) -> bool:
        """Whether a storage has any blobs."""
        return await self._connection.row(_ANY_ON, {"storage": storage}) is not None

    async def uses(self, storage: str) -> list[StorageUse]:
        """What the versions of each library name on a storage."""
        return [StorageUse(*row) for row in await self._connection.rows(_USES, {"storage": storage})]

    async def named_bytes(self, storage: str) -> int:
        """The bytes of all blobs on a storage that versions name."""
        row = await self._connection.row(_NAMED_BYTES, {"storage": storage})
        return 0 if row is None else int(row[0])

    async def storages(self) -> set[str]:
        """The storages of all blobs, libraries and ACTIVE update sessions."""
        return {row[0] for row in await self._connection.rows(_STORAGES, {})}

    async def known(self, blob_ids: Collection[str]) -> set[str]:
        """Those of the identifiers that are blobs'."""
        return await _KNOWN.of(self._connection, blob_ids)
