"""The statements of earlier versions on the tables of this one: during a roll-out, nodes of both versions use them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import postgresql
from contentlib.metadata import tables
from contentlib.metadata.postgresql.address import Address, connect
from databases import new_database
from frozen_statements import DATA

VERSIONS = sorted(each.name.removeprefix("statements_") for each in DATA.glob("statements_*"))


def frozen(version: str, name: str) -> list[str]:
    """The statements of a version."""
    return [str(each) for each in json.loads((DATA / f"statements_{version}" / f"{name}.json").read_text())]


def columns(version: str) -> dict[str, set[str]]:
    """The columns of the tables of a version."""
    found = json.loads((DATA / f"statements_{version}" / "columns.json").read_text())
    return {table: set(names) for table, names in found.items()}


def refused_by_sqlite(database: sqlite3.Connection, statements: list[str]) -> Iterator[str]:
    for statement in statements:
        try:
            database.execute(f"EXPLAIN {statement}", dict.fromkeys(named(statement)))
        except sqlite3.OperationalError as error:
            yield f"{error}: {statement}"


def named(statement: str) -> list[str]:
    """The names of the parameters of a statement."""
    return [part.split(maxsplit=1)[0].strip("(),") for part in statement.replace(",", " ,").replace(")", " )").split(":")[1:]]


@pytest.mark.parametrize("version", VERSIONS)
def test_sqlite_accepts_the_statements_of_an_earlier_version(version: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(new_database(tmp_path / "new.db"))) as database:
        assert list(refused_by_sqlite(database, frozen(version, "sqlite"))) == []


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
async def test_postgresql_accepts_the_statements_of_an_earlier_version(version: str, tmp_path: Path) -> None:
    raw = await connect(Address(postgresql.url_of(tmp_path)), 10.0)
    refused = []
    for statement in frozen(version, "postgresql"):
        try:
            await raw.prepare(statement)
        except Exception as error:
            refused.append(f"{error}: {statement}")
    await raw.close()
    assert refused == []


@pytest.mark.parametrize("version", VERSIONS)
def test_rows_of_an_earlier_version_can_be_added(version: str) -> None:
    """A column that it does not know must be nullable, or have a default in the database."""
    known = columns(version)
    needed = [
        f"{table.name}.{column.name}"
        for table in tables.metadata.sorted_tables
        if table.name in known
        for column in table.columns
        if column.name not in known[table.name] and not column.nullable and column.server_default is None
    ]
    assert needed == []


@pytest.mark.parametrize("version", VERSIONS)
def test_no_table_or_column_of_an_earlier_version_is_gone(version: str) -> None:
    now = {table.name: set(table.columns.keys()) for table in tables.metadata.sorted_tables}
    assert {
        table: names - now.get(table, set()) for table, names in columns(version).items() if names - now.get(table, set())
    } == {}
