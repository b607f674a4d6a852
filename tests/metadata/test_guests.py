"""Guests of a database, as processes: what the server remembers beside them, and what is left of those that are killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contentlib.library.model import Library
from contentlib.metadata import guests, migrate
from contentlib.metadata.sqlite import SqliteMetadata
from contracts import made

_GUEST = Path(__file__).with_name("guest_that_stays.py")


@pytest.fixture
async def store(database: Path) -> AsyncIterator[SqliteMetadata]:
    """A store on a database that nobody but guests writes to otherwise."""
    opened = SqliteMetadata(database, alone=True)
    yield opened
    await opened.close()


@contextmanager
def staying(database: Path, *renamed: str) -> Iterator[subprocess.Popen[str]]:
    """A guest, which leaves when its input ends."""
    command = [sys.executable, str(_GUEST), str(database), *renamed]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        yield process


async def _added(store: SqliteMetadata) -> Library:
    library = made.library()
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.add(library)
    return library


async def _read(store: SqliteMetadata, library_id: str) -> Library:
    async with store.reading() as transaction:
        found = await transaction.libraries.get(library_id)
    assert found is not None
    return found


async def _remembers(store: SqliteMetadata, library_id: str) -> bool:
    return await _read(store, library_id) is await _read(store, library_id)


async def test_what_a_guest_changes_is_seen_at_once(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    assert await _remembers(store, library.id)
    with staying(database, library.id):
        assert (await _read(store, library.id)).name == "renamed by a guest"


async def test_what_a_guest_has_changed_is_not_undone_by_what_was_remembered(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    assert await _remembers(store, library.id)
    with staying(database, library.id):
        async with store.transaction(durable=False) as transaction:
            found = await transaction.libraries.get(library.id)
            assert found is not None
            assert found.name == "renamed by a guest"


async def test_nothing_is_remembered_while_there_are_guests(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    with staying(database):
        with staying(database):
            assert not await _remembers(store, library.id)
        assert not await _remembers(store, library.id)
    assert await _remembers(store, library.id)


async def test_what_was_remembered_before_a_guest_that_was_killed_is_read_again(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    assert await _remembers(store, library.id)
    with staying(database, library.id) as process:
        process.kill()
        process.wait()
    assert (await _read(store, library.id)).name == "renamed by a guest"
    assert await _remembers(store, library.id)


async def test_a_reader_from_before_a_guest_does_not_spoil_what_comes_after(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    async with store.reading() as early:
        assert await early.libraries.find() == [library.id]
        with staying(database, library.id):
            pass
        assert (await _read(store, library.id)).name == "renamed by a guest"
        assert await early.libraries.get(library.id) == library
    assert (await _read(store, library.id)).name == "renamed by a guest"


async def test_a_mark_that_was_left_is_taken_away_by_the_next_start(store: SqliteMetadata, database: Path) -> None:
    with staying(database) as process:
        process.kill()
        process.wait()
    again = guests.Guests(database)
    assert again.came()
    assert again.are_gone()
    assert not again.came()
    again.close()


def test_tables_are_not_changed_beneath_a_guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests, "_PATIENCE_SECONDS", 0.0)
    database = tmp_path / "contentlib.db"
    with guests.guest(database), pytest.raises(RuntimeError, match=f"is writing to the database {database}; wait until"):
        migrate.upgrade(database)
    migrate.upgrade(database)
    assert migrate.is_current(database)
