"""Defines the statements on trusted certificates."""

from __future__ import annotations

from sqlalchemy import select

from contentlib.library.model import TrustedCertificate
from contentlib.metadata import tables
from contentlib.metadata.rows import Keyed, Statements
from contentlib.metadata.statement import Connection, Statement

_TABLE = tables.trusted_certificates
_ROWS = Statements(_TABLE, TrustedCertificate)
_ALL = Statement(select(*_ROWS.columns).order_by(_TABLE.c.created, _TABLE.c.id))


class TrustedCertificateRows(Keyed[TrustedCertificate]):
    """Trusted certificates."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, _ROWS)

    async def all(self) -> list[TrustedCertificate]:
        """All of them."""
        return [_ROWS.codec.value(row) for row in await self._connection.rows(_ALL, {})]
