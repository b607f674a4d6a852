"""The way from a library to the bytes of an item, in a few calls, and on after the server was started again."""

from __future__ import annotations

import asyncio
import fcntl
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx

from backends import StoredBlob
from crash.clients import Client
from crash.servers import Server
from crash.worlds import DOWNLOAD_FILES, DOWNLOADS, ITEMS, UPDATE_FILES, UPDATES
from processes import PATIENCE_SECONDS


async def new_library(client: Client, storage: str = "datastore-1") -> str:
    """A library on a storage."""
    spec = {"name": f"lab {uuid.uuid4()}", "storage_backings": [{"type": "DATASTORE", "datastore_id": storage}]}
    return str(await client.call("POST", "/local-library", {"create_spec": spec}))


async def new_item(client: Client, name: str = "tiny", storage: str = "datastore-1") -> str:
    """An item in a new library on a storage."""
    library = await new_library(client, storage)
    return str(await client.call("POST", ITEMS, {"create_spec": {"name": name, "library_id": library}}))


async def new_update(client: Client, item: str) -> str:
    """An update session."""
    return str(await client.call("POST", UPDATES, {"create_spec": {"library_item_id": item}}))


async def add(client: Client, session: str, name: str, **more: object) -> str:
    """The address at which the bytes of a new file are sent."""
    spec = {"name": name, "source_type": "PUSH", **more}
    file = await client.call("POST", f"{UPDATE_FILES}/id:{session}?~action=add", {"file_spec": spec})
    return str(file["upload_endpoint"]["uri"])


async def put(client: Client, address: str, data: bytes) -> httpx.Response:
    """Sends bytes; the answer may be of the 5xx kind."""
    return await client.raw("PUT", address, content=data)


async def slowly(data: bytes, started: asyncio.Event, seconds: float) -> AsyncIterator[bytes]:
    """The bytes, the second half of them after some time."""
    yield data[: len(data) // 2]
    started.set()
    await asyncio.sleep(seconds)
    yield data[len(data) // 2 :]


async def complete(client: Client, session: str) -> None:
    """Completes an update session."""
    await client.call("POST", f"{UPDATES}/id:{session}?~action=complete")


async def fill(client: Client, item: str, **files: bytes) -> None:
    """A whole update session."""
    session = await new_update(client, item)
    for name, data in files.items():
        answer = await put(client, await add(client, session, name), data)
        assert answer.status_code == 200, answer.text
    await complete(client, session)


async def file_of(client: Client, session: str, name: str) -> Any:
    """A file of an update session."""
    return await client.call("POST", f"{UPDATE_FILES}/id:{session}?~action=get", {"file_name": name})


async def prepared(client: Client, item: str, name: str) -> str:
    """The address of a file in a new download session."""
    session = await client.call("POST", DOWNLOADS, {"create_spec": {"library_item_id": item}})
    file = await client.call("POST", f"{DOWNLOAD_FILES}/id:{session}?~action=prepare", {"file_name": name})
    assert file["status"] == "PREPARED", file
    return str(file["download_endpoint"]["uri"])


async def read(client: Client, item: str, name: str) -> bytes:
    """The bytes of a file of an item."""
    answer = await client.send("GET", await prepared(client, item, name))
    assert answer.status_code == 200, answer.text
    return answer.content


@asynccontextmanager
async def again(server: Server, client: Client) -> AsyncIterator[Client]:
    """Starts a server once more; the same client there, until the block ends."""
    await server.start()
    later = Client(server.url, client.token)
    try:
        yield later
    finally:
        await later.close()


@contextmanager
def held(file: Path) -> Iterator[None]:
    """Whoever opens a file waits until the block ends: the kernel's lease of it, which it takes away after 45 seconds."""
    holding = os.open(file, os.O_RDONLY)
    try:
        fcntl.fcntl(holding, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(holding, fcntl.F_SETOWN, 0)  # no signal tells of who waits
        yield
    finally:
        os.close(holding)


async def arrives(found: Callable[[], Iterable[StoredBlob]], least: int = 1) -> None:
    """Returns when what is found in the storages has so many bytes together."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(each.size() for each in found()) < least:  # noqa: ASYNC110 - no disk tells of changes
            await asyncio.sleep(0.001)
