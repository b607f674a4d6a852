"""What the store on PostgreSQL does when the server, the network or a caller fails at any moment."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import postgresql
from contentlib.library.errors import Invalid
from contentlib.library.model import Login
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.errors import OutcomeUnknown
from contentlib.metadata.postgresql.migrating import upgrade_database
from contentlib.metadata.postgresql.store import PostgresqlMetadata
from contracts import made

pytestmark = pytest.mark.slow
_SOCKET = ".s.PGSQL.5432"
_COMMIT = b"COMMIT\0"


@pytest.fixture
def own_server() -> Iterator[postgresql.Server]:
    """A server that the test may kill."""
    with postgresql.another_server() as server:
        yield server


class Proxy:
    """Passes bytes to a server, and cuts the connection at a word that a client sends."""

    def __init__(self, directory: Path, server: Path) -> None:
        self.directory = directory
        self._server = server
        self.cut_at: bytes | None = None
        self.passes_it_on = False
        """Whether the server receives that word."""
        self.stays_away = False
        """Whether nobody is let in afterwards."""
        self.cuts = 0
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Proxy:
        self._listening = await asyncio.start_unix_server(self._meet, self.directory / _SOCKET)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.stays_away and self.cuts:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_unix_connection(self._server / _SOCKET)
        self._writers += (writer, far_writer)
        back = asyncio.create_task(self._copy(far_reader, writer))
        while data := await reader.read(65536):
            if self.cut_at is not None and self.cut_at in data:
                self.cuts += 1
                self.cut_at = None
                back.cancel()
                writer.transport.abort()
                if self.passes_it_on:
                    far_writer.write(data)
                    await far_writer.drain()
                break
            far_writer.write(data)
        back.cancel()
        far_writer.close()
        writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()


@pytest.fixture
def address(tmp_path: Path) -> Address:
    """A database of the test."""
    postgresql.new_database(tmp_path)
    return Address(postgresql.url_of(tmp_path), wait_seconds=10.0)


@pytest.fixture
async def store(address: Address) -> AsyncIterator[PostgresqlMetadata]:
    opened = PostgresqlMetadata(address)
    yield opened
    await opened.close()


@pytest.fixture
async def proxy(tmp_path: Path, address: Address) -> AsyncIterator[Proxy]:
    directory = postgresql.server().directory
    async with Proxy(tmp_path, directory) as running:
        yield running


@pytest.fixture
async def far(proxy: Proxy, address: Address) -> AsyncIterator[PostgresqlMetadata]:
    """The store as it is reached by the proxy."""
    server = str(postgresql.server().directory)
    opened = PostgresqlMetadata(Address(address.url.replace(server, str(proxy.directory)), wait_seconds=2.0))
    yield opened
    await opened.close()


def _cut_all(store_address: Address) -> None:
    name = store_address.url.partition("@/")[2].partition("?")[0]
    postgresql.server().run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


async def test_connections_that_were_lost_between_requests_are_replaced(store: PostgresqlMetadata, address: Address) -> None:
    await made.put_state(store, "key", "1")
    assert await made.state_of(store, "key") == "1"
    _cut_all(address)
    assert await made.state_of(store, "key") == "1"
    _cut_all(address)
    await made.put_state(store, "key", "2")
    assert await made.state_of(store, "key") == "2"


async def test_a_transaction_whose_connection_is_lost_is_undone_and_the_next_one_works(
    store: PostgresqlMetadata, address: Address
) -> None:
    with pytest.raises(OSError, match="the database"):
        async with store.transaction(durable=True) as transaction:
            await transaction.state.put("key", "half")
            _cut_all(address)
            await transaction.state.put("other", "half")
    assert await made.state_of(store, "key") is None
    await made.put_state(store, "key", "2")


async def test_a_block_that_does_not_notice_the_lost_connection_raises_at_its_end(
    store: PostgresqlMetadata, address: Address
) -> None:
    with pytest.raises(OSError, match="connection to the database was lost"):
        async with store.transaction(durable=True) as transaction:
            await transaction.state.put("key", "half")
            _cut_all(address)
            await asyncio.sleep(0.1)
    assert await made.state_of(store, "key") is None


async def test_a_reading_whose_connection_is_lost_after_its_first_row_raises(
    store: PostgresqlMetadata, address: Address
) -> None:
    with pytest.raises(OSError, match="the database"):
        async with store.reading() as transaction:
            await transaction.state.get("key")
            _cut_all(address)
            await transaction.state.get("key")
    assert await made.state_of(store, "key") is None


async def test_a_server_that_was_killed_is_waited_for(own_server: postgresql.Server) -> None:
    own_server.new_database("away")
    await asyncio.to_thread(upgrade_database, Address(own_server.url("away")))
    store = PostgresqlMetadata(Address(own_server.url("away"), wait_seconds=60.0))
    await made.put_state(store, "kept", "1")
    assert await made.state_of(store, "kept") == "1"
    own_server.kill()
    reading = asyncio.create_task(made.state_of(store, "kept"))
    writing = asyncio.create_task(made.put_state(store, "late", "1"))
    await asyncio.sleep(0.2)
    assert not reading.done() and not writing.done()
    await asyncio.to_thread(own_server.start)
    assert await reading == "1"
    await writing
    assert await made.state_of(store, "late") == "1"
    await store.close()


async def test_a_server_that_stays_away_is_told_after_the_wait(own_server: postgresql.Server) -> None:
    own_server.new_database("away")
    store = PostgresqlMetadata(Address(own_server.url("away"), wait_seconds=0.2))
    own_server.kill()
    with pytest.raises(OSError, match="the database cannot be reached"):
        await store.ping()
    with pytest.raises(OSError, match="the database cannot be reached"):
        await made.put_state(store, "key", "1")
    await store.close()


async def test_all_who_wait_for_a_server_that_stays_away_wait_together(own_server: postgresql.Server) -> None:
    own_server.new_database("away")
    store = PostgresqlMetadata(Address(own_server.url("away"), wait_seconds=1.0))
    own_server.kill()
    async with asyncio.timeout(30):  # one after the other, they would wait for 100 seconds
        writers = [made.put_state(store, "key", "1") for _ in range(100)]
        ended = await asyncio.gather(*writers, return_exceptions=True)
    assert all(isinstance(each, OSError) for each in ended)
    await store.close()


async def _read_and_put(store: PostgresqlMetadata, key: str, value: str) -> None:
    """Changes a value in a transaction that has read before, which commits with fewer messages."""
    async with store.transaction(durable=True) as transaction:
        assert await transaction.state.get(key) is None
        await transaction.state.put(key, value)


Put = Callable[[PostgresqlMetadata, str, str], Awaitable[None]]


@pytest.mark.parametrize("put", [made.put_state, _read_and_put])
async def test_a_commit_whose_answer_is_lost_is_told_as_what_it_became(proxy: Proxy, far: PostgresqlMetadata, put: Put) -> None:
    proxy.cut_at, proxy.passes_it_on = _COMMIT, True
    await put(far, "key", "1")
    assert proxy.cuts == 1
    assert await made.state_of(far, "key") == "1"


@pytest.mark.parametrize("put", [made.put_state, _read_and_put])
async def test_a_commit_that_never_arrived_is_an_error_and_nothing_was_changed(
    proxy: Proxy, far: PostgresqlMetadata, put: Put
) -> None:
    proxy.cut_at = _COMMIT
    with pytest.raises(OSError, match="connection to the database was lost"):
        await put(far, "key", "1")
    assert await made.state_of(far, "key") is None


@pytest.mark.parametrize("put", [made.put_state, _read_and_put])
async def test_a_commit_that_nobody_can_be_asked_about_is_told_as_unknown(
    proxy: Proxy, far: PostgresqlMetadata, store: PostgresqlMetadata, put: Put
) -> None:
    proxy.cut_at, proxy.passes_it_on, proxy.stays_away = _COMMIT, True, True
    with pytest.raises(OutcomeUnknown, match="it is unknown whether the change was made"):
        await put(far, "key", "1")
    assert await made.state_of(store, "key") == "1"


async def _count(store: PostgresqlMetadata, done: list[int]) -> None:
    async with store.transaction(durable=True) as transaction:
        count = int(await transaction.state.get("count") or "0")
        await transaction.state.put("count", str(count + 1))
    done.append(1)


async def test_callers_that_are_cancelled_at_any_moment_leave_the_store_whole(store: PostgresqlMetadata) -> None:
    chance, done = random.Random(7), list[int]()
    for _ in range(40):
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(_count(store, done)) for _ in range(6)]
        tasks += [asyncio.create_task(made.state_of(store, "count")) for _ in range(3)]
        for task in chance.sample(tasks, 4):
            await asyncio.sleep(chance.random() * 0.004)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await made.put_state(store, "end", "1")
    count = int(await made.state_of(store, "count") or "0")
    assert len(done) <= count <= 240  # one that is cancelled while its block ends may have been committed
    assert await made.state_of(store, "end") == "1"
    await store.close()
    own = asyncio.current_task()
    await asyncio.gather(*[each for each in asyncio.all_tasks() if each is not own], return_exceptions=True)  # the driver's


async def test_more_readers_than_connections_wait_for_one(address: Address) -> None:
    store = PostgresqlMetadata(Address(address.url, connections=2))
    assert await asyncio.gather(*[made.state_of(store, "key") for _ in range(50)]) == [None] * 50
    await store.close()


async def test_readers_that_wait_for_the_turn_do_not_keep_the_writer_from_reading(address: Address) -> None:
    store = PostgresqlMetadata(Address(address.url, connections=1, wait_seconds=60.0))
    has_read = asyncio.Event()

    async def read_and_write() -> None:
        async with store.reading() as transaction:
            await transaction.state.get("key")
            has_read.set()
            await made.put_state(store, "key", await made.state_of(store, "other") or "none")

    async with asyncio.timeout(30), store.transaction(durable=True) as transaction:
        task = asyncio.create_task(read_and_write())
        await has_read.wait()
        await transaction.state.put("own", await made.state_of(store, "key") or "first")
    await task
    assert (await made.state_of(store, "own"), await made.state_of(store, "key")) == ("first", "none")
    await store.close()


async def test_a_text_that_cannot_be_stored_is_not_found_and_not_added(store: PostgresqlMetadata) -> None:
    for text in ("a\0b", "a\ud800b"):
        async with store.transaction(durable=True) as transaction:
            assert await transaction.logins.get(text) is None
            await transaction.logins.remove(text)
            with pytest.raises(Invalid, match="token_hash"):
                await transaction.logins.add(Login(text, "ann", 1, 1))
            await transaction.state.put("key", "1")
    assert await made.state_of(store, "key") == "1"


async def test_a_transaction_that_goes_on_after_a_failed_statement_is_undone(store: PostgresqlMetadata) -> None:
    library = made.library()
    with pytest.raises(RuntimeError, match="continued after a statement that failed"):
        async with store.transaction(durable=True) as transaction:
            await transaction.libraries.add(library)
            with suppress(Exception):
                await transaction.libraries.add(library)
    async with store.reading() as reading:
        assert await reading.libraries.get(library.id) is None
