"""Defines the statements on usages of libraries."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from contentlib.library.model import Usage
from contentlib.metadata import tables
from contentlib.metadata.rows import Keyed, Statements
from contentlib.metadata.statement import Connection, Statement

_TABLE = tables.usages
_ROWS = Statements(_TABLE, Usage)
_OF = Statement(
    select(*_ROWS.columns).where(_TABLE.c.library == bindparam("of_library")).order_by(_TABLE.c.created, _TABLE.c.id)
)


class UsageRows(Keyed[Usage]):
    """Usages of libraries."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROWS)

    async def of(self, library: str) -> list[Usage]:
        """The usages of a library."""
        return [_ROWS.codec.value(row) for row in await self._connection.rows(_OF, {"of_library": library})]
