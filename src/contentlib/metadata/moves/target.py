"""Writes the rows to PostgreSQL: ranges without constraints first, then indexes and constraints, then the schema version.

Until then the database has the schema `migrating`, which no server opens, and two tables: whose rows it receives, and which
parts of the schema are missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count
from typing import Any

from asyncpg import InterfaceError, InternalClientError, PostgresError, exceptions

from contentlib.metadata.migrate import HEAD
from contentlib.metadata.moves.ranges import MovedTable, Range
from contentlib.metadata.postgresql.address import Address, Raw, connect
from contentlib.metadata.postgresql.errors import ERRORS, told_error
from contentlib.metadata.postgresql.migrating import MIGRATING
from contentlib.metadata.postgresql.turns import LOCKS

INDEX, CONSTRAINT = "index", "constraint"
_MOVED_FROM = "moved_from"
_SETTINGS = {"synchronous_commit": "off", "maintenance_work_mem": "256MB", "enable_seqscan": "off", "lock_timeout": "30s"}
_OF_SERVER = (PostgresError, InterfaceError, InternalClientError, ConnectionError, TimeoutError)
_CONNECT_SECONDS = 30.0
_CLOSE_SECONDS = 5.0
_ALONE = f"SELECT pg_try_advisory_lock({LOCKS}, 4)"
_VERSION = "SELECT version_num FROM alembic_version"
_BEGIN = """
CREATE TABLE contentlib_move (source TEXT NOT NULL);
CREATE TABLE contentlib_move_parts (number SERIAL PRIMARY KEY, kind TEXT NOT NULL, statement TEXT NOT NULL);
"""
_ENDS = "DROP TABLE contentlib_move, contentlib_move_parts"
_CONSTRAINTS = """SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype IN ('f', 'u') AND conrelid = ANY($1::text[]::regclass[]) ORDER BY contype = 'u'"""
_INDEXES = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisunique FROM pg_index
    WHERE indrelid = ANY($1::text[]::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')"""
_ADD_PART = "INSERT INTO contentlib_move_parts (kind, statement) VALUES ($1, $2)"
_PARTS = "SELECT number, statement FROM contentlib_move_parts WHERE kind = $1 ORDER BY number"
_PART_DONE = "DELETE FROM contentlib_move_parts WHERE number = $1"
_SERIALS = """SELECT c.relname, a.attname, pg_get_serial_sequence(quote_ident(c.relname), a.attname) AS serial
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.oid = ANY($1::text[]::regclass[]) AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL"""
_RUNNING = """SELECT name FROM nodes
    WHERE state <> 'ended' AND beaten > extract(epoch FROM clock_timestamp()) * 1000 - $1 LIMIT 1"""
_SILENT_MS = 60_000


class TargetDatabase:
    """A PostgreSQL database with the tables of this version, that one command fills."""

    def __init__(self, raw: Raw, address: Address, tables: list[MovedTable]) -> None:
        self._raw = raw
        self._names = [table.name for table in tables]
        self.place = f"database {address}"

    async def begin(self, server: str, *, again: bool) -> bool:
        """Makes an empty database the target of a server, or continues. Returns False if it has all rows already.

        With `again`, a database to which the rows were moved before becomes the target once more. RuntimeError for others.
        """
        if not await self.check(server):
            async with self._raw.transaction():  # the source may have changed since they were created
                await self._remove_parts(CONSTRAINT)
            return True
        if await self._state(_MOVED_FROM) == server and not again:
            return False
        if (node := await self._raw.fetchval(_RUNNING, _SILENT_MS)) is not None:
            raise RuntimeError(f"{self.place} is in use by server {node!r}; stop it first")
        async with self._raw.transaction():
            await self._prepare(server)
        return True

    async def check(self, server: str) -> bool:
        """Whether no move to the database was begun. Raises RuntimeError if it cannot be the target of a server."""
        version = await self._raw.fetchval(_VERSION)
        if version == MIGRATING:
            source = await self._raw.fetchval("SELECT source FROM contentlib_move")
            if source != server:
                raise RuntimeError(f"{self.place} is the target of an unfinished move of another server; use an empty database")
            return False
        if version != HEAD:
            raise RuntimeError(f"{self.place} is at schema {version}, expected {HEAD} or an empty database")
        if await self._state("server_guid") is not None and await self._state(_MOVED_FROM) != server:
            raise RuntimeError(f"{self.place} contains the data of another server; use an empty database")
        return True

    async def _state(self, key: str) -> str | None:
        found: str | None = await self._raw.fetchval("SELECT value FROM state WHERE key = $1", key)
        return found

    async def _prepare(self, server: str) -> None:
        await self._raw.execute(_BEGIN)
        await self._raw.execute("INSERT INTO contentlib_move (source) VALUES ($1)", server)
        await self._remove_parts(CONSTRAINT, INDEX)
        await self._raw.execute(f"UPDATE alembic_version SET version_num = '{MIGRATING}'")  # noqa: S608 - a constant

    async def _remove_parts(self, *kinds: str) -> None:
        """Removes constraints other than primary keys, or indexes too, and stores their definitions."""
        for table, name, definition in await self._raw.fetch(_CONSTRAINTS, self._names):
            await self._raw.execute(_ADD_PART, CONSTRAINT, f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
            await self._raw.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, definition, unique in await self._raw.fetch(_INDEXES, self._names):
            kind = CONSTRAINT if unique else INDEX
            if kind in kinds:
                await self._raw.execute(_ADD_PART, kind, definition)
                await self._raw.execute(f"DROP INDEX {name}")

    async def digest(self, table: MovedTable, limits: Range) -> tuple[int, bytes]:
        """The number of rows of a range, and their digest."""
        condition = table.within(limits, _places())
        row = f"sha256(convert_to({table.as_text}, 'UTF8'))"
        rows = f"string_agg({row}, ''::bytea ORDER BY {table.by_key})"
        sql = f"SELECT count(*), sha256(coalesce({rows}, ''::bytea)) FROM {table.name} WHERE {condition}"  # noqa: S608 - names
        found = await self._raw.fetchrow(sql, *limits.limits)
        return int(found[0]), bytes(found[1])

    async def replace(self, table: MovedTable, limits: Range, rows: Iterator[tuple[Any, ...]]) -> None:
        """Replaces the rows of a range."""
        condition = table.within(limits, _places())
        names = [column.strip('"') for column in table.columns]
        async with self._raw.transaction():
            await self._raw.execute(f"DELETE FROM {table.name} WHERE {condition}", *limits.limits)  # noqa: S608 - names
            try:
                await self._raw.copy_records_to_table(table.name, records=rows, columns=names)
            except exceptions.CharacterNotInRepertoireError as error:
                raise RuntimeError(
                    f"table {table.name} has a text with the character U+0000, which PostgreSQL cannot store; "
                    f"change the row first: {error}"
                ) from error

    async def analyze(self) -> None:
        """Counts what is in the tables, for the planner."""
        await self._raw.execute(f"ANALYZE {', '.join(self._names)}")

    async def complete(self, kind: str) -> AsyncIterator[str]:
        """Creates the missing parts of a kind again, one after the other. Raises RuntimeError if rows contradict one."""
        for number, statement in await self._raw.fetch(_PARTS, kind):
            yield statement
            async with self._raw.transaction():
                try:
                    await self._raw.execute(statement)
                except exceptions.IntegrityConstraintViolationError as error:
                    raise RuntimeError(f"the rows contradict a constraint: {statement}: {error}") from error
                await self._raw.execute(_PART_DONE, number)

    async def incomplete(self, kind: str) -> int:
        """How many parts of a kind are missing."""
        return len(await self._raw.fetch(_PARTS, kind))

    async def open(self, server: str) -> None:
        """Makes the database one that servers use."""
        async with self._raw.transaction():
            await self._raw.execute("SET LOCAL synchronous_commit = on")
            for table, column, serial in await self._raw.fetch(_SERIALS, self._names):
                last = await self._raw.fetchval(f'SELECT max("{column}") FROM "{table}"')  # noqa: S608 - names of the catalog
                await self._raw.execute("SELECT setval($1::text::regclass, $2, $3)", serial, last or 1, last is not None)
            await self._raw.execute("DELETE FROM state WHERE key = 'moved_to'")
            await self._raw.execute(
                "INSERT INTO state (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                _MOVED_FROM,
                server,
            )
            await self._raw.execute(f"UPDATE alembic_version SET version_num = '{HEAD}'")  # noqa: S608 - a constant
            await self._raw.execute(_ENDS)


@asynccontextmanager
async def opened_target(address: Address, tables: list[MovedTable]) -> AsyncIterator[TargetDatabase]:
    """Connects to the target. No other command can fill it at the same time. Raises OSError for errors of the server."""
    raw = await connect(replace(address, statement_seconds=0), _CONNECT_SECONDS, **_SETTINGS)
    target = TargetDatabase(raw, address, tables)
    try:
        if not await raw.fetchval(_ALONE):
            raise RuntimeError(f"{target.place} is being filled by another command; wait until it ends")
        yield target
    except _OF_SERVER as error:
        told = told_error(error, closed=raw.is_closed())
        if told is error:
            raise RuntimeError(f"{target.place}: {error}") from error
        raise told from error
    finally:
        with suppress(*ERRORS):  # the server is away, so it is closed
            await raw.close(timeout=_CLOSE_SECONDS)


def _places() -> Iterator[str]:
    return (f"${number}" for number in count(1))
