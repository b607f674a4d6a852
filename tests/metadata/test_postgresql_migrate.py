"""Migrations of PostgreSQL: the same tables as the declarations, once, by one of several nodes."""

from __future__ import annotations

import asyncio
import gc
import importlib
import multiprocessing
import pkgutil
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

import contentlib.metadata
import postgresql
from contentlib.metadata.migrate import HEAD
from contentlib.metadata.postgresql import migrating
from contentlib.metadata.postgresql.address import Address, Raw, connect
from contentlib.metadata.postgresql.dialect import DIALECT, DRIVER
from contentlib.metadata.statement import Statement
from contentlib.metadata.tables import metadata

pytestmark = pytest.mark.slow
SPAWN = multiprocessing.get_context("spawn")
_COLUMNS = """SELECT table_name, column_name, data_type, is_nullable, collation_name, column_default
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_CONSTRAINTS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'"""


@pytest.fixture
def database() -> Iterator[str]:
    """The name of an empty database without tables."""
    postgresql.server().new_database("migrated")
    yield "migrated"
    postgresql.server().drop("migrated")


def _address(database: str) -> Address:
    return Address(postgresql.server().url(database))


def _schema(database: str) -> list[list[str]]:
    server = postgresql.server()
    return [sorted(server.run(query, database).splitlines()) for query in (_COLUMNS, _INDEXES, _CONSTRAINTS)]


def _create(connection: Connection) -> None:
    for table in metadata.tables.values():
        for index in table.indexes:  # the declarations only say it for SQLite, which spares each start an import
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
    metadata.create_all(connection)


async def _declare(database: str) -> None:
    async def opened() -> Raw:
        return await connect(_address(database), 5.0)

    engine = create_async_engine(f"postgresql+{DRIVER}://", async_creator=opened)
    async with engine.begin() as connection:
        await connection.run_sync(_create)
    await engine.dispose()


def test_the_migrations_write_the_same_tables_as_the_declarations(database: str) -> None:
    migrating.upgrade_database(_address(database))
    postgresql.server().new_database("declared")
    try:
        asyncio.run(_declare("declared"))
        assert _schema(database) == _schema("declared")
    finally:
        postgresql.server().drop("declared")


def _statements() -> list[Statement]:
    for module in pkgutil.iter_modules(contentlib.metadata.__path__):
        if not module.ispkg:
            importlib.import_module(f"contentlib.metadata.{module.name}")
    return [each for each in gc.get_objects() if isinstance(each, Statement)]


async def _refused(database: str) -> list[str]:
    raw, refused = await connect(_address(database), 5.0), []
    for statement in _statements():
        sql, _, _ = statement.numbered(DIALECT)
        try:
            await raw.prepare(sql)
        except Exception as error:  # noqa: BLE001, RUF100 - each is told with its statement
            refused.append(f"{error}: {sql}")
    await raw.close()
    return refused


def test_the_server_accepts_every_statement(database: str) -> None:
    migrating.upgrade_database(_address(database))
    assert len(_statements()) > 100
    assert asyncio.run(_refused(database)) == []


def test_of_nodes_that_start_at_once_one_upgrades_and_the_others_find_it_done(database: str) -> None:
    nodes = [SPAWN.Process(target=migrating.upgrade_database, args=(_address(database),)) for _ in range(3)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join()
    assert [node.exitcode for node in nodes] == [0, 0, 0]
    assert migrating.version(_address(database)) == HEAD


def test_a_database_of_a_newer_program_is_refused(database: str) -> None:
    migrating.upgrade_database(_address(database))
    postgresql.server().run("UPDATE alembic_version SET version_num = '9999'", database)
    with pytest.raises(RuntimeError, match=r"database 'migrated' on .* was written by a newer version of contentlib"):
        migrating.upgrade_database(_address(database))


def test_a_database_that_no_server_has_upgraded_yet_is_refused_to_commands(database: str) -> None:
    with pytest.raises(RuntimeError, match=f"is at schema unknown, this version needs {HEAD}; start the server once"):
        migrating.check_version(_address(database))


def test_a_database_in_another_encoding_is_refused() -> None:
    server = postgresql.server()
    server.run("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        with pytest.raises(RuntimeError, match="has the encoding LATIN1, expected UTF8"):
            migrating.upgrade_database(_address("latin"))
    finally:
        server.drop("latin")
