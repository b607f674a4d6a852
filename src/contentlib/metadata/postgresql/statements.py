"""Runs statements on a connection to PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import asyncpg

from contentlib.library.call_time import may_repeat
from contentlib.library.errors import Invalid
from contentlib.library.messages import INVALID_UNICODE
from contentlib.library.ports import ChangedWhileRead
from contentlib.metadata.memory import Memory
from contentlib.metadata.postgresql.address import Raw
from contentlib.metadata.postgresql.connections import ReadingConnections
from contentlib.metadata.postgresql.counters import CHANGED, TableCounters
from contentlib.metadata.postgresql.dialect import DIALECT
from contentlib.metadata.postgresql.errors import ERRORS, lost, told_error
from contentlib.metadata.statement import RowKind, Statement

_MANY = 1000  # rows that are converted before others have a turn
_DELETE = "DELETE"
_ATTEMPTS = 3  # to read a first row, where connections turn out to be lost
_UNKNOWN = -1  # no epoch of a memory
_NUMBERED = """SELECT state.*, found.* FROM (SELECT value, {} FROM generations WHERE slot = 0) AS state
    LEFT JOIN (SELECT TRUE, answer.* FROM ({}) AS answer) AS found ON TRUE"""
_NO_NUMBER, _NUMBER = "NULL", "pg_current_xact_id()::text"


class PostgresqlConnection:
    """Runs the statements of transactions in one state of the rows, which the first statement that reads finds out."""

    numbers_transactions = False
    """Whether the first statement that reads also finds out the number of the transaction, which gives it one."""

    def __init__(self, counters: TableCounters, memory: Memory) -> None:
        self.raw: Raw | None = None
        self.failed = False
        """Whether a statement failed, after which the server refuses all others of the transaction."""
        self.written: set[str] = set()
        self.state: tuple[int, str | None] | None = None
        """The number of the state that the transaction sees, and that of the transaction itself, once they are known."""
        self._counters = counters
        self._memory = memory
        self._epoch = _UNKNOWN

    def begin(self) -> None:
        """A transaction begins, or several that are committed together."""
        self._epoch = _UNKNOWN
        self.state = None
        self.written.clear()

    def has_written(self, tables: Collection[str]) -> bool:
        """Whether one of the tables was written in this transaction or its batch, or may differ from what is known of it."""
        return self._epoch != self._counters.counters[0] or not self.written.isdisjoint(tables)

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the answer. A text that PostgreSQL cannot store equals no stored one."""
        sql, names, constants = statement.numbered(DIALECT)
        arguments = [values[name] if name in values else constants[name] for name in names]
        if not all(map(_is_storable, arguments)):
            return []
        if self._epoch == _UNKNOWN:
            return await self._first_rows(sql, arguments)
        return await _converted(await self._fetch(sql, arguments))

    async def row(self, statement: Statement, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of the answer."""
        found = await self.rows(statement, values)
        return found[0] if found else None

    async def run(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """Returns the number of changed rows. Raises Invalid for a text that PostgreSQL cannot store."""
        sql, names, constants = statement.numbered(DIALECT)
        arguments = [values[name] if name in values else constants[name] for name in names]
        for name, value in zip(names, arguments, strict=True):
            if not _is_storable(value):
                if sql.startswith(_DELETE):
                    return 0
                raise Invalid(INVALID_UNICODE(field=name, character="U+0000" if "\0" in value else "unpaired surrogate"))
        self.written.update(statement.writes)
        return await self._execute(sql, arguments, sure=statement.sure)

    def recall(self, kind: RowKind, key: str) -> Any:
        """The value that was read by a key in this state of all rows, or None."""
        return None if kind.table in self.written else self._memory.recall(self._epoch, kind.table, key)

    def value(self, kind: RowKind, key: str, row: tuple[Any, ...]) -> Any:
        """The value that a row keeps; one that was made of an equal row before is as good."""
        return self._memory.value(kind, key, row)

    def remember(self, kind: RowKind, key: str, value: Any) -> None:
        """Keeps a value that was read by a key, until its table changes."""
        if kind.table not in self.written:
            self._memory.remember(self._epoch, kind.table, key, value)

    async def _first_rows(self, sql: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
        """The rows of the first statement, with which the number of their state is read."""
        known = self._counters.counters[0]
        number = _NUMBER if self.numbers_transactions else _NO_NUMBER
        found = await self._fetch(_NUMBERED.format(number, sql), arguments)
        self.state = found[0][0], found[0][1]
        epoch = self._counters.epoch(self.state[0])
        if epoch < known:
            self._counters.restart()  # another database server, which does not have the last commits of the former one
        await self._settle(epoch)
        return [row[3:] for row in await _converted(found) if row[2]]

    async def _settle(self, epoch: int) -> None:
        """The transaction sees the rows in a state. If that is newer than the known one, reads what has changed."""
        if epoch > self._counters.counters[0]:
            self._counters.note(await self._fetch(CHANGED, [self._counters.last]))
        self._epoch = epoch

    async def _execute(self, sql: str, arguments: list[Any], *, sure: bool) -> int:  # noqa: ARG002 - for those that wait
        try:
            told = await self._usable().execute(sql, *arguments)
        except ERRORS as error:
            raise self._error(error) from error
        return int(told.rpartition(" ")[2])

    async def _fetch(self, sql: str, arguments: list[Any]) -> list[Any]:
        try:
            found: list[Any] = await self._usable().fetch(sql, *arguments)
        except ERRORS as error:
            raise self._error(error) from error
        return found

    def _usable(self) -> Raw:
        if self.raw is None or self.raw.is_closed():
            raise lost()
        return self.raw

    def _error(self, error: BaseException) -> BaseException:
        """The error for the caller. Where the server did not answer in time, or not as expected, the connection is useless."""
        if self.raw is not None and isinstance(error, (TimeoutError, asyncpg.InternalClientError)):
            self.raw.terminate()
        self.failed = True
        return told_error(error, closed=self.raw is None or self.raw.is_closed())


class SnapshotConnection(PostgresqlConnection):
    """Runs statements that only read. It takes a connection for the first one, which chooses the state of the rows.

    Rows that were remembered are used without one, in calls that can be repeated if the first statement finds other rows. A row
    of a table that was changed just now is read, so that this is unlikely.
    """

    def __init__(self, counters: TableCounters, memory: Memory, connections: ReadingConnections) -> None:
        super().__init__(counters, memory)
        self._connections = connections
        self._before = _UNKNOWN
        self._repeatable = False
        self._recalled: list[tuple[RowKind, str, Any]] = []

    async def enter(self) -> None:
        """A transaction begins."""
        self._repeatable = may_repeat()
        if self._repeatable:
            await self._counters.renew()
        self._epoch = _UNKNOWN
        self._before = self._memory.begin()

    def leave(self) -> None:
        """A transaction ends."""
        self._recalled.clear()
        raw, self.raw = self.raw, None
        if raw is not None:
            self._connections.give_back(raw)

    def recall(self, kind: RowKind, key: str) -> Any:
        """The value that was read by a key in this state of all rows, or None."""
        if self.raw is not None:
            return super().recall(kind, key)
        if not self._repeatable or self._counters.is_restless(kind.table):
            return None
        value = self._memory.recall(self._before, kind.table, key)
        if value is not None:
            self._recalled.append((kind, key, value))
        return value

    async def _settle(self, epoch: int) -> None:
        await super()._settle(epoch)
        if epoch != self._before:
            await self._check_recalled()

    async def _check_recalled(self) -> None:
        """Checks that the remembered rows that were used are the same in the state that the first statement sees.

        If one has changed in between, the call is repeated, because it would mix two states.
        """
        for kind, key, value in self._recalled:
            if self._memory.recall(self._epoch, kind.table, key) is value:
                continue
            row = await self.row(kind.get, {"key": key})
            if row is None or kind.codec.value(row) != value:
                raise ChangedWhileRead(kind.table)

    async def _fetch(self, sql: str, arguments: list[Any]) -> list[Any]:
        if self.raw is not None:
            return await super()._fetch(sql, arguments)
        for attempt in range(1, _ATTEMPTS + 1):
            self.raw = await self._connections.take()
            try:
                return await super()._fetch(sql, arguments)
            except OSError:
                if not self.raw.is_closed() or attempt == _ATTEMPTS:
                    raise
                self._connections.give_back(self.raw)
                self.raw = None  # the server was restarted since; nothing was read yet, so a new connection is as good
        raise AssertionError("unreachable")


def _is_storable(value: Any) -> bool:
    if not isinstance(value, str):
        return True
    if value.isascii():
        return "\0" not in value
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False


async def _converted(found: list[Any]) -> list[tuple[Any, ...]]:
    if len(found) < _MANY:
        return [tuple(row) for row in found]
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(found), _MANY):
        rows += [tuple(row) for row in found[start : start + _MANY]]
        await asyncio.sleep(0)
    return rows
