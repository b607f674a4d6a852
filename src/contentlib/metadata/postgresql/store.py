"""Stores metadata in PostgreSQL, which other processes on any machine may use too.

Readers have connections of their own and see one state of all rows. Writers of all processes take turns (`turns`). No row is
remembered after its transaction: the store could not know that another machine has changed it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from contentlib.metadata.auditing import wall_clock
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.connections import Connector, ReadingConnections
from contentlib.metadata.postgresql.statements import SnapshotConnection
from contentlib.metadata.postgresql.turns import PostgresqlTurn, TurnConnection
from contentlib.metadata.transaction import TransactionRows


class PostgresqlMetadata:
    """The metadata store on a PostgreSQL database. `now` dates the audit log."""

    def __init__(self, address: Address, now: Callable[[], int] = wall_clock) -> None:
        connector = Connector(address)
        self._writer = TurnConnection(connector, now)
        self._connections = ReadingConnections(connector, address.connections, self._writer.has_turn)
        self._readers: list[_Reader] = []

    def transaction(self, *, durable: bool) -> PostgresqlTurn:  # noqa: ARG002 - each commit survives a power loss
        """A transaction that may write."""
        return PostgresqlTurn(self._writer)

    def reading(self) -> _Reading:
        """A transaction that only reads."""
        return _Reading(self._connections, self._readers)

    def access_generation(self) -> int | None:
        """Returns None: what was read of users and permissions is not remembered."""
        return None

    def login_generation(self) -> int | None:
        """Returns None: login sessions are not remembered."""
        return None

    async def ping(self) -> None:
        """Returns when the server answers."""
        async with self.reading() as transaction:
            await transaction.state.get("")

    async def close(self) -> None:
        """Closes all connections after pending commits."""
        await self._writer.close()
        await self._connections.close()
        await asyncio.sleep(0)  # the event loop closes the sockets of lost connections


class _Reader(TransactionRows):
    """The rows of a transaction that only reads."""

    def __init__(self, connection: SnapshotConnection) -> None:
        super().__init__(connection)
        self.connection = connection


class _Reading:
    """A transaction that only reads."""

    __slots__ = ("_connections", "_reader", "_unused")

    def __init__(self, connections: ReadingConnections, unused: list[_Reader]) -> None:
        self._connections = connections
        self._unused = unused

    async def __aenter__(self) -> TransactionRows:
        self._reader = self._unused.pop() if self._unused else _Reader(SnapshotConnection(self._connections))
        return self._reader

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._reader.connection.leave()
        self._unused.append(self._reader)
