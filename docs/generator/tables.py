"""The tables of the database, for the design pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table

from contentlib.metadata.tables import metadata
from generator.markdown import code, table


def tables() -> str:
    """The tables, each with its columns; the key is in bold, a reference has an arrow."""
    rows = [
        (code(each.name), ", ".join(_column(column) for column in each.columns), ", ".join(_references(each)))
        for each in metadata.sorted_tables
    ]
    return table(("table", "columns", "refers to"), sorted(rows))


def _column(column: Column[Any]) -> str:
    return f"**{column.name}**" if column.primary_key else column.name


def _references(owner: Table) -> list[str]:
    return sorted({code(key.column.table.name) for key in owner.foreign_keys})
