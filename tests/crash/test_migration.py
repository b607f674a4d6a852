"""A library moves to another storage, whatever happens to the server meanwhile, and its readers notice nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from crash.clients import Client, Gone
from crash.conftest import Start
from crash.journeys import again, arrives, fill, new_item, prepared
from crash.servers import Server

FILES = {f"disk-{number}.iso": bytes([number]) * (1 << 20) for number in range(60)}
READ = ("disk-0.iso", "disk-29.iso", "disk-59.iso")


def _blobs(server: Server, storage: str) -> list[bytes]:
    return [each.read_bytes() for each in server.storage(storage).glob("blobs/*/*")]


async def _moved(client: Client, library: str) -> Any:
    async with asyncio.timeout(60):
        while (found := await client.call("GET", f"/library/id:{library}"))["state_info"]["state"] != "ACTIVE":  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.05)
    return found


async def _read_on(client: Client, addresses: Mapping[str, str], over: asyncio.Event) -> int:
    """Reads files again and again, until it is over or the server is gone; how often they were what they should be."""
    count = 0
    try:
        while not over.is_set():
            for name, address in addresses.items():
                answer = await client.send("GET", address)
                assert (answer.status_code, answer.content == FILES[name]) == (200, True), name
                count += 1
    except Gone:
        pass
    return count


@pytest.mark.parametrize("killed", [True, False])
async def test_a_migration_goes_on_after_a_restart_and_nothing_is_lost(start: Start, killed: bool) -> None:
    server, client = await start(collect_grace_seconds=1)
    item = await new_item(client)
    await fill(client, item, **FILES)
    library = (await client.call("GET", f"/library/item/id:{item}"))["library_id"]
    addresses = {name: await prepared(client, item, name) for name in READ}
    reading = asyncio.create_task(_read_on(client, addresses, asyncio.Event()))
    backing = {"type": "DATASTORE", "datastore_id": "datastore-2"}
    spec = {"migrate_spec": {"storage_backings": [backing]}}
    await client.call("POST", f"/library/id:{library}?~action=migrate", spec)
    await arrives(server, "datastore-2/blobs/*/*")
    if killed:
        server.kill()
    else:
        await server.leave(20)
    assert await reading > 0
    assert 0 < len(_blobs(server, "datastore-2")) < len(FILES)
    async with again(server, client) as later:
        over = asyncio.Event()
        reading = asyncio.create_task(_read_on(later, addresses, over))
        found = await _moved(later, library)
        over.set()
        assert await reading > 0
        assert found["storage_backings"] == [backing]
        assert found["state_info"] == {"state": "ACTIVE"}
        files = await later.call("GET", f"/library/item/file?library_item_id={item}")
        assert {file["name"]: file["size"] for file in files} == {name: len(data) for name, data in FILES.items()}
        storage = await later.call("GET", f"/library/item/storage?library_item_id={item}")
        assert {each["storage_backing"]["datastore_id"] for each in storage} == {"datastore-2"}
        async with asyncio.timeout(60):  # a copy that was not noted before the kill is swept, and so is what was left behind
            while _blobs(server, "datastore-1") or len(_blobs(server, "datastore-2")) > len(FILES):  # noqa: ASYNC110 - no disk tells of changes
                await asyncio.sleep(0.1)
        assert sorted(_blobs(server, "datastore-2")) == sorted(FILES.values())
        for name, address in addresses.items():
            assert (await later.send("GET", address)).content == FILES[name]
