"""The migration that brings groups and permissions keeps who there was, and what the administrator may do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from contentlib.access.rights import rights_of
from contentlib.library.model import Login
from contentlib.metadata import migrate, migrations
from contentlib.metadata.sqlite import SqliteMetadata

ROWS = (
    """INSERT INTO users VALUES ('Admin@Lab', 'admin@lab', 'hash', '["admin"]'), ('robin@lab', 'robin@lab', 'other', '[]')""",
    "INSERT INTO logins VALUES ('digest', 'Admin@Lab', 1, 2)",
)


def _before(database: Path, version: str = "0011", rows: tuple[str, ...] = ROWS) -> None:
    """A database as the version before has left it."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    engine.dispose()
    with closing(sqlite3.connect(database)) as connection:
        for row in rows:
            connection.execute(row)
        connection.commit()


async def test_the_administrator_of_before_stays_one_and_others_get_nothing(tmp_path: Path) -> None:
    database = tmp_path / "contentlib.db"
    _before(database)
    migrate.upgrade(database)
    metadata = SqliteMetadata(database)
    async with metadata.reading() as rows:
        admin, robin = await rights_of(rows, "admin@lab"), await rights_of(rows, "robin@lab")
        users = [(each.name, each.password_hash, each.enabled) for each in await rows.users.all()]
        login = await rows.logins.get("digest")
    await metadata.close()
    assert users == [("Admin@Lab", "hash", True), ("robin@lab", "other", True)]
    assert admin is not None
    assert admin.total
    assert robin is not None
    assert not robin.has("System.Read")
    assert login == Login("digest", "Admin@Lab", 1, 2)


async def test_the_memberships_of_before_are_kept_here(tmp_path: Path) -> None:
    database = tmp_path / "contentlib.db"
    _before(database, "0014", ("INSERT INTO memberships VALUES ('staff', 'user:ann')",))
    migrate.upgrade(database)
    metadata = SqliteMetadata(database)
    async with metadata.reading() as rows:
        assert await rows.groups.members("staff", "") == ["user:ann"]
    await metadata.close()
