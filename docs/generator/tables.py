"""Tables of the design pages: the transitions of sessions, and the tables of the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Table

from contentlib.library import leases as sessions
from contentlib.library import tasks
from contentlib.library.model import State, TaskStatus
from contentlib.metadata.tables import metadata
from generator.markdown import code, table


def transitions() -> str:
    """The states of sessions."""
    return _machine(State, sessions.TRANSITIONS)


def task_transitions() -> str:
    """The statuses of tasks."""
    return _machine(TaskStatus, tasks.TRANSITIONS)


def tables() -> str:
    """The tables, each with its columns; the key is in bold, a reference has an arrow."""
    rows = [
        (code(each.name), ", ".join(_column(column) for column in each.columns), ", ".join(_references(each)))
        for each in metadata.sorted_tables
    ]
    return table(("table", "columns", "refers to"), sorted(rows))


def _machine(states: Iterable[str], moves: Mapping[tuple[Any, str], str]) -> str:
    """A row for each event, a column for each state; what is empty is refused."""
    events = dict.fromkeys(event for _, event in moves)
    rows = [(event, *[code(moves[state, event]) if (state, event) in moves else "" for state in states]) for event in events]
    return table(("event", *[code(state) for state in states]), rows)


def _column(column: Column[Any]) -> str:
    return f"**{column.name}**" if column.primary_key else column.name


def _references(owner: Table) -> list[str]:
    return sorted({code(key.column.table.name) for key in owner.foreign_keys})
