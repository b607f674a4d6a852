"""A pull goes on after its server was killed or stopped, and asks only for the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crash.clients import Client
from crash.conftest import Start
from crash.servers import Server
from packages import archive, package
from publisher import Publisher, publishing

DATA = bytes(range(256)) * 4096 * 8  # 8 MiB
UPDATE = "/library/item/update-session"
FILE = "/library/item/updatesession/file"
SETTINGS = {"outbound_allow": '["127.0.0.0/8"]'}


@pytest.fixture
async def publisher() -> AsyncIterator[Publisher]:
    async with publishing({"/a.iso": DATA}) as running:
        running.pause = 0.05  # 128 pieces: some 6 seconds
        yield running


async def _pull(client: Client, publisher: Publisher, path: str) -> tuple[str, str]:
    library = await client.call("POST", "/local-library", {"create_spec": {"name": "lab"}})
    item = await client.call("POST", "/library/item", {"create_spec": {"name": "tiny", "library_id": library}})
    session = await client.call("POST", UPDATE, {"create_spec": {"library_item_id": item}})
    spec = {"name": path[1:], "source_type": "PULL", "source_endpoint": {"uri": publisher.uri(path)}}
    await client.call("POST", f"{FILE}/id:{session}?~action=add", {"file_spec": spec})
    await client.call("POST", f"{UPDATE}/id:{session}?~action=complete")
    return session, item


async def _end(client: Client, session: str) -> Any:
    async with asyncio.timeout(60):
        while (found := await client.call("GET", f"{UPDATE}/id:{session}"))["state"] == "ACTIVE":  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.1)
    return found


async def _came(server: Server, least: int) -> None:
    """Returns when so many bytes are in the storages."""
    async with asyncio.timeout(30):
        while sum(each.stat().st_size for each in server.directory.glob("datastore-*/staging/*")) < least:  # noqa: ASYNC110 - no disk tells either
            await asyncio.sleep(0.02)


async def _again(server: Server, client: Client) -> Client:
    await server.start()
    return Client(server.url, client.token)


@pytest.mark.parametrize("killed", [True, False])
async def test_a_pull_goes_on_by_range_after_a_restart(start: Start, publisher: Publisher, killed: bool) -> None:
    server, client = await start(**SETTINGS)
    session, item = await _pull(client, publisher, "/a.iso")
    await _came(server, 2 << 20)
    if killed:
        server.kill()
    else:
        await server.leave(20)
    publisher.pause = 0.0
    again = await _again(server, client)
    assert (await _end(again, session))["state"] == "DONE"
    (file,) = await again.call("GET", f"/library/item/file?library_item_id={item}")
    await again.close()
    assert file["size"] == len(DATA)
    whole_file, rest = publisher.ranges_asked("/a.iso")
    assert whole_file is None
    assert rest is not None
    assert int(rest.removeprefix("bytes=").rstrip("-")) >= 2 << 20
    kept = [each.read_bytes() for each in server.directory.glob("datastore-*/blobs/*/*")]
    assert kept == [DATA]


async def test_an_archive_is_unpacked_again_after_a_kill(start: Start, publisher: Publisher) -> None:
    files = package(DATA)
    publisher.files = {"/tiny.ova": archive(files)}
    server, client = await start(**SETTINGS)
    session, item = await _pull(client, publisher, "/tiny.ova")
    await _came(server, 2 << 20)
    server.kill()
    publisher.pause = 0.0
    again = await _again(server, client)
    assert (await _end(again, session))["state"] == "DONE"
    found = await again.call("GET", f"/library/item/file?library_item_id={item}")
    await again.close()
    assert {each["name"]: each["size"] for each in found} == {name: len(data) for name, data in files.items()}
    assert sorted(map(len, _kept(server.directory))) == sorted(map(len, files.values()))


def _kept(directory: Path) -> list[bytes]:
    return [each.read_bytes() for each in directory.glob("datastore-*/blobs/*/*")]
