"""A library moves to another storage, whatever happens to the server meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crash.clients import Client
from crash.conftest import Start
from crash.servers import Server

FILES = {f"disk-{number}.iso": bytes([number]) * (1 << 20) for number in range(60)}
FILE = "/library/item/updatesession/file"


async def _filled(client: Client) -> tuple[str, str]:
    spec = {"name": "lab", "storage_backings": [{"type": "DATASTORE", "datastore_id": "datastore-1"}]}
    library = await client.call("POST", "/local-library", {"create_spec": spec})
    item = await client.call("POST", "/library/item", {"create_spec": {"name": "disks", "library_id": library}})
    session = await client.call("POST", "/library/item/update-session", {"create_spec": {"library_item_id": item}})
    for name, data in FILES.items():
        file = {"name": name, "source_type": "PUSH", "size": len(data)}
        added = await client.call("POST", f"{FILE}/id:{session}?~action=add", {"file_spec": file})
        assert (await client.send("PUT", added["upload_endpoint"]["uri"], content=data)).status_code == 200
    await client.call("POST", f"/library/item/update-session/id:{session}?~action=complete")
    return library, item


def _blobs(server: Server, storage: str) -> list[bytes]:
    return [each.read_bytes() for each in server.storage(storage).glob("blobs/*/*")]


async def _moved(client: Client, library: str) -> Any:
    async with asyncio.timeout(60):
        while (found := await client.call("GET", f"/library/id:{library}"))["state_info"]["state"] != "ACTIVE":  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.05)
    return found


@pytest.mark.parametrize("killed", [True, False])
async def test_a_migration_goes_on_after_a_restart_and_nothing_is_lost(start: Start, killed: bool) -> None:
    server, client = await start(collect_grace_seconds=1)
    library, item = await _filled(client)
    backing = {"type": "DATASTORE", "datastore_id": "datastore-2"}
    spec = {"migrate_spec": {"storage_backings": [backing]}}
    await client.call("POST", f"/library/id:{library}?~action=migrate", spec)
    async with asyncio.timeout(30):
        while not list(server.storage("datastore-2").glob("blobs/*/*")):  # noqa: ASYNC110 - no disk tells of changes
            await asyncio.sleep(0.001)
    if killed:
        server.kill()
    else:
        await server.leave(20)
    assert 0 < len(_blobs(server, "datastore-2")) < len(FILES)
    await server.start()
    again = Client(server.url, client.token)
    found = await _moved(again, library)
    assert found["storage_backings"] == [backing]
    assert found["state_info"] == {"state": "ACTIVE"}
    files = await again.call("GET", f"/library/item/file?library_item_id={item}")
    assert {file["name"]: file["size"] for file in files} == {name: len(data) for name, data in FILES.items()}
    storage = await again.call("GET", f"/library/item/storage?library_item_id={item}")
    assert {each["storage_backing"]["datastore_id"] for each in storage} == {"datastore-2"}
    async with asyncio.timeout(60):  # a copy that was not noted before the kill is swept, and so is what was left behind
        while _blobs(server, "datastore-1") or len(_blobs(server, "datastore-2")) > len(FILES):  # noqa: ASYNC110 - no disk tells of changes
            await asyncio.sleep(0.1)
    assert sorted(_blobs(server, "datastore-2")) == sorted(FILES.values())
    await again.close()
