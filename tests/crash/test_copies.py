"""A copy from one storage to another whose server is killed is whole in the end, or nothing is left of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from crash.clients import Client, Gone
from crash.conftest import Start
from crash.journeys import again, arrives, fill, held, new_item, new_library, read
from crash.servers import Server
from crash.worlds import ITEMS
from processes import PATIENCE_SECONDS

FILES = {f"disk-{number}.iso": bytes([number]) * (1 << 20) for number in range(60)}


async def _filled(client: Client) -> tuple[str, dict[str, str]]:
    """An item, and what its copy on the other storage is to be."""
    item = await new_item(client)
    await fill(client, item, **FILES)
    return item, {"library_id": await new_library(client, "datastore-2"), "name": "copy"}


def _last(server: Server) -> Path:
    """Where the file is that is copied last."""
    *_, last = FILES.values()
    (found,) = [each for each in server.stored("datastore-1") if each.read() == last]
    return found.path


async def _files(client: Client, item: str) -> dict[str, int]:
    return {file["name"]: file["size"] for file in await client.call("GET", f"{ITEMS}/file?library_item_id={item}")}


async def _ended(client: Client, task: str) -> Any:
    async with asyncio.timeout(2 * PATIENCE_SECONDS):  # another one takes it up when the lease of the killed one is over
        while True:
            info = (await client.send("GET", f"/api/cis/tasks/{task}")).json()
            if info["status"] in ("SUCCEEDED", "FAILED"):
                return info
            await asyncio.sleep(0.05)


def _blobs(server: Server) -> list[bytes]:
    return sorted(server.contents("datastore-2"))


async def _swept(server: Server, left: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(_blobs(server)) != left:  # noqa: ASYNC110 - no disk tells of changes
            await asyncio.sleep(0.05)


async def test_a_copy_whose_caller_heard_nothing_is_not_there_and_can_be_made_again(start: Start) -> None:
    server, client = await start(collect_grace_seconds=1)
    item, spec = await _filled(client)
    target, body = f"{ITEMS}/id:{item}?~action=copy", {"destination_create_spec": spec}
    with held(_last(server)):
        copying = asyncio.create_task(client.call("POST", target, body))
        await arrives(partial(server.stored, "datastore-2"))
        server.kill()
    with suppress(Gone):
        await copying
    assert 0 < len(_blobs(server)) < len(FILES)
    async with again(server, client) as later:
        assert await later.call("GET", f"{ITEMS}?library_id={spec['library_id']}") == []
        await _swept(server, 0)
        copy = await later.call("POST", target, body)
        assert await _files(later, copy) == await _files(later, item) == dict.fromkeys(FILES, 1 << 20)
        assert _blobs(server) == sorted(FILES.values())
        assert await read(later, item, "disk-59.iso") == await read(later, copy, "disk-59.iso") == FILES["disk-59.iso"]


async def test_a_copy_that_is_a_task_goes_on_without_its_caller(start: Start) -> None:
    server, client = await start(collect_grace_seconds=1)
    item, spec = await _filled(client)
    with held(_last(server)):
        answer = await client.send("POST", f"/api/content/library/item/{item}?action=copy&vmw-task=true", json=spec)
        await arrives(partial(server.stored, "datastore-2"))
        server.kill()
    assert 0 < len(_blobs(server)) < len(FILES)
    async with again(server, client) as later:
        task = await _ended(later, answer.json())
        assert task["status"] == "SUCCEEDED"
        assert await later.call("GET", f"{ITEMS}?library_id={spec['library_id']}") == [task["result"]]
        assert await _files(later, task["result"]) == await _files(later, item) == dict.fromkeys(FILES, 1 << 20)
        await _swept(server, len(FILES))
        assert _blobs(server) == sorted(FILES.values())
