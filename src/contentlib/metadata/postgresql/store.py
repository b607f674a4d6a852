"""Stores metadata in PostgreSQL, which other processes on any machine may use too.

Readers have connections of their own and see one state of all rows. Writers of all processes take turns (`turns`). Rows that
were read by key are remembered until any process changes their table (`counters`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType

from contentlib.metadata.auditing import wall_clock
from contentlib.metadata.generations import slot_of
from contentlib.metadata.memory import Memory
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.connections import Connector, ReadingConnections
from contentlib.metadata.postgresql.counters import TableCounters
from contentlib.metadata.postgresql.link import Link
from contentlib.metadata.postgresql.statements import SnapshotConnection
from contentlib.metadata.postgresql.turn_statements import TurnStatements
from contentlib.metadata.postgresql.turns import PostgresqlTurn, TurnConnection
from contentlib.metadata.principals import ACCESS_TABLES
from contentlib.metadata.transaction import TransactionRows

_ACCESS = tuple(slot_of(table) for table in ACCESS_TABLES)


class PostgresqlMetadata:
    """The metadata store on a PostgreSQL database. `now` dates the audit log."""

    def __init__(self, address: Address, now: Callable[[], int] = wall_clock, *, remembers: bool = True) -> None:
        connector = Connector(address)
        self._counters = TableCounters(Link(connector))
        self._memory = Memory(self._counters, remembers=remembers)
        self._writer = TurnConnection(connector, TurnStatements(self._counters, self._memory), now, self._counters)
        self._connections = ReadingConnections(connector, address.connections, self._writer.has_turn)
        self._readers: list[_Reader] = []

    def transaction(self, *, durable: bool) -> PostgresqlTurn:  # noqa: ARG002 - each commit survives a power loss
        """A transaction that may write."""
        return PostgresqlTurn(self._writer)

    def reading(self) -> _Reading:
        """A transaction that only reads."""
        return _Reading(self._new_reader, self._readers)

    def access_generation(self) -> int | None:
        """A number that rises with each change of who may do what; None if nothing was read in this call before."""
        return self._counters.of(_ACCESS)

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
        await self._counters.close()
        self._memory.close()
        await asyncio.sleep(0)  # the event loop closes the sockets of lost connections

    def _new_reader(self) -> _Reader:
        return _Reader(SnapshotConnection(self._counters, self._memory, self._connections))


class _Reader(TransactionRows):
    """The rows of a transaction that only reads."""

    def __init__(self, connection: SnapshotConnection) -> None:
        super().__init__(connection)
        self.connection = connection


class _Reading:
    """A transaction that only reads."""

    __slots__ = ("_new", "_reader", "_unused")

    def __init__(self, new: Callable[[], _Reader], unused: list[_Reader]) -> None:
        self._new = new
        self._unused = unused

    async def __aenter__(self) -> TransactionRows:
        self._reader = self._unused.pop() if self._unused else self._new()
        await self._reader.connection.enter()
        return self._reader

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._reader.connection.leave()
        self._unused.append(self._reader)
