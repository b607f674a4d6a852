"""A SQLite database with rows in all tables, and what two databases have in theirs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text

import postgresql
from contentlib.metadata import tables
from contentlib.metadata.moves.ranges import moved_tables
from contentlib.metadata.postgresql.address import Address

SERVER = "5a2b8e6c-0000-4000-8000-000000000001"
_TEXTS = (
    *("", "plain", "it's", 'a "quoted" \\ backslash', "\\x41 \\N \\.", "tab\tline\nreturn\r", " spaces  "),
    *("Gruß aus Köln", "e\N{COMBINING ACUTE ACCENT}", "日本語", "\N{PILE OF POO}", "%s $1 ?", "\u200b\ufeff", "x" * 5000),
)
_NUMBERS = (0, 1, -1, 2**31 - 1, -(2**31))
_LARGE = (*_NUMBERS, 2**63 - 1, -(2**63), 1_800_000_000_000)
COUNT = 14


def fill(path: Path, start: int = 0, count: int = COUNT) -> None:
    """Adds rows to all tables, each with another text or number in each column that may have one."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA foreign_keys = ON")
        for table in tables.metadata.sorted_tables:
            if table.name in {each.name for each in moved_tables()}:
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                places = ", ".join("?" for _ in table.columns)
                rows = [[_value(column, number) for column in table.columns] for number in range(start, start + count)]
                database.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({places})", rows)
        if not start:
            database.execute("INSERT INTO state (key, value) VALUES ('server_guid', ?)", (SERVER,))


def _value(column: Column[Any], number: int) -> Any:
    reference: ForeignKey | None = next(iter(column.foreign_keys), None)
    if reference is not None:
        return _value(reference.column, number)
    place = list(column.table.columns).index(column)
    if column.nullable and (number + place) % 3 == 0:
        return None
    if isinstance(column.type, Boolean):
        return (number + place) % 2
    if not isinstance(column.type, Text):
        return number + 1 if _is_key(column) else _large(column)[(number + place) % len(_large(column))]
    text = _TEXTS[(number + place) % len(_TEXTS)]
    return f"{number:03} {text}" if _is_key(column) else text


def _large(column: Column[Any]) -> tuple[int, ...]:
    return _LARGE if column.type.__class__.__name__ == "BigInteger" else _NUMBERS


def _is_key(column: Column[Any]) -> bool:
    """Whether the column is part of anything unique."""
    unique = any(column.name in index.columns for index in column.table.indexes if index.unique)
    return bool(column.primary_key or column.unique or unique)


def rows_of(path: Path) -> dict[str, list[str]]:
    """The rows of a SQLite database, without the mark of a move."""
    with closing(sqlite3.connect(path)) as database:
        return {each.name: _texts(database.execute(_all_rows(each.name)), each.name) for each in moved_tables()}


def _all_rows(table: str) -> str:
    columns = tables.metadata.tables[table].columns
    parts = ", ".join(f"'{column.name}', \"{column.name}\"" for column in columns)
    return f"SELECT json_object({parts}) FROM {table}"


def _texts(rows: Any, table: str) -> list[str]:
    return sorted(_normal(row[0], tables.metadata.tables[table]) for row in rows if '"moved_' not in row[0])


def _normal(row: str, table: Table) -> str:
    found = json.loads(row)
    for column in table.columns:
        if isinstance(column.type, Boolean) and found[column.name] is not None:
            found[column.name] = bool(found[column.name])
    return json.dumps(found, sort_keys=True)


class Place:
    """An empty PostgreSQL database."""

    def __init__(self, name: str, template: str = "template0") -> None:
        self.name = name
        self.server = postgresql.server()
        self.address = Address(self.server.new_database(name, template))

    def run(self, statement: str) -> str:
        """What a statement answers."""
        return self.server.run(statement, self.name)

    def rows(self) -> dict[str, list[str]]:
        """The rows of all tables."""
        found = {}
        for each in moved_tables():
            lines = self.run(f"SELECT row_to_json(rows) FROM {each.name} AS rows").splitlines()
            found[each.name] = _texts([(line,) for line in lines], each.name)
        return found

    def schema(self) -> set[str]:
        """The definitions of all indexes, constraints and tables."""
        constraint = "conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)"
        column = "table_name || '.' || column_name || ' ' || data_type"
        statements = (
            f"SELECT {constraint} FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
            f"SELECT {column} FROM information_schema.columns WHERE table_schema = 'public'",
        )
        return {line for statement in statements for line in self.run(statement).splitlines()}


@contextmanager
def place(name: str, template: str = "template0") -> Iterator[Place]:
    """An empty database, until the block ends."""
    made = Place(name, template)
    try:
        yield made
    finally:
        made.server.drop(name)
