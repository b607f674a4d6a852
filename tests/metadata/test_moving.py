"""Writers of a SQLite database whose rows are being moved to another database, or were moved."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from contentlib.metadata import migrate
from contentlib.metadata.generations import Generations
from contentlib.metadata.moves.source import SourceDatabase
from contentlib.metadata.sqlite import SqliteMetadata
from contracts import made
from processes import PATIENCE_SECONDS, eventually


@pytest.fixture
async def store(database: Path) -> AsyncIterator[SqliteMetadata]:
    opened = SqliteMetadata(database)
    yield opened
    await opened.close()


@contextmanager
def mover(database: Path) -> Iterator[Generations]:
    """Another process, as far as locks know, that moves the rows."""
    other = Generations(database)
    try:
        with other.closed():
            yield other
    finally:
        other.close()


def _mark(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        migrate.mark_moved(connection, "database 'library' on db.example.com")


async def _refused(store: SqliteMetadata) -> str:
    with pytest.raises(OSError, match="the database") as caught:
        await made.put_state(store, "key", "value")
    assert caught.value.errno == errno.EROFS
    return str(caught.value.strerror)


async def test_changes_are_refused_at_once_while_rows_are_moved_and_possible_afterwards(
    store: SqliteMetadata, database: Path
) -> None:
    with mover(database):
        assert await _refused(store) == "the database is being moved to another one"
        assert await made.state_of(store, "key") is None
    await made.put_state(store, "key", "value")
    assert await made.state_of(store, "key") == "value"


async def test_a_writer_that_waits_for_its_turn_when_a_move_begins_is_refused(store: SqliteMetadata, database: Path) -> None:
    with closing(Generations(database)) as other:
        other.await_turn()
        writing = asyncio.create_task(_refused(store))
        await asyncio.sleep(0)  # it waits from here on
        with other.closed():
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert await writing == "the database is being moved to another one"
    async with asyncio.timeout(PATIENCE_SECONDS):
        await made.put_state(store, "key", "value")


async def test_a_mover_that_was_killed_keeps_no_writer_off(store: SqliteMetadata, database: Path) -> None:
    with closing(Generations(database)) as other:
        other.moving = True  # its hint has stayed
    await made.put_state(store, "key", "value")
    with closing(Generations(database)) as other:
        assert not other.moving


async def test_a_server_that_still_runs_changes_nothing_in_a_database_that_was_moved(
    store: SqliteMetadata, database: Path
) -> None:
    with mover(database):
        _mark(database)
    for _ in range(2):
        assert await _refused(store) == "the database was moved to database 'library' on db.example.com; use the server there"
    assert await made.state_of(store, "key") is None


async def test_a_writer_that_had_its_turn_before_a_move_opens_the_database_for_no_other(
    store: SqliteMetadata, database: Path
) -> None:
    with closing(Generations(database)) as writer, closing(SourceDatabase(database)) as source:
        writer.await_turn()
        with ThreadPoolExecutor(1) as thread:
            moving = thread.submit(_move, source)
            assert eventually(lambda: writer.moving)
            writer.moving = False  # as each writer does that finds no mark
            writer.end_turn()
            moving.result(PATIENCE_SECONDS)
    assert await _refused(store) == "the database was moved to elsewhere; use the server there"
    assert await made.state_of(store, "key") is None


def _move(source: SourceDatabase) -> None:
    with source.closed():
        source.mark("elsewhere")


def test_two_moves_at_a_time_are_refused(database: Path) -> None:
    with mover(database), pytest.raises(RuntimeError, match="is being moved by another process"), mover(database):
        pass


def test_a_database_that_was_moved_names_the_new_one_at_a_start(database: Path) -> None:
    _mark(database)
    for start in (migrate.upgrade, migrate.check_current):
        with pytest.raises(RuntimeError, match=r"was moved to database .library. on db\.example\.com; set `database`"):
            start(database)


def test_without_the_mark_a_database_is_as_it_was(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        before = list(connection.iterdump())
        migrate.mark_moved(connection, "elsewhere")
        migrate.unmark_moved(connection)
        assert list(connection.iterdump()) == before
    migrate.check_current(database)
