"""What a command has kept is held while it goes on, beside a server that collects what nothing names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.bytes.held_blobs import HeldBlobs
from contentlib.library.catalog.items import Items, NewItem
from contentlib.metadata.sqlite import SqliteMetadata
from library.world import World
from processes import PATIENCE_SECONDS


class BusyMetadata(SqliteMetadata):
    """Takes no changes while it is busy, and counts those that were wanted."""

    busy = False
    refused = 0

    def transaction(self, *, durable: bool) -> Any:
        if self.busy:
            self.refused += 1
            raise OSError("the database is locked")
        return super().transaction(durable=durable)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.metadata.close()


async def test_a_database_that_is_busy_for_a_while_lets_nothing_go(world: World, tmp_path: Path) -> None:
    metadata = BusyMetadata(tmp_path / "contentlib.db")
    blobs = HeldBlobs(metadata, world.store, world.clock)
    blob = await blobs.keep(world.receive("datastore-1", "upload", b"x"))
    metadata.busy = True
    holding = asyncio.create_task(blobs.hold(0.01))
    async with asyncio.timeout(10):
        while not metadata.refused:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        world.wait(1000)
        metadata.busy = False
        while (await blobs.check(blob.id, "x")).unreferenced != world.clock.now():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    await metadata.close()


async def test_files_of_a_copy_are_kept_while_the_others_are_copied(world: World) -> None:
    item, library = await world.item(), await world.library(datastore="datastore-2")
    await world.complete(item, {"a": b"first", "b": b"second"})
    reached, released = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def claim(name: str) -> AsyncIterator[None]:
        if name == "b":
            reached.set()
            await released.wait()
        yield

    blobs = Blobs(world.metadata, world.store, world.clock, claim, hold_seconds=0.01)
    items = Items(world.metadata, blobs, world.clock)
    copying = asyncio.create_task(items.copy(item, NewItem(library, "copy"), None, "ann"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await reached.wait()
        world.wait(1000)
        await _renewed(world)
        released.set()
        copy = await copying
    assert await world.content(copy) == {"a": b"first", "b": b"second"}


async def _renewed(world: World) -> None:
    """Waits until all blobs that nothing refers to have been renewed."""
    while True:
        async with world.metadata.reading() as transaction:
            if not await transaction.blobs.unreferenced(world.clock.now()):
                return
        await asyncio.sleep(0.01)
