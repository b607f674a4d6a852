"""Runs statements on a connection to PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import asyncpg

from contentlib.library.errors import Invalid
from contentlib.library.messages import INVALID_UNICODE
from contentlib.metadata.postgresql.address import Raw
from contentlib.metadata.postgresql.connections import ReadingConnections
from contentlib.metadata.postgresql.dialect import DIALECT
from contentlib.metadata.postgresql.errors import ERRORS, lost, told_error
from contentlib.metadata.statement import RowKind, Statement

_MANY = 1000  # rows that are converted before others have a turn
_DELETE = "DELETE"
_ATTEMPTS = 3  # to read a first row, where connections turn out to be lost


class PostgresqlConnection:
    """Runs the statements of a transaction; it remembers no rows, because other nodes may change them."""

    def __init__(self) -> None:
        self.raw: Raw | None = None
        self.failed = False
        """Whether a statement failed, after which the server refuses all others of the transaction."""

    def has_written(self, tables: Collection[str]) -> bool:  # noqa: ARG002 - the same for all of them
        """Returns True: it is not noted here."""
        return True

    async def rows(self, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of the answer. A text that PostgreSQL cannot store equals no stored one."""
        sql, names, constants = statement.numbered(DIALECT)
        arguments = [values[name] if name in values else constants[name] for name in names]
        if not all(map(_is_storable, arguments)):
            return []
        found = await self._fetch(sql, arguments)
        if len(found) < _MANY:
            return [tuple(row) for row in found]
        return await _converted(found)

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

    def recall(self, kind: RowKind, key: str) -> Any:
        """Returns None."""

    def value(self, kind: RowKind, key: str, row: tuple[Any, ...]) -> Any:  # noqa: ARG002 - see `Connection`
        """The value that a row keeps."""
        return kind.codec.value(row)

    def remember(self, kind: RowKind, key: str, value: Any) -> None:
        """Keeps nothing."""


class SnapshotConnection(PostgresqlConnection):
    """Runs statements that only read. It takes a connection for the first one, which chooses the state of the rows."""

    def __init__(self, connections: ReadingConnections) -> None:
        super().__init__()
        self._connections = connections

    def leave(self) -> None:
        """A transaction ends."""
        raw, self.raw = self.raw, None
        if raw is not None:
            self._connections.give_back(raw)

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
                self.leave()  # the server was restarted since; nothing was read yet, so a new connection is as good
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
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(found), _MANY):
        rows += [tuple(row) for row in found[start : start + _MANY]]
        await asyncio.sleep(0)
    return rows
