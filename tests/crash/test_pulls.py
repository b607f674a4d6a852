"""A pull goes on after its server was killed or stopped, and asks only for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crash.clients import Client
from crash.conftest import Start
from crash.journeys import again, arrives, complete, new_item, new_update
from crash.worlds import UPDATE_FILES, UPDATES
from packages import archive, package
from processes import PATIENCE_SECONDS
from publisher import Publisher, publishing

DATA = bytes(range(256)) * 4096 * 8  # 8 MiB
SETTINGS = {"outbound_allow": '["127.0.0.0/8"]'}


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing({"/a.iso": DATA}) as running:
        running.stops = dict.fromkeys(("/a.iso", "/tiny.ova"), 3 << 20)
        yield running


async def _pull(client: Client, publisher: Publisher, path: str) -> tuple[str, str]:
    item = await new_item(client)
    session = await new_update(client, item)
    spec = {"name": path[1:], "source_type": "PULL", "source_endpoint": {"uri": publisher.uri(path)}}
    await client.call("POST", f"{UPDATE_FILES}/id:{session}?~action=add", {"file_spec": spec})
    await complete(client, session)
    return session, item


async def _end(client: Client, session: str) -> Any:
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while (found := await client.call("GET", f"{UPDATES}/id:{session}"))["state"] == "ACTIVE":  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.1)
    return found


@pytest.mark.parametrize("killed", [True, False])
async def test_a_pull_goes_on_by_range_after_a_restart(start: Start, publisher: Publisher, killed: bool) -> None:
    server, client = await start(**SETTINGS)
    session, item = await _pull(client, publisher, "/a.iso")
    await arrives(server.unfinished, 2 << 20)
    if killed:
        server.kill()
    else:
        await server.leave(20)
    publisher.release()
    async with again(server, client) as later:
        assert (await _end(later, session))["state"] == "DONE"
        (file,) = await later.call("GET", f"/library/item/file?library_item_id={item}")
    assert file["size"] == len(DATA)
    whole_file, rest = publisher.ranges_asked("/a.iso")
    assert whole_file is None
    assert rest is not None
    assert int(rest.removeprefix("bytes=").rstrip("-")) >= 2 << 20
    assert server.contents() == [DATA]


async def test_an_archive_is_unpacked_again_after_a_kill(start: Start, publisher: Publisher) -> None:
    files = package(DATA)
    publisher.files = {"/tiny.ova": archive(files)}
    server, client = await start(**SETTINGS)
    session, item = await _pull(client, publisher, "/tiny.ova")
    await arrives(server.unfinished, 2 << 20)
    server.kill()
    publisher.release()
    async with again(server, client) as later:
        assert (await _end(later, session))["state"] == "DONE"
        found = await later.call("GET", f"/library/item/file?library_item_id={item}")
    assert {each["name"]: each["size"] for each in found} == {name: len(data) for name, data in files.items()}
    assert sorted(each.size() for each in server.stored()) == sorted(map(len, files.values()))
