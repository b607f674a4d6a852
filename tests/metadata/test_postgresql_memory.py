"""Tests that rows of PostgreSQL are remembered, and never after another process has changed them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import postgresql
from contentlib.library.call_time import repeat_no_more, set_call_began
from contentlib.library.model import Library, User
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.statements import SnapshotConnection
from contentlib.metadata.postgresql.store import PostgresqlMetadata
from contracts import made

pytestmark = pytest.mark.slow


@pytest.fixture
def address(tmp_path: Path) -> Address:
    """A database of the test."""
    return Address(postgresql.url_of(tmp_path))


@pytest.fixture
async def store(address: Address) -> AsyncIterator[PostgresqlMetadata]:
    opened = PostgresqlMetadata(address)
    yield opened
    await opened.close()


@pytest.fixture
async def other(address: Address) -> AsyncIterator[PostgresqlMetadata]:
    """The store of another process."""
    opened = PostgresqlMetadata(address)
    yield opened
    await opened.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that readers send."""
    sent: list[str] = []
    fetch = SnapshotConnection._fetch

    async def noting(self: SnapshotConnection, sql: str, arguments: list[Any]) -> list[Any]:
        sent.append(sql)
        return await fetch(self, sql, arguments)

    monkeypatch.setattr(SnapshotConnection, "_fetch", noting)
    return sent


@pytest.fixture(autouse=True)
def long_call() -> Iterator[None]:
    """Each test is a call that began long ago, unless it says otherwise, and has changed nothing."""
    set_call_began(float("-inf"))
    yield
    repeat_no_more()


@pytest.fixture
def calm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a table count as calm as soon as it was changed."""
    monkeypatch.setattr("contentlib.metadata.postgresql.counters._RESTLESS_SECONDS", 0.0)


@contextmanager
def a_call() -> Iterator[None]:
    """What is done inside is part of one call."""
    set_call_began(time.perf_counter())
    yield
    set_call_began(float("-inf"))


async def _add(store: PostgresqlMetadata) -> Library:
    library = made.library()
    async with store.transaction(durable=True) as transaction:
        await transaction.libraries.add(library)
    return library


async def _rename(store: PostgresqlMetadata, library: Library, name: str) -> None:
    async with store.transaction(durable=True) as transaction:
        found = await transaction.libraries.get(library.id)
        assert found is not None
        await transaction.libraries.put(replace(found, name=name))


async def _name(store: PostgresqlMetadata, library: Library) -> str:
    async with store.reading() as transaction:
        found = await transaction.libraries.get(library.id)
    assert found is not None
    return found.name


@pytest.mark.usefixtures("calm")
async def test_a_row_is_read_once_until_its_table_changes(
    store: PostgresqlMetadata, other: PostgresqlMetadata, reads: list[str]
) -> None:
    library = await _add(store)
    names = [await _name(store, library) for _ in range(3)]
    assert len(reads) == 1
    await made.put_state(other, "another table", "1")
    names.append(await _name(store, library))
    assert set(names) == {library.name}
    before = len(reads)
    await _rename(other, library, "renamed")
    assert await _name(store, library) == "renamed"
    assert len(reads) > before


@pytest.mark.usefixtures("calm")
async def test_what_another_process_has_committed_is_seen_at_once(store: PostgresqlMetadata, other: PostgresqlMetadata) -> None:
    library = await _add(store)
    for number in range(50):
        await _rename(other if number % 2 else store, library, f"name {number}")
        assert await _name(store, library) == await _name(other, library) == f"name {number}"


@pytest.mark.usefixtures("calm")
async def test_a_call_asks_once_what_has_changed_and_the_next_one_asks_again(
    store: PostgresqlMetadata, other: PostgresqlMetadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contentlib.metadata.postgresql.counters._CALL_SECONDS", 600.0)
    library = await _add(store)
    with a_call():
        assert store.access_generation() is None  # nothing was read in this call
        await _name(store, library)
        generation = store.access_generation()
        assert generation is not None
        for name in ("own", "own again"):
            await _rename(store, library, name)
            assert await _name(store, library) == name
        assert store.access_generation() == generation
    await _rename(other, library, "other's")
    async with other.transaction(durable=True) as transaction:
        await transaction.users.put(User("ann", "ann", "no hash"))
    with a_call():
        assert store.access_generation() is None
        assert await _name(store, library) == "other's"
        assert store.access_generation() not in (None, generation)


@pytest.mark.usefixtures("calm")
async def test_a_reader_does_not_mix_a_remembered_row_with_a_newer_state(
    store: PostgresqlMetadata, other: PostgresqlMetadata
) -> None:
    one, two, three = [await _add(store) for _ in range(3)]
    await _name(store, one)
    async with store.reading() as transaction:
        assert await transaction.libraries.get(one.id) == one
        await made.put_state(other, "another table", "1")
        assert await transaction.libraries.get(two.id) == two  # the first row is as it was
    await _name(store, one)
    with pytest.raises(OSError, match="a row of libraries changed while it was read; try again"):
        async with store.reading() as transaction:
            assert await transaction.libraries.get(one.id) == one
            await _rename(other, one, "renamed")
            await transaction.libraries.get(three.id)  # not remembered


@pytest.mark.usefixtures("calm")
async def test_a_call_that_cannot_be_repeated_reads_all_rows_in_one_state(
    store: PostgresqlMetadata, other: PostgresqlMetadata
) -> None:
    one, two = await _add(store), await _add(store)
    await _name(store, one)
    repeat_no_more()
    async with store.reading() as transaction:
        assert await transaction.libraries.get(one.id) == one
        await _rename(other, one, "renamed")
        await _rename(other, two, "renamed")
        assert await transaction.libraries.get(two.id) == two


async def test_a_row_of_a_table_that_was_just_changed_is_read_so_that_others_are_of_the_same_state(
    store: PostgresqlMetadata, other: PostgresqlMetadata
) -> None:
    one, two = await _add(store), await _add(store)
    await _name(store, one)
    async with store.reading() as transaction:
        assert await transaction.libraries.get(one.id) == one
        await _rename(other, one, "renamed")
        await _rename(other, two, "renamed")
        assert await transaction.libraries.get(two.id) == two


@pytest.mark.usefixtures("calm")
async def test_a_writer_remembers_no_row_that_it_has_changed(store: PostgresqlMetadata) -> None:
    library = await _add(store)
    with pytest.raises(ZeroDivisionError):
        async with store.transaction(durable=True) as transaction:
            await transaction.libraries.get(library.id)
            await transaction.libraries.put(replace(library, name="undone"))
            changed = await transaction.libraries.get(library.id)
            assert changed is not None
            assert changed.name == "undone"
            raise ZeroDivisionError
    async with store.transaction(durable=True) as transaction:
        assert await transaction.libraries.get(library.id) == library
    assert await _name(store, library) == library.name


@pytest.mark.usefixtures("calm")
async def test_a_standby_that_lacks_the_last_commits_is_not_mixed_with_what_was_remembered(
    store: PostgresqlMetadata, address: Address, tmp_path: Path
) -> None:
    library = await _add(store)
    database = postgresql.name_of(tmp_path)
    server = postgresql.server()
    old = server.run("SELECT value FROM generations WHERE slot = 0", database)
    await _rename(store, library, "lost")
    assert await _name(store, library) == "lost"
    server.run(f"UPDATE libraries SET name = 'kept'; UPDATE generations SET value = {old}", database)
    server.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    assert await _name(store, library) == "kept"
    for number in range(5):
        await _rename(store, library, f"name {number}")
        assert await _name(store, library) == f"name {number}"


async def test_many_who_ask_at_the_same_time_are_answered_together(store: PostgresqlMetadata) -> None:
    library = await _add(store)
    await _name(store, library)
    asked = 0
    fetch = store._counters._link.fetch

    async def counting(sql: str, *arguments: Any) -> list[Any]:
        nonlocal asked
        asked += 1
        return await fetch(sql, *arguments)

    store._counters._link.fetch = counting  # type: ignore[method-assign] # counts the round trips
    names = await asyncio.gather(*[asyncio.create_task(_name(store, library), context=copy_context()) for _ in range(100)])
    assert set(names) == {library.name}
    assert asked == 1
