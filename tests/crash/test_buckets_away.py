"""The object store ends under an upload and a download, or hangs, and comes back: both go on, and nothing is restarted."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

import object_stores
from contentlib.blobs.bucket import Bucket, BucketAddress
from contentlib.blobs.segments import pointers
from crash.clients import CONTENT, Client
from crash.conftest import Start
from crash.journeys import add, complete, file_of, fill, new_item, new_update, prepared, read
from crash.test_buckets import MIB, PART, storages, there
from crash.worlds import UPDATE_FILES
from processes import eventually

DATA = b"".join(bytes([number]) * MIB for number in range(96))
LENGTH = {"content-length": str(len(DATA))}


@pytest.fixture
def store() -> Iterator[object_stores.ObjectServer]:
    made = object_stores.new_seaweedfs()
    made.start()
    yield made
    made.remove()


async def _back(store: object_stores.ObjectServer) -> None:
    await asyncio.to_thread(store.start)


class Sending:
    """An upload that pauses after 20 MiB until it is told to go on."""

    def __init__(self, client: Client, target: str) -> None:
        self._more = asyncio.Event()
        self.answer = asyncio.create_task(client.raw("PUT", target, content=self._body(), headers=LENGTH))

    async def _body(self) -> AsyncIterator[bytes]:
        for start in range(0, len(DATA), MIB):
            if start == 20 * MIB:
                await self._more.wait()
            yield DATA[start : start + MIB]

    def go_on(self) -> None:
        self._more.set()


async def _begun(client: Client, address: BucketAddress) -> tuple[str, str, Sending]:
    """An item, its update session and an upload of which two parts are in the bucket."""
    item = await new_item(client, "sent")
    session = await new_update(client, item)
    sending = Sending(client, await add(client, session, "disk.iso", size=len(DATA)))
    await there(address, 2 * PART)
    return item, session, sending


async def _finished(client: Client, item: str, session: str, sending: Sending) -> None:
    answer = await sending.answer
    assert answer.status_code == 200, answer.text
    assert (await file_of(client, session, "disk.iso"))["status"] == "READY"
    await complete(client, session)
    assert sha256(await read(client, item, "disk.iso")).digest() == sha256(DATA).digest()


async def test_transfers_go_on_when_the_store_is_back(start: Start, store: object_stores.ObjectServer, tmp_path: Path) -> None:
    address = store.address("away")
    server, client = await start(storage=storages(address, tmp_path / "other"))
    full = await new_item(client, "full")
    await fill(client, full, **{"disk.iso": DATA, "small.iso": b"small"})
    download, small = await prepared(client, full, "disk.iso"), await prepared(client, full, "small.iso")
    item, session, sending = await _begun(client, address)
    other = await add(client, await new_update(client, await new_item(client, "other")), "other.iso")
    reading = Client(server.url, client.token)
    digest, size = sha256(), 0
    async with reading._kept.stream("GET", download) as answer:
        assert answer.status_code == 200
        async for piece in answer.aiter_bytes(MIB):
            digest.update(piece)
            size += len(piece)
            if size == 2 * MIB:
                store.kill()
                sending.go_on()
                spec = {"file_spec": {"name": "more.iso", "source_type": "PUSH"}}
                for refused in (
                    await client.raw("GET", small),
                    await client.raw("PUT", other, content=b"other"),
                    await client.raw("POST", f"{CONTENT}{UPDATE_FILES}/id:{session}?~action=add", json=spec),
                ):
                    assert (refused.status_code, "retry-after" in refused.headers) == (503, True), refused.text
                back = asyncio.create_task(_back(store))
    await back
    await reading.close()
    assert (size, digest.digest()) == (len(DATA), sha256(DATA).digest())
    await _finished(client, item, session, sending)
    assert await read(client, full, "small.iso") == b"small"
    assert pointers(Bucket(address)) == []
    assert list(Bucket(address).unfinished("")) == []


async def test_an_upload_goes_on_after_the_store_has_hung(
    start: Start, store: object_stores.ObjectServer, tmp_path: Path
) -> None:
    address = store.address("hung")
    _, client = await start(storage=storages(address, tmp_path / "other"))
    full = await new_item(client, "full")
    await fill(client, full, **{"small.iso": b"small"})
    small = await prepared(client, full, "small.iso")
    item, session, sending = await _begun(client, address)
    assert store.process is not None
    os.killpg(store.process.pid, signal.SIGSTOP)
    try:
        sending.go_on()
        refused = await client.raw("GET", small)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "10"), refused.text
    finally:
        os.killpg(store.process.pid, signal.SIGCONT)
    assert await asyncio.to_thread(eventually, store.answers)
    await _finished(client, item, session, sending)
