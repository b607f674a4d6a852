"""Tables of the design pages: the transitions of sessions, and the tables of the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Table

from contentlib.library.model import State
from contentlib.library.sessions import TRANSITIONS
from contentlib.metadata.tables import metadata
from generator.markdown import code, table


def transitions() -> str:
    """A row for each event, a column for each state; what is empty is refused."""
    events = list(dict.fromkeys(event for _, event in TRANSITIONS))
    rows = [(event, *[_after(state, event) for state in State]) for event in events]
    return table(("event", *[code(state) for state in State]), rows)


def tables() -> str:
    """The tables, each with its columns; the key is in bold, a reference has an arrow."""
    rows = [
        (code(each.name), ", ".join(_column(column) for column in each.columns), ", ".join(_references(each)))
        for each in metadata.sorted_tables
    ]
    return table(("table", "columns", "refers to"), sorted(rows))


def _after(state: State, event: str) -> str:
    found = TRANSITIONS.get((state, event))
    return "" if found is None else code(found)


def _column(column: Column[Any]) -> str:
    return f"**{column.name}**" if column.primary_key else column.name


def _references(owner: Table) -> list[str]:
    return sorted({code(key.column.table.name) for key in owner.foreign_keys})
