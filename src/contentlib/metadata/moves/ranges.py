"""Divides the rows of a table into ranges of its primary key, and writes the SQL by which two databases compare them.

A row is compared as a text that both databases make of it with the same expression: the length and the characters of a text,
the digits of a number. The digest of a range is over the digests of its rows, in the order of the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Boolean, Table, Text

from contentlib.metadata import tables

Key: TypeAlias = tuple[Any, ...]
ROWS = 4000  # of a range
_OWN = ("nodes", "generations")  # which the target fills itself


@dataclass(frozen=True, slots=True)
class Range:
    """The rows after a key, up to a key; None is no limit."""

    after: Key | None
    until: Key | None
    rows: int
    digest: bytes

    @property
    def limits(self) -> tuple[Any, ...]:
        """The values for the conditions of `MovedTable.within`."""
        return (*(self.after or ()), *(self.until or ()))


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table that is moved, with names in quotes."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    texts: frozenset[str]
    booleans: tuple[int, ...]
    """The places of columns that SQLite stores as 0 and 1."""

    @property
    def as_text(self) -> str:
        """The expression that makes a text of a row."""
        return " || ".join(map(self._part, self.columns))

    def _part(self, column: str) -> str:
        if column in self.texts:
            return f"coalesce(length({column}) || ':' || {column}, '-')"
        return (
            f"coalesce(CAST(CAST({column} AS INTEGER) AS TEXT) || ';', '-')"
            if self._is_boolean(column)
            else (f"coalesce(CAST({column} AS TEXT) || ';', '-')")
        )

    def _is_boolean(self, column: str) -> bool:
        return self.columns.index(column) in self.booleans

    @property
    def by_key(self) -> str:
        """The columns of the key."""
        return ", ".join(self.key)

    def within(self, limits: Range, places: Iterator[str]) -> str:
        """The condition for the rows of a range; each value is at one of the places."""
        bounds = ((">", limits.after), ("<=", limits.until))
        found = [
            f"({self.by_key}) {sign} ({', '.join(next(places) for _ in bound)})" for sign, bound in bounds if bound is not None
        ]
        return " AND ".join(found) or "TRUE"


def moved_tables() -> list[MovedTable]:
    """All tables whose rows are moved."""
    return [_moved(table) for table in tables.metadata.tables.values() if table.name not in _OWN]


def _moved(table: Table) -> MovedTable:
    columns = list(table.columns)
    return MovedTable(
        table.name,
        tuple(f'"{column.name}"' for column in columns),
        tuple(f'"{column.name}"' for column in table.primary_key.columns),
        frozenset(f'"{column.name}"' for column in columns if isinstance(column.type, Text)),
        tuple(place for place, column in enumerate(columns) if isinstance(column.type, Boolean)),
    )
