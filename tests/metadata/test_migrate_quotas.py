"""The migration that brings quotas computes the totals of the content that is there."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from contentlib.library.model import HeldAmount
from contentlib.metadata import migrate, migrations
from contentlib.metadata.sqlite import SqliteMetadata
from contentlib.metadata.tables import ORPHANED


def _before(database: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0014")
    engine.dispose()


def _add(connection: sqlite3.Connection, table: str, **values: str | int) -> None:
    """Adds a row; other columns that must have a value get an empty one."""
    required = [(row[1], row[2]) for row in connection.execute(f"PRAGMA table_info({table})") if row[3] or row[5]]
    row = {name: "" if kind == "TEXT" else 0 for name, kind in required} | values
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", row)


async def test_content_of_before_counts_once_an_item_for_who_brought_it_first(tmp_path: Path) -> None:
    database = tmp_path / "contentlib.db"
    _before(database)
    with closing(sqlite3.connect(database)) as connection:
        _add(connection, "libraries", id="l")
        for name in ("shared", "empty", "deleted"):
            _add(connection, "items", id=name, library="l", folded_name=name)
        connection.execute("UPDATE items SET deleted = 1 WHERE id = 'deleted'")
        for name, size in (("large", 1000), ("small", 10)):
            _add(connection, "blobs", id=name, size=size)
        for name, item, user, newer in (
            ("v1", "shared", "ann", 1),
            ("v2", "shared", "bob", 0),
            ("v3", "deleted", "bob", 0),
            ("v4", "gone", "ann", ORPHANED),
        ):
            _add(connection, "versions", id=name, item=item, user=user, newer=newer, number=int(name[1]))
            _add(connection, "stored_files", version=name, blob="large", size=1000)
        _add(connection, "stored_files", version="v2", position=1, blob="small", size=10)
        connection.commit()
    migrate.upgrade(database)
    metadata = SqliteMetadata(database)
    async with metadata.reading() as rows:
        held = {each.owner: each.held for each in await rows.quotas.all()}
        sums = await rows.quotas.sums()
    await metadata.close()
    assert held == sums
    assert held == {
        "library:l": HeldAmount(2010, 3),
        "user:ann": HeldAmount(1000, 1),
        "user:bob": HeldAmount(1010, 1),
    }
