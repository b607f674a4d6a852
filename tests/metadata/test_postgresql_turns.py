"""Tests how few messages the turns of writers on PostgreSQL take, and that each is still undone or kept for itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import postgresql
from contentlib.library.model import DownloadSession
from contentlib.library.ports import Transaction
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.store import PostgresqlMetadata
from contracts import made

pytestmark = pytest.mark.slow
Then = Callable[[Transaction], Awaitable[object]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PostgresqlMetadata]:
    opened = PostgresqlMetadata(Address(postgresql.url_of(tmp_path)))
    await made.put_state(opened, "ready", "yes")
    yield opened
    await opened.close()


@pytest.fixture
def sent(store: PostgresqlMetadata, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that are sent."""
    found: list[str] = []

    def noting(name: str) -> Any:
        send = getattr(asyncpg.Connection, name)

        async def note(self: Any, text: str, *arguments: Any) -> Any:
            found.append(text.split()[0])
            return await send(self, text, *arguments)

        return note

    for name in ("execute", "executemany", "fetch"):
        monkeypatch.setattr(asyncpg.Connection, name, noting(name))
    return found


async def nothing(_: Transaction) -> None:
    """Does nothing more in a turn."""


async def read(transaction: Transaction) -> None:
    """Sends a statement."""
    await transaction.state.get("ready")


async def fail(transaction: Transaction) -> None:
    """Fails after a statement."""
    await transaction.state.get("ready")
    raise KeyError


async def fail_at_once(_: Transaction) -> None:
    """Fails."""
    raise KeyError


async def add(store: PostgresqlMetadata, row: DownloadSession, then: Then = nothing) -> None:
    async with store.transaction(durable=True) as transaction:
        await transaction.download_sessions.add(row)
        await then(transaction)


async def are_there(store: PostgresqlMetadata, rows: list[DownloadSession]) -> list[bool]:
    async with store.reading() as reading:
        return [await reading.download_sessions.get(row.id) == row for row in rows]


async def test_the_insertions_of_many_turns_are_one_message(store: PostgresqlMetadata, sent: list[str]) -> None:
    rows = [made.download_session("item") for _ in range(20)]
    await asyncio.gather(*(add(store, row) for row in rows))
    assert sent == ["BEGIN", "INSERT", "WITH", "COMMIT"]
    assert all(await are_there(store, rows))


async def test_a_turn_that_reads_and_writes_takes_four_messages(store: PostgresqlMetadata, sent: list[str]) -> None:
    async with store.transaction(durable=True) as transaction:
        await transaction.state.get("ready")
        await transaction.download_sessions.add(made.download_session("item"))
    assert sent == ["BEGIN", "SELECT", "INSERT", "UPDATE"]


@pytest.mark.parametrize("then", [fail, fail_at_once])
async def test_a_turn_that_fails_takes_no_insertion_of_others_with_it(store: PostgresqlMetadata, then: Then) -> None:
    rows = [made.download_session("item") for _ in range(6)]
    ends = [nothing, then, nothing, read, then, nothing]
    turns = [add(store, row, end) for row, end in zip(rows, ends, strict=True)]
    ended = await asyncio.gather(*turns, return_exceptions=True)
    assert [isinstance(each, KeyError) for each in ended] == [end is then for end in ends]
    assert await are_there(store, rows) == [end is not then for end in ends]


async def test_a_turn_sees_its_own_insertions_and_those_before(store: PostgresqlMetadata) -> None:
    before, own = made.download_session("item"), made.download_session("item")

    async def look(transaction: Transaction) -> None:
        assert await transaction.download_sessions.get(own.id) == own
        assert await transaction.download_sessions.get(before.id) == before

    await asyncio.gather(add(store, before), add(store, own, look))


async def test_an_insertion_that_fails_after_all_is_told_to_all_who_wait_and_the_store_goes_on(
    store: PostgresqlMetadata,
) -> None:
    one, other = made.download_session("item"), made.download_session("item")
    ended = await asyncio.gather(*(add(store, row) for row in (one, other, one)), return_exceptions=True)
    assert all(isinstance(each, Exception) for each in ended)
    assert not any(await are_there(store, [one, other]))
    await add(store, one)
    assert await are_there(store, [one]) == [True]


async def test_what_was_acknowledged_is_there_whoever_is_cancelled(store: PostgresqlMetadata) -> None:
    chance = random.Random(7)
    for _ in range(30):
        rows = [made.download_session("item") for _ in range(8)]
        tasks = [asyncio.create_task(add(store, row, chance.choice((nothing, read, fail)))) for row in rows]
        for task in chance.sample(tasks, 4):
            await asyncio.sleep(chance.random() * 0.003)
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        there = await are_there(store, rows)
        for error, is_there in zip(ended, there, strict=True):
            assert is_there or error is not None
            assert not (is_there and isinstance(error, KeyError))
    with suppress(KeyError):
        await add(store, made.download_session("item"), fail)
    await made.put_state(store, "end", "1")
    assert await made.state_of(store, "end") == "1"
