"""Migrations: from an empty file to the tables of this program, once, whole or not at all."""

from __future__ import annotations

import multiprocessing
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine

from contentlib.metadata import migrate, migrations
from contentlib.metadata.tables import metadata

KILLED = Path(__file__).parent / "killed_upgrade.py"
SPAWN = multiprocessing.get_context("spawn")


@contextmanager
def _connected(database: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _schema(database: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        return sorted(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())


def test_an_empty_file_gets_exactly_the_tables_of_the_program(tmp_path: Path) -> None:
    database = tmp_path / "new.db"
    migrate.upgrade(database)
    with _connected(database) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_migrations_write_the_same_tables_as_the_declarations(tmp_path: Path) -> None:
    """Also what the comparison does not look at: conditions of indexes, cascades, defaults."""
    migrate.upgrade(tmp_path / "migrated.db")
    with _connected(tmp_path / "declared.db") as connection:
        metadata.create_all(connection)
        connection.commit()
    migrated = [each for each in _schema(tmp_path / "migrated.db") if each[0] != "alembic_version"]
    assert [_plain(each) for each in migrated] == [_plain(each) for each in _schema(tmp_path / "declared.db")]


def _plain(row: tuple[str, str]) -> tuple[str, list[str]]:
    """A table's name and its parts, whatever their order."""
    return row[0], sorted(" ".join(part.split()).rstrip(") ") for part in re.split(r",\s+(?![^(]*\))", row[1]))


def test_the_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(Path(migrations.__path__[0]))).get_heads() == [migrate.HEAD]


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(database: Path) -> None:
    before = database.read_bytes()
    migrate.upgrade(database)
    assert database.read_bytes() == before


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = database.read_bytes()
    with pytest.raises(RuntimeError, match=f"{database} was written by a newer version of contentlib"):
        migrate.upgrade(database)
    assert database.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_with_its_name(tmp_path: Path) -> None:
    database = tmp_path / "contentlib.db"
    database.write_text("these are notes, and no database at all\n" * 100)
    with pytest.raises(RuntimeError, match=f"cannot read database {database}: file is not a database"):
        migrate.upgrade(database)


@pytest.mark.parametrize("statements", [1, 6, 25])
def test_an_upgrade_that_is_killed_half_way_can_be_done_again(tmp_path: Path, statements: int) -> None:
    database = tmp_path / "new.db"
    killed = subprocess.run([sys.executable, KILLED, database, str(statements)], check=False)
    assert killed.returncode == -signal.SIGKILL
    migrate.upgrade(database)
    with _connected(database) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_two_who_upgrade_at_once_both_find_it_done(tmp_path: Path) -> None:
    database = tmp_path / "new.db"
    processes = [SPAWN.Process(target=migrate.upgrade, args=(database,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    with _connected(database) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
