"""Upgrades the database to the current schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from contentlib.metadata.generations import sole_user

HEAD = "0030"
"""The newest migration; a test compares it with the modules in `migrations`."""


MOVED = "moved"
"""The schema of a database whose rows were moved to another one: earlier versions do not open it either."""
_MOVED_TO = "moved_to"
_GET_STATE = "SELECT value FROM state WHERE key = ?"


def upgrade(database: Path) -> None:
    """Creates the SQLite file or brings it up to date; RuntimeError when that cannot be done."""
    if not is_current(database):  # Alembic takes longer to import than the rest of the start
        with sole_user(database):
            _migrate(database)


def is_current(database: Path) -> bool:
    """Whether the SQLite file is there, with the tables of this version. Raises RuntimeError if it was moved."""
    check_not_moved(database)
    return database.exists() and _version(database) == HEAD


def check_current(database: Path) -> None:
    """Raises RuntimeError unless there is a SQLite file with the current schema. Does not change it."""
    if not database.exists():
        raise RuntimeError(f"database {database} does not exist")
    check_not_moved(database)
    found = _version(database)
    if found != HEAD:
        text = f"database {database} is at schema {found or 'unknown'}, this version needs {HEAD}"
        raise RuntimeError(f"{text}; start the server once to upgrade it")


def is_moved(database: Path) -> bool:
    """Whether the rows of the file were moved to another database."""
    return database.exists() and _version(database) == MOVED


def check_not_moved(database: Path) -> None:
    """Raises RuntimeError if the rows of the file were moved to another database."""
    if is_moved(database):
        with closing(sqlite3.connect(database)) as connection:
            there = moved_to(connection)
        raise RuntimeError(
            f"database {database} was moved to {there}; set `database` to its URL. "
            "To use the file again, run: contentlib migrate --undo"
        )


def moved_to(connection: sqlite3.Connection) -> str | None:
    """Where the rows of a database were moved; None if they were not."""
    if connection.execute("SELECT version_num FROM alembic_version").fetchone() != (MOVED,):
        return None
    row = connection.execute(_GET_STATE, (_MOVED_TO,)).fetchone()
    return "another database" if row is None else str(row[0])


def mark_moved(connection: sqlite3.Connection, place: str) -> None:
    """Marks a database as moved, in the transaction of a connection."""
    connection.execute("UPDATE alembic_version SET version_num = ?", (MOVED,))
    connection.execute("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", (_MOVED_TO, place))


def unmark_moved(connection: sqlite3.Connection) -> None:
    """Removes the mark, in the transaction of a connection."""
    connection.execute("UPDATE alembic_version SET version_num = ? WHERE version_num = ?", (HEAD, MOVED))
    connection.execute("DELETE FROM state WHERE key = ?", (_MOVED_TO,))


def _version(database: Path) -> str | None:
    try:
        with closing(sqlite3.connect(database)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
                return None
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise RuntimeError(f"cannot read database {database}: {error}") from error
    return None if row is None else str(row[0])


def _migrate(database: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    from sqlalchemy import create_engine, event

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{database}", connect_args={"isolation_level": None})
    # Python's driver begins no transaction before it creates a table; a migration that is killed would leave half of them
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise RuntimeError(f"database {database} was written by a newer version of contentlib: {error}") from error
    finally:
        engine.dispose()
