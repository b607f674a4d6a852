"""PostgreSQL is killed under a server, which goes on without a restart when the database is back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

import postgresql
from crash.clients import Client
from crash.conftest import Start
from crash.journeys import add, arrives, complete, file_of, fill, new_item, new_library, new_update, read
from crash.test_sigterm import half_sent
from following import until
from processes import PATIENCE_SECONDS

_WAIT_SECONDS = 1.0
_LEASE_SECONDS = 2.0
_ITEMS = "/rest/com/vmware/content/library/item"


@pytest.fixture
def database() -> Iterator[postgresql.Server]:
    """A server that the test may kill."""
    with postgresql.another_server() as server:
        yield server


async def ready(client: Client) -> int:
    return (await client.raw("GET", "/readyz")).status_code


async def test_requests_are_refused_for_a_while_and_all_goes_on_when_the_database_is_back(
    start: Start, database: postgresql.Server
) -> None:
    url = database.new_database("contentlib")
    waits = {"database_wait_seconds": _WAIT_SECONDS, "node_lease_seconds": _LEASE_SECONDS}
    server, client = await start(database=url, workers=2, **waits)
    item = await new_item(client)
    await fill(client, item, old=b"old")
    session = await new_update(client, item)
    data = bytes(range(256)) * 8192
    address = await add(client, session, "new", size=len(data))
    reader, writer = await half_sent(server, address, data)
    await asyncio.to_thread(database.kill)
    began = time.monotonic()
    for method in ("GET", "DELETE"):
        refused = await client.raw(method, f"{_ITEMS}/id:{item}")
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (503, True), refused.text
    assert await ready(client) == 503
    writer.write(data[len(data) // 2 : len(data) * 3 // 4])  # a transfer goes on
    await arrives(server.unfinished, len(data) * 3 // 4)
    await asyncio.sleep(max(0.0, 2 * _LEASE_SECONDS - (time.monotonic() - began)))  # what is tested is a time
    await asyncio.to_thread(database.start)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await ready(client) != 200:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    assert await read(client, item, "old") == b"old"
    writer.write(data[len(data) * 3 // 4 :])
    assert b" 200 " in await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
    writer.close()
    assert (await file_of(client, session, "new"))["status"] == "READY"
    await complete(client, session)
    assert await read(client, item, "new") == data
    await new_library(client)
    fresh = Client(server.url)
    fresh.token = await fresh.log_in()
    await fresh.close()


async def test_a_server_that_starts_before_the_database_says_so(start: Start, database: postgresql.Server) -> None:
    url = database.new_database("contentlib")
    server, _ = await start(database=url, database_wait_seconds=_WAIT_SECONDS)
    server.kill()
    database.kill()
    server.begin()
    assert server.process is not None
    await until(lambda: server.process is not None and server.process.poll() is not None)
    assert "the database cannot be reached" in server.said()
