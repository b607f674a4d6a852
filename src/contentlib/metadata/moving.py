"""Defines the statements that move all stored deadlines. Times in the past do not change."""

from __future__ import annotations

from sqlalchemy import BindParameter, bindparam, case, update

from contentlib.metadata import tables
from contentlib.metadata.statement import Statement

_DEADLINES = {
    "update_sessions": ("touched", "ended", "pulled"),
    "download_sessions": ("touched", "ended"),
    "logins": ("touched",),
    "tokens": ("created",),
    "tasks": ("created", "started", "ended", "due", "until"),
    "blobs": ("unreferenced",),
    "versions": ("superseded",),
    "libraries": ("deleted", "deleted_until"),
    "items": ("deleted", "deleted_until"),
    "jobs": ("until",),
}


def _move(table_name: str, column: str) -> Statement:
    table = tables.metadata.tables[table_name]
    dated = table.c[column] > tables.UNDATED  # neither NULL nor without a time yet
    return Statement(update(table).where(dated).values({column: table.c[column] + bindparam("by")}), routine=True)


def _rest(table_name: str) -> Statement:
    table = tables.metadata.tables[table_name]
    now: BindParameter[int] = bindparam("now")
    later = table.c.touched + bindparam("by")
    touched = case((later < now, later), else_=now)  # what was touched last was not idle for all of that time
    return Statement(update(table).where(tables.active(table)).values(touched=touched), routine=True)


MOVE = tuple(_move(table, column) for table, columns in _DEADLINES.items() for column in columns)
REST = tuple(_rest(table) for table in ("update_sessions", "download_sessions"))
