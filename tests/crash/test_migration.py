"""A library moves to another storage, whatever happens to the server meanwhile, and its readers notice nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest

from crash.clients import Client, Gone
from crash.conftest import Start
from crash.journeys import again, arrives, fill, new_item, prepared
from crash.servers import Server
from processes import PATIENCE_SECONDS

FILES = {f"disk-{number}.iso": bytes([number]) * (1 << 20) for number in range(60)}
READ = ("disk-0.iso", "disk-29.iso", "disk-59.iso")


def _blobs(server: Server, storage: str) -> list[bytes]:
    return server.contents(storage)


@contextmanager
def _held(server: Server) -> Iterator[None]:
    """The last file to be moved that nobody reads cannot be opened, so that no migration is through before the block ends."""
    read = {FILES[name] for name in READ}
    *_, last = (each.path for each in server.stored("datastore-1") if each.read() not in read)
    aside = last.rename(server.directory / "aside")
    last.symlink_to(last)
    try:
        yield
    finally:
        aside.rename(last)


async def _moved(client: Client, library: str) -> Any:
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while (found := await client.call("GET", f"/library/id:{library}"))["state_info"]["state"] != "ACTIVE":  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.05)
    return found


class Reader:
    """Reads files again and again, each of which must be what it should be, until it is told to stop or the server is gone."""

    def __init__(self, client: Client, addresses: Mapping[str, str]) -> None:
        self._client = client
        self._addresses = addresses
        self._once = asyncio.Event()
        self._over = asyncio.Event()
        self._reading = asyncio.create_task(self._read_on())

    async def has_read(self) -> None:
        """Returns when each file has been read."""
        once = asyncio.create_task(self._once.wait())
        await asyncio.wait((once, self._reading), return_when=asyncio.FIRST_COMPLETED)
        once.cancel()
        if self._reading.done():
            self._reading.result()
        assert self._once.is_set(), "the server was gone before each file was read"

    async def stop(self) -> None:
        """Returns when the last answer is there."""
        self._over.set()
        await self._reading

    async def _read_on(self) -> None:
        with suppress(Gone):
            while not self._over.is_set():
                for name, address in self._addresses.items():
                    answer = await self._client.send("GET", address)
                    assert (answer.status_code, answer.content == FILES[name]) == (200, True), name
                self._once.set()


@pytest.mark.parametrize("killed", [True, False])
async def test_a_migration_goes_on_after_a_restart_and_nothing_is_lost(start: Start, killed: bool) -> None:
    server, client = await start(collect_grace_seconds=1)
    item = await new_item(client)
    await fill(client, item, **FILES)
    library = (await client.call("GET", f"/library/item/id:{item}"))["library_id"]
    addresses = {name: await prepared(client, item, name) for name in READ}
    reader = Reader(client, addresses)
    await reader.has_read()
    backing = {"type": "DATASTORE", "datastore_id": "datastore-2"}
    spec = {"migrate_spec": {"storage_backings": [backing]}}
    with _held(server):
        await client.call("POST", f"/library/id:{library}?~action=migrate", spec)
        await arrives(partial(server.stored, "datastore-2"))
        if killed:
            server.kill()
        else:
            await server.leave(20)
    await reader.stop()
    assert 0 < len(_blobs(server, "datastore-2")) < len(FILES)
    async with again(server, client) as later:
        reader = Reader(later, addresses)
        await reader.has_read()
        found = await _moved(later, library)
        await reader.stop()
        assert found["storage_backings"] == [backing]
        assert found["state_info"] == {"state": "ACTIVE"}
        files = await later.call("GET", f"/library/item/file?library_item_id={item}")
        assert {file["name"]: file["size"] for file in files} == {name: len(data) for name, data in FILES.items()}
        storage = await later.call("GET", f"/library/item/storage?library_item_id={item}")
        assert {each["storage_backing"]["datastore_id"] for each in storage} == {"datastore-2"}
        async with asyncio.timeout(
            2 * PATIENCE_SECONDS
        ):  # a copy that was not noted before the kill is swept, and so is what was left behind
            while _blobs(server, "datastore-1") or len(_blobs(server, "datastore-2")) > len(FILES):  # noqa: ASYNC110 - no disk tells of changes
                await asyncio.sleep(0.1)
        assert sorted(_blobs(server, "datastore-2")) == sorted(FILES.values())
        for name, address in addresses.items():
            assert (await later.send("GET", address)).content == FILES[name]
