"""Several processes on one database: what each remembers, and what is left of those that are killed."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from contentlib.library.model import Library
from contentlib.metadata import generations, memory, migrate
from contentlib.metadata.generations import Generations, slot_of, sole_user
from contentlib.metadata.sqlite import SqliteMetadata
from contentlib.metadata.tables import metadata as tables
from contracts import made
from databases import new_database
from processes import PATIENCE_SECONDS

_OTHER = Path(__file__).with_name("other_process.py")
_RENAMED = "renamed by another process"


@pytest.fixture
async def store(database: Path) -> AsyncIterator[SqliteMetadata]:
    opened = SqliteMetadata(database)
    yield opened
    await opened.close()


@contextmanager
def staying(database: Path, *renamed: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the database open until its input ends."""
    command = [sys.executable, str(_OTHER), str(database), *renamed]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        yield process


def killed_in_commit(database: Path, library_id: str) -> None:
    """A process that is killed between its commit and the moment when it would have told of it."""
    command = [sys.executable, str(_OTHER), str(database), library_id, "--killed-in-commit"]
    assert subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == -9


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
    await _read(store, library_id)
    return store._memory.recall(store._memory.begin(), "libraries", library_id) is not None


async def test_rows_are_remembered_beside_another_process(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    with staying(database):
        assert await _remembers(store, library.id)


async def test_a_change_of_another_process_is_seen_at_once(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    assert await _remembers(store, library.id)
    with staying(database, library.id):
        assert (await _read(store, library.id)).name == _RENAMED
        assert await _remembers(store, library.id)


async def test_a_change_of_another_process_is_not_undone_by_what_was_remembered(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    assert await _remembers(store, library.id)
    with staying(database, library.id):
        async with store.transaction(durable=False) as transaction:
            found = await transaction.libraries.get(library.id)
            assert found is not None
            await transaction.libraries.put(replace(found, description="described here"))
    assert (await _read(store, library.id)).name == _RENAMED


async def test_a_writer_reads_the_database_whatever_is_remembered(store: SqliteMetadata, database: Path) -> None:
    """Also where a program that tells nobody has written to it."""
    library = await _added(store)
    assert await _remembers(store, library.id)
    with closing(sqlite3.connect(database)) as rows, rows:
        rows.execute("UPDATE libraries SET name = ? WHERE id = ?", [_RENAMED, library.id])
    assert (await _read(store, library.id)).name == library.name
    async with store.transaction(durable=False) as transaction:
        found = await transaction.libraries.get(library.id)
    assert found is not None
    assert found.name == _RENAMED


async def test_a_writer_keeps_what_it_has_read_until_anybody_commits(store: SqliteMetadata, database: Path) -> None:
    library, statements = await _added(store), list[str]()
    store._writer.raw.set_trace_callback(statements.append)

    async def written() -> str:
        async with store.transaction(durable=False) as transaction:
            await transaction.state.put("a", "b")  # another table
            found = await transaction.libraries.get(library.id)
        assert found is not None
        return found.name

    assert [await written(), await written()] == [library.name, library.name]
    assert len([each for each in statements if "FROM libraries" in each]) == 1
    with closing(sqlite3.connect(database)) as rows, rows:
        rows.execute("UPDATE libraries SET name = ? WHERE id = ?", [_RENAMED, library.id])
    assert await written() == _RENAMED
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.put(replace(library, name="here"))
    assert await written() == "here"


async def test_a_process_killed_in_its_commit_leaves_nothing_stale(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    assert await _remembers(store, library.id)
    killed_in_commit(database, library.id)
    assert (await _read(store, library.id)).name == _RENAMED
    assert not await _remembers(store, library.id)  # nobody knows yet how that commit ended
    other = await _added(store)
    assert await _remembers(store, library.id)
    assert await _remembers(store, other.id)
    assert (await _read(store, library.id)).name == _RENAMED


async def test_a_reader_from_before_a_change_does_not_spoil_what_comes_after(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    async with store.reading() as early:
        assert await early.libraries.find() == [library.id]
        with staying(database, library.id):
            pass
        assert (await _read(store, library.id)).name == _RENAMED
        assert await early.libraries.get(library.id) == library
    assert (await _read(store, library.id)).name == _RENAMED


async def test_a_reader_does_not_mix_a_remembered_row_with_a_later_state(store: SqliteMetadata, database: Path) -> None:
    library = await _added(store)
    await _read(store, library.id)
    with pytest.raises(OSError, match="a row of libraries changed while it was read; try again"):
        async with store.reading() as early:
            assert await early.libraries.get(library.id) == library
            with staying(database, library.id):
                pass
            await early.libraries.find()
    assert (await _read(store, library.id)).name == _RENAMED


async def test_a_command_sees_one_state_however_long_it_waits_between_two_reads(database: Path) -> None:
    opened = SqliteMetadata(database, remembers=False)
    library = await _added(opened)
    await _read(opened, library.id)
    async with opened.reading() as early:
        assert await early.libraries.get(library.id) == library
        with staying(database, library.id):
            pass
        assert await early.libraries.find(folded_name=library.folded_name) == [library.id]
        assert await early.libraries.get(library.id) == library
    await opened.close()


async def test_beside_a_busy_process_a_reader_sees_one_state_to_its_end(
    store: SqliteMetadata, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_BESIDE_SECONDS", PATIENCE_SECONDS)
    library, other = await _added(store), await _added(store)
    with staying(database, other.id):
        pass
    await _read(store, library.id)
    async with store.reading() as early:
        assert await early.libraries.get(library.id) == library
        with staying(database, library.id):
            pass
        assert set(await early.libraries.find(folded_name=library.folded_name)) == {library.id, other.id}
        assert await early.libraries.get(library.id) == library
    assert (await _read(store, library.id)).name == _RENAMED


async def test_a_reader_goes_on_when_other_rows_have_changed_meanwhile(store: SqliteMetadata, database: Path) -> None:
    library, other = await _added(store), await _added(store)
    await _read(store, library.id)
    async with store.reading() as early:
        assert await early.libraries.get(library.id) == library
        with staying(database, other.id):
            pass
        assert len(await early.libraries.find()) == 2


async def test_two_processes_that_count_lose_no_count(tmp_path: Path) -> None:
    """As at a reload: each reads the row by its key, which both remember, and writes it back whole."""
    path = new_database(tmp_path / "contentlib.db")
    stores = [SqliteMetadata(path), SqliteMetadata(path)]
    library = await _added(stores[0])

    async def count(store: SqliteMetadata) -> None:
        for _ in range(50):
            await _read(store, library.id)
            async with store.transaction(durable=False) as transaction:
                row = await transaction.libraries.get(library.id)
                assert row is not None
                await transaction.libraries.put(replace(row, version=row.version + 1))

    await asyncio.gather(*(count(store) for store in stores))
    assert (await _read(stores[0], library.id)).version == (await _read(stores[1], library.id)).version == library.version + 100
    for store in stores:
        await store.close()


def test_two_turns_are_never_held_at_once(database: Path) -> None:
    one, other = Generations(database), Generations(database)
    assert one.take_turn()
    assert not other.take_turn()
    one.end_turn()
    assert other.take_turn()
    other.close()
    assert one.take_turn()
    one.close()


def test_a_counter_is_odd_exactly_while_its_table_changes(database: Path) -> None:
    one, other = Generations(database), Generations(database)
    slots = (0, slot_of("items"), slot_of("libraries"))
    before = [other.counters[slot] for slot in slots]
    assert one.take_turn()
    one.changing({"items"})
    assert [other.counters[slot] for slot in slots] == [before[0] + 1, before[1] + 1, before[2]]
    one.changed({"items"})
    assert [other.counters[slot] for slot in slots] == [before[0] + 2, before[1] + 2, before[2]]
    one.close()
    other.close()


def test_the_counters_have_their_place_on_the_disk(database: Path) -> None:
    for each in database.parent.glob("*-generations"):
        each.unlink()
    one = Generations(database)
    (file,) = database.parent.glob("*-generations")
    assert file.stat().st_blocks * 512 >= one.counters.nbytes  # else the kernel kills who writes one while the disk is full
    one.close()


def test_most_tables_have_a_counter_of_their_own() -> None:
    assert len({slot_of(name) for name in tables.tables}) > 0.8 * len(tables.tables)


def test_tables_are_not_upgraded_while_another_process_has_them_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "_PATIENCE_SECONDS", 0.0)
    database = tmp_path / "contentlib.db"
    user = Generations(database)
    with pytest.raises(RuntimeError, match=f"database {database} is open in another contentlib process; stop it or wait until"):
        migrate.upgrade(database)
    user.close()
    migrate.upgrade(database)
    assert migrate.is_current(database)


def test_a_database_that_is_being_upgraded_is_not_opened(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "_PATIENCE_SECONDS", 0.0)
    with sole_user(database), pytest.raises(RuntimeError, match=f"database {database} is being upgraded by another process"):
        SqliteMetadata(database)
