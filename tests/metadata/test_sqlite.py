"""The SQLite store: what is its own beside the contract. Errors of the disk, other processes, the plans of statements."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contentlib.library.ports import Transaction
from contentlib.metadata.sqlite import SqliteMetadata
from contentlib.metadata.transaction import SqliteConnection
from contracts import made
from databases import new_database
from processes import PATIENCE_SECONDS

COUNTING = Path(__file__).parent / "counting.py"


@pytest.fixture
async def store(database: Path) -> AsyncIterator[SqliteMetadata]:
    store = SqliteMetadata(database)
    yield store
    await store.close()


def _limit(store: SqliteMetadata, pages: int) -> None:
    store._writer.raw.execute(f"PRAGMA max_page_count = {pages}")


@pytest.mark.parametrize("durable", [True, False])
async def test_a_full_disk_is_an_error_of_its_own_and_all_is_well_when_there_is_room(
    store: SqliteMetadata, durable: bool
) -> None:
    _limit(store, 1)  # SQLite takes the size that the file has
    with pytest.raises(OSError, match="the disk of the database is full") as caught:
        await made.put_state(store, "big", "x" * 1_000_000, durable=durable)
    assert caught.value.errno == errno.ENOSPC
    assert await made.state_of(store, "big") is None
    _limit(store, 100_000)
    await made.put_state(store, "big", "x" * 1_000_000, durable=durable)
    assert len(await made.state_of(store, "big") or "") == 1_000_000


async def test_those_who_are_committed_together_are_all_told_when_the_disk_is_full(store: SqliteMetadata) -> None:
    _limit(store, 1)
    ended = await asyncio.gather(
        *[made.put_state(store, f"key-{number}", "x" * (1_000_000 if number == 5 else 1)) for number in range(10)],
        return_exceptions=True,
    )
    lost = [number for number, each in enumerate(ended) if isinstance(each, OSError)]
    assert 5 in lost
    _limit(store, 100_000)
    for number in range(10):
        assert (await made.state_of(store, f"key-{number}") is None) == (number in lost)
    await made.put_state(store, "key-5", "y")


async def test_a_database_that_cannot_be_written_is_told_and_can_still_be_read(store: SqliteMetadata) -> None:
    await made.put_state(store, "key", "value")
    store._writer.raw.execute("PRAGMA query_only = ON")
    with pytest.raises(OSError, match="cannot be written") as caught:
        await made.put_state(store, "key", "other")
    assert caught.value.errno == errno.EROFS
    assert await made.state_of(store, "key") == "value"
    store._writer.raw.execute("PRAGMA query_only = OFF")
    await made.put_state(store, "key", "other")


async def test_a_damaged_file_is_told(database: Path) -> None:
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    with pytest.raises(OSError, match="the database is damaged"):
        SqliteMetadata(database)


async def test_rows_that_are_damaged_are_told_where_they_are_read(database: Path) -> None:
    store = SqliteMetadata(database)
    for number in range(200):
        await made.put_state(store, f"key-{number}", "x" * 1000)
    await store.close()
    size = database.stat().st_size
    with database.open("r+b") as file:
        file.seek(size - 4096 * 30)
        file.write(b"\xff" * 4096 * 30)
    store = SqliteMetadata(database)
    for act in (made.state_of(store, "key-190"), made.put_state(store, "key-190", "value")):
        with pytest.raises(OSError, match="the database is damaged"):
            await act
    await store.ping()
    await store.close()


async def test_a_lock_that_is_held_for_long_is_told(
    store: SqliteMetadata, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contentlib.metadata.turns.BUSY_SECONDS", 0.3)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OSError, match="locked by another process") as caught:
            await made.put_state(store, "key", "value")
        assert caught.value.errno == errno.EBUSY
        other.execute("COMMIT")
    await made.put_state(store, "key", "value")


async def test_a_writer_goes_on_when_another_process_lets_go_and_the_loop_meanwhile(
    store: SqliteMetadata, database: Path
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(made.put_state(store, "key", "value"))
        for _ in range(100):
            assert await made.state_of(store, "key") is None
            await asyncio.sleep(0)
        assert not writing.done()
        other.execute("COMMIT")
        await asyncio.wait_for(writing, PATIENCE_SECONDS)


async def test_one_who_is_cancelled_while_the_commit_is_awaited_takes_no_other_with_it(store: SqliteMetadata) -> None:
    tasks = [asyncio.create_task(made.put_state(store, f"key-{number}", "value", durable=True)) for number in range(5)]
    await asyncio.sleep(0)  # all have written, and wait
    tasks[2].cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each) for each in ended] == [type(None)] * 2 + [asyncio.CancelledError] + [type(None)] * 2
    assert await made.state_of(store, "key-4") == "value"


async def test_closing_commits_what_is_still_awaited(store: SqliteMetadata, database: Path) -> None:
    writing = [asyncio.create_task(made.put_state(store, f"key-{number}", "value")) for number in range(3)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*writing)
    again = SqliteMetadata(database)
    assert await made.state_of(again, "key-2") == "value"
    await again.close()


@pytest.mark.parametrize("durable", [True, False])
async def test_writers_at_once_share_a_commit(store: SqliteMetadata, durable: bool) -> None:
    commits = 0

    def count(statement: str) -> None:
        nonlocal commits
        commits += statement == "COMMIT"

    store._writer.raw.set_trace_callback(count)
    await asyncio.gather(*[made.put_state(store, f"key-{number}", "value", durable=durable) for number in range(32)])
    assert commits == 1


async def test_a_durable_commit_reaches_for_the_disk_and_another_does_not(store: SqliteMetadata) -> None:
    for durable, synchronous in ((True, 2), (False, 1), (True, 2)):
        async with store.transaction(durable=durable) as rows:
            await rows.state.put("key", "value")
            assert store._writer.raw.execute("PRAGMA synchronous").fetchone() == (synchronous,)


async def test_a_durable_commit_waits_for_no_thread_that_others_keep_busy(store: SqliteMetadata) -> None:
    done = threading.Event()
    busy = [asyncio.create_task(asyncio.to_thread(done.wait, 2 * PATIENCE_SECONDS)) for _ in range(64)]
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await made.put_state(store, "a", "1", durable=True)
        assert not any(task.done() for task in busy)
    finally:
        done.set()
        await asyncio.gather(*busy)


async def test_a_reader_cannot_write(store: SqliteMetadata) -> None:
    with pytest.raises(OSError, match="cannot be written"):
        async with store.reading() as rows:
            await rows.state.put("key", "value")
    assert await made.state_of(store, "key") is None


async def test_processes_take_turns(store: SqliteMetadata, database: Path) -> None:
    counting = [await asyncio.create_subprocess_exec(sys.executable, COUNTING, database, "200") for _ in range(3)]
    assert [await each.wait() for each in counting] == [0, 0, 0]
    assert await made.state_of(store, "count") == "600"


async def test_what_reads_many_rows_does_so_in_a_thread(store: SqliteMetadata) -> None:
    threads: list[int] = []

    def note(_sql: str) -> None:
        threads.append(threading.get_ident())

    async with store.reading() as rows:
        rows.raw.set_trace_callback(note)
        assert await rows.items.size_of("x") == 0
        long = {*threads} - {threading.get_ident()}
        threads.clear()
        await rows.items.get("x")
        rows.raw.set_trace_callback(None)
    assert (len(long), {*threads}) == (1, {threading.get_ident()})


async def test_others_get_their_turn_while_many_rows_are_read(store: SqliteMetadata) -> None:
    library = made.library()
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(library)
        items = [made.item(library.id, name=str(number), created=number) for number in range(2500)]
        for item in items:
            await rows.items.add(item)
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(take_turns())
    async with store.reading() as reading:
        found = await reading.items.find(library=library.id)
    others.cancel()
    assert found == [item.id for item in items]
    assert turns > 0


# the plans of statements


@pytest.fixture
async def plans(store: SqliteMetadata) -> Callable[[], list[str]]:
    """The steps of all statements that ran, each as SQLite planned it."""
    async with store.reading():
        pass
    seen: set[str] = set()
    reader = store._idle[0]._rows.raw
    for connection in (store._writer.raw, reader):
        connection.set_trace_callback(seen.add)

    def steps() -> list[str]:
        for connection in (store._writer.raw, reader):
            connection.set_trace_callback(None)
        statements = [each for each in seen if each.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))]
        assert statements
        return [
            f"{row[3]} <- {statement}" for statement in statements for row in reader.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]

    return steps


async def test_the_items_of_a_library_are_listed_without_being_sorted(
    store: SqliteMetadata, plans: Callable[[], list[str]]
) -> None:
    async with store.reading() as rows:
        await rows.items.find(library="x")
    assert [step for step in plans() if "TEMP B-TREE" in step] == []


async def test_no_statement_reads_more_than_it_answers_or_changes(
    store: SqliteMetadata, plans: Callable[[], list[str]]
) -> None:
    async with store.transaction(durable=False) as rows:
        await rows.libraries.find(folded_name="x")
        for criteria in ("library", "folded_name", "folded_type", "source"):
            found: dict[str, Any] = {criteria: "x"}
            await rows.items.find(**found)
        await rows.items.find(library="x", folded_name="x")
        await rows.items.remove("x")
        await rows.items.remove_of("x", 9)
        await rows.libraries.remove("x")
        await rows.versions.get("x")
        await rows.versions.remove("x")
        await rows.versions.surplus(3)
        await rows.versions.surplus(3, 9, before=1)
        await rows.versions.surplus(3, 9, before=1, library="x")
        for deleted in (rows.deleted_items, rows.deleted_libraries):
            await deleted.add("x", "ann", 1, 2)
            await deleted.get("x")
            await deleted.overdue(1, 9)
            await deleted.hasten("x", 1)
        for sessions in (rows.update_sessions, rows.download_sessions):
            await sessions.get("x")
            await sessions.ids("x", None)
            await sessions.ids("x", "x")
            await sessions.idle(1)
            await sessions.ended(1)
            await sessions.remove("x")
        await rows.update_sessions.active_of("x")
        await rows.update_sessions.active_in("x")
        await rows.update_files.of("x")
        await rows.update_files.by_id("x", "x")
        await rows.update_files.uploads()
        await rows.update_files.interrupt(made.FAULT, ["x"])
        await rows.preparations.of("x")
        await rows.blobs.twin("x", "x", 1)
        await rows.blobs.unreference(1)
        await rows.blobs.unreferenced(1)
        await rows.blobs.remove("x")
        await rows.tokens.forget(1)
        await rows.logins.get("x")
        await rows.logins.forget(1)
        await rows.users.get("x")
        await rows.state.get("x")
        await rows.state.touch(made.touches("x"))
    # that index holds the ACTIVE sessions only, which are those that are asked for
    allowed = ("SCAN CONSTANT ROW", "SCAN update_sessions USING INDEX ix_update_sessions_touched")
    assert [step for step in plans() if step.startswith("SCAN") and not step.startswith(allowed)] == []


async def _filled(directory: Path, items: int) -> SqliteMetadata:
    """A store with a library of so many items, id-0 and item-0 and so on."""
    directory.mkdir()
    store = SqliteMetadata(new_database(directory / "contentlib.db"))
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(made.library(id="library"))
        await rows.items.add(made.item("library", id="id-0", name="item-0"))
    columns = made.item("library").__struct_fields__
    named = {"id": "'id-' || n", "name": "'item-' || n", "folded_name": "'item-' || n"}
    values = ", ".join(named.get(column, column) for column in columns)
    more = f"WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < {items - 1})"
    store._writer.raw.execute(f"{more} INSERT INTO items ({', '.join(columns)}) SELECT {values} FROM items, more")
    async with store.reading() as rows:
        assert len(await rows.items.find(library="library")) == items
    return store


READS: dict[str, Callable[[Transaction], Awaitable[object]]] = {
    "get": lambda rows: rows.items.get("id-50"),
    "find": lambda rows: rows.items.find(folded_name="item-50"),
    "who is at work in a library": lambda rows: rows.update_sessions.active_in("library"),
    "find in a library": lambda rows: rows.items.find(library="library", folded_name="item-50"),
}


async def test_reading_and_finding_take_as_long_among_100000_items_as_among_100(tmp_path: Path) -> None:
    stores = [await _filled(tmp_path / str(items), items) for items in (100, 100_000)]
    for name, read in READS.items():
        best = [1.0, 1.0]
        for place in (0, 1) * 1000:  # by turns, so that what else the machine does slows both down
            started = time.perf_counter()
            async with stores[place].reading() as rows:
                await read(rows)
            best[place] = min(best[place], time.perf_counter() - started)
        assert best[1] <= 1.3 * best[0], name
    for store in stores:
        await store.close()


class _FailingCommits:
    """A connection whose next commit cannot be written to the disk; it notes what it runs."""

    def __init__(self, inner: sqlite3.Connection) -> None:
        self._inner = inner
        self.failing = True
        self.ran: list[str] = []

    @property
    def in_transaction(self) -> bool:
        return self._inner.in_transaction

    def execute(self, sql: str) -> sqlite3.Cursor:
        self.ran.append(sql)
        if sql == "COMMIT" and self.failing:
            self.failing = False
            self._inner.execute("ROLLBACK")
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        return self._inner.execute(sql)


async def test_after_a_failed_flush_of_the_log_nothing_is_called_durable_before_the_log_is_renewed(
    store: SqliteMetadata, database: Path
) -> None:
    raw = _FailingCommits(store._writer.raw)
    store._writer.raw = raw  # type: ignore[assignment] # does what the writer asks of one
    with pytest.raises(OSError, match="cannot be read or written"):
        await made.put_state(store, "key", "lost", durable=True)
    other = SqliteMetadata(database)  # as another process
    raw_of_other = _FailingCommits(other._writer.raw)
    raw_of_other.failing = False
    other._writer.raw = raw_of_other  # type: ignore[assignment] # does what the writer asks of one
    await made.put_state(other, "key", "kept", durable=True)
    assert raw_of_other.ran.index("PRAGMA wal_checkpoint(TRUNCATE)") < raw_of_other.ran.index("BEGIN IMMEDIATE")
    await made.put_state(store, "key", "kept longer", durable=True)
    assert "PRAGMA wal_checkpoint(TRUNCATE)" not in raw.ran
    assert await made.state_of(store, "key") == "kept longer"
    await other.close()


async def test_what_looks_at_every_item_runs_in_a_thread(store: SqliteMetadata, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    some = SqliteConnection._some

    def noted(self: SqliteConnection, *arguments: Any) -> Any:
        threads.append(threading.get_ident())
        return some(self, *arguments)

    monkeypatch.setattr(SqliteConnection, "_some", noted)
    async with store.reading() as transaction:
        for wanted in ({"cached": True}, {"folded_type": "iso"}, {}):
            await transaction.items.find(**wanted)
    assert threading.get_ident() not in threads
    async with store.reading() as transaction:
        await transaction.items.find(library="library", cached=True)
    assert threads[-1] == threading.get_ident()


async def test_the_log_of_a_store_that_is_written_to_all_the_time_stays_short(tmp_path: Path) -> None:
    path = new_database(tmp_path / "contentlib.db")
    store = SqliteMetadata(path)
    longest = 0
    for number in range(1500):
        async with store.transaction(durable=False) as transaction:
            await transaction.state.put(f"{number % 7}", "x" * 20_000)
        longest = max(longest, (tmp_path / "contentlib.db-wal").stat().st_size)
    await store.close()
    written = 1500 * 20_000
    assert longest < written / 2


async def test_no_checkpoint_is_made_in_the_event_loop(tmp_path: Path) -> None:
    store = SqliteMetadata(new_database(tmp_path / "contentlib.db"))
    async with store.transaction(durable=False) as transaction:
        (pages,) = transaction.raw.execute("PRAGMA wal_autocheckpoint").fetchone()
    await store.close()
    assert pages == 0
