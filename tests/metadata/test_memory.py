from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from contentlib.library.model import Library
from contentlib.metadata.sqlite import SqliteMetadata
from contentlib.metadata.turns import Writer
from contracts import made
from databases import new_database
from processes import PATIENCE_SECONDS


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteMetadata]:
    opened = SqliteMetadata(new_database(tmp_path / "contentlib.db"))
    yield opened
    await opened.close()


async def _read(store: SqliteMetadata, library_id: str) -> Library | None:
    async with store.reading() as transaction:
        return await transaction.libraries.get(library_id)


async def _put(store: SqliteMetadata, library: Library, *, durable: bool = False) -> None:
    async with store.transaction(durable=durable) as transaction:
        await transaction.libraries.put(library)


def _remembered(store: SqliteMetadata, library: Library) -> object:
    return store._memory.recall(store._memory.begin(), "libraries", library.id)


async def _added(store: SqliteMetadata) -> Library:
    library = made.library()
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.add(library)
    return library


async def test_a_row_that_was_read_is_not_read_again(store: SqliteMetadata) -> None:
    library = await _added(store)
    first = await _read(store, library.id)
    assert first == library
    assert _remembered(store, library) is first


async def test_a_change_of_another_table_leaves_a_row_remembered(store: SqliteMetadata) -> None:
    library = await _added(store)
    first = await _read(store, library.id)
    async with store.transaction(durable=False) as transaction:
        await transaction.state.put("key", "value")
    assert _remembered(store, library) is first


@pytest.mark.parametrize("durable", [False, True])
async def test_a_change_is_seen_at_once(store: SqliteMetadata, durable: bool) -> None:
    library = await _added(store)
    for name in ("one", "two", "three"):
        assert await _read(store, library.id) is not None
        await _put(store, replace(library, name=name), durable=durable)
        seen = await _read(store, library.id)
        assert seen is not None
        assert seen.name == name


async def test_what_is_gone_is_not_remembered(store: SqliteMetadata) -> None:
    library = await _added(store)
    assert await _read(store, library.id) is not None
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.remove(library.id)
    assert await _read(store, library.id) is None


async def test_a_writer_sees_its_own_rows_and_others_see_them_when_they_are_committed(store: SqliteMetadata) -> None:
    library = await _added(store)
    assert await _read(store, library.id) is not None
    with pytest.raises(ZeroDivisionError):
        async with store.transaction(durable=False) as transaction:
            await transaction.libraries.put(replace(library, name="undone"))
            seen = await transaction.libraries.get(library.id)
            assert seen is not None
            assert seen.name == "undone"
            assert await _read(store, library.id) == library
            raise ZeroDivisionError
    assert await _read(store, library.id) == library


async def test_a_reader_that_began_before_a_change_does_not_spoil_what_comes_after(store: SqliteMetadata) -> None:
    library = await _added(store)
    async with store.reading() as early:
        assert await early.libraries.find() == [library.id]
        await asyncio.create_task(_put(store, replace(library, name="new")))
        old = await early.libraries.get(library.id)
        assert old is not None
        assert old.name == library.name
    seen = await _read(store, library.id)
    assert seen is not None
    assert seen.name == "new"


async def test_readers_never_see_a_row_that_is_older_than_an_answer(store: SqliteMetadata) -> None:
    """Many writers and readers at once, with commits in threads among them."""
    library = await _added(store)
    answered = 0

    async def write(number: int) -> None:
        nonlocal answered
        async with store.transaction(durable=number % 3 == 0) as transaction:
            row = await transaction.libraries.get(library.id)
            assert row is not None
            count = row.version + 1
            await transaction.libraries.put(replace(row, version=count))
        answered = max(answered, count)

    async def read() -> None:
        for _ in range(20):
            least = answered
            row = await _read(store, library.id)
            assert row is not None
            assert row.version >= least
            await asyncio.sleep(0)

    await asyncio.gather(*(write(number) for number in range(60)), *(read() for _ in range(20)))
    row = await _read(store, library.id)
    assert row is not None
    assert row.version == library.version + 60


async def test_what_a_writer_reads_before_another_one_is_undone_is_what_is_kept(store: SqliteMetadata) -> None:
    library = await _added(store)
    with pytest.raises(ZeroDivisionError):
        async with store.transaction(durable=False) as transaction:
            await transaction.libraries.put(replace(library, name="undone"))
            raise ZeroDivisionError
    async with store.transaction(durable=False) as transaction:
        assert await transaction.libraries.get(library.id) == library
    assert await _read(store, library.id) == library


class _HeldCommit:
    """Holds the next commit in its thread, before it begins, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits, self._begin, self._ended = threading.Event(), threading.Event(), threading.Event()
        commit = Writer._commit_here

        def held(writer: Writer) -> object:
            self.waits.set()
            if self._begin.wait(PATIENCE_SECONDS):
                error = commit(writer)
                self._ended.set()
                return error
            raise AssertionError("the commit was not let go")

        monkeypatch.setattr(Writer, "_commit_here", held)

    def end(self) -> None:
        """Returns when it has been made, without a turn of the event loop."""
        self._begin.set()
        assert self._ended.wait(PATIENCE_SECONDS)


async def test_a_commit_in_a_thread_between_two_reads_is_not_seen_by_their_reader(
    store: SqliteMetadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = await _added(store)
    await _read(store, library.id)
    commit = _HeldCommit(monkeypatch)
    writing = asyncio.create_task(_put(store, replace(library, folded_name="new"), durable=True))
    assert await asyncio.to_thread(commit.waits.wait, PATIENCE_SECONDS)
    async with store.reading() as reader:
        assert await reader.libraries.get(library.id) == library
        commit.end()
        assert await reader.libraries.find(folded_name=library.folded_name) == [library.id]
        assert await reader.libraries.find(folded_name="new") == []
    await writing
    seen = await _read(store, library.id)
    assert seen is not None
    assert seen.folded_name == "new"
