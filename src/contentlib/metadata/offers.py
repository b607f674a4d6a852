"""Defines the statements on offers of publishers and on files being fetched."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from sqlalchemy import Table, bindparam, delete, exists, null, select, update

from contentlib.library.catalogs import Arrival, ItemOffer
from contentlib.metadata import tables
from contentlib.metadata.rows import Codec
from contentlib.metadata.statement import Connection, Statement, upsert

Value = TypeVar("Value", bound=msgspec.Struct)


class _Statements(Generic[Value]):
    """The statements of a table whose rows are put, whether they are there or not."""

    def __init__(self, table: Table, value: type[Value], key: str) -> None:
        self.codec = Codec(value)
        self.columns = [table.c[name] for name in self.codec.names]
        named = table.c[key] == bindparam("key")
        new = upsert(table).values({name: bindparam(name) for name in self.codec.names})
        changed = {name: new.excluded[name] for name in self.codec.names if name != key}
        self.put = Statement(new.on_conflict_do_update(index_elements=[key], set_=changed))
        self.get = Statement(select(*self.columns).where(named))
        self.remove = Statement(delete(table).where(named))


_OFFERS = tables.offers
_OFFER = _Statements(_OFFERS, ItemOffer, "item")
_OFFERED = Statement(
    select(*_OFFER.columns)
    .where(_OFFERS.c.library == bindparam("of_library"), _OFFERS.c.item > bindparam("after"))
    .order_by(_OFFERS.c.item)
    .limit(bindparam("most"))
)
_END = Statement(delete(_OFFERS).where(_OFFERS.c.library == bindparam("of_library")))
_OWN = Statement(update(tables.items).where(tables.items.c.library == bindparam("of_library")).values(synced=null()))
_ARRIVALS = tables.arrivals
_ARRIVAL = _Statements(_ARRIVALS, Arrival, "id")
_UPLOADS = Statement(select(_ARRIVALS.c.id))
_blob_there = exists().where(tables.blobs.c.id == _ARRIVALS.c.blob, tables.blobs.c.storage == bindparam("storage"))
_ON = Statement(select(*_ARRIVAL.columns).where(_blob_there).order_by(_ARRIVALS.c.id))
_UPLOADS_OF = Statement(select(_ARRIVALS.c.id).where(_ARRIVALS.c.library == bindparam("of_library")))


class OfferRows:
    """Publishers' offers of the items of subscribed libraries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, offer: ItemOffer) -> None:
        """Adds the row, or replaces the one of the same item."""
        await self._connection.run(_OFFER.put, _OFFER.codec.row(offer))

    async def get(self, item: str) -> ItemOffer | None:
        """The row, or None."""
        row = await self._connection.row(_OFFER.get, {"key": item})
        return None if row is None else _OFFER.codec.value(row)

    async def of(self, library: str, after: str, most: int) -> list[ItemOffer]:
        """The first rows of a library that come after an item."""
        rows = await self._connection.rows(_OFFERED, {"of_library": library, "after": after, "most": most})
        return [_OFFER.codec.value(row) for row in rows]

    async def end(self, library: str) -> None:
        """Removes the rows of a library, whose items are its own from now on."""
        for statement in (_END, _OWN):
            await self._connection.run(statement, {"of_library": library})


class ArrivalRows:
    """Files that are being fetched for subscribed libraries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, arrival: Arrival) -> None:
        """Adds the row, or replaces the one of the same identifier."""
        await self._connection.run(_ARRIVAL.put, _ARRIVAL.codec.row(arrival))

    async def get(self, identifier: str) -> Arrival | None:
        """The row, or None."""
        row = await self._connection.row(_ARRIVAL.get, {"key": identifier})
        return None if row is None else _ARRIVAL.codec.value(row)

    async def remove(self, identifier: str) -> None:
        """Removes the row."""
        await self._connection.run(_ARRIVAL.remove, {"key": identifier})

    async def uploads(self) -> set[str]:
        """The names of all uploads."""
        return {row[0] for row in await self._connection.rows(_UPLOADS, {})}

    async def of(self, library: str) -> set[str]:
        """The names of a library's uploads."""
        return {row[0] for row in await self._connection.rows(_UPLOADS_OF, {"of_library": library})}

    async def on(self, storage: str) -> list[Arrival]:
        """The rows whose blob is on a storage."""
        return [_ARRIVAL.codec.value(row) for row in await self._connection.rows(_ON, {"storage": storage})]
