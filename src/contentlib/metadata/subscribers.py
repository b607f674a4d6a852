"""Defines the statements on the subscriptions of published libraries."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from contentlib.library.model import Subscriber
from contentlib.metadata import tables
from contentlib.metadata.rows import Keyed, Statements
from contentlib.metadata.statement import Connection, Statement

_TABLE = tables.subscribers
_ROWS = Statements(_TABLE, Subscriber)
_OF = Statement(select(*_ROWS.columns).where(_TABLE.c.library == bindparam("library")).order_by(_TABLE.c.number))


class SubscriberRows(Keyed[Subscriber]):
    """Subscriptions of published libraries."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROWS)

    async def of(self, library: str) -> list[Subscriber]:
        """The subscriptions of a library."""
        return [_ROWS.codec.value(row) for row in await self._connection.rows(_OF, {"library": library})]
