"""The shelf of published libraries: large libraries hold up nobody, and what was read once is not kept for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contentlib.library.catalog.items import ItemChange
from contentlib.library.catalog.libraries import LibraryChange, PublishingChange
from contentlib.library.model import Authentication, Library
from contentlib.vcsp.publishing.documents import Counters, Published, item_json
from contentlib.vcsp.publishing.shelf import Listing, Shelf
from jobs.crowd import many, turns_of_others
from library.world import World
from packages import package
from processes import PATIENCE_SECONDS


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.metadata.close()


async def _published(world: World, name: str = "Images") -> str:
    library = await world.library(name)
    publishing = PublishingChange(published=True, authentication=Authentication.NONE)
    await world.libraries.update(library, LibraryChange(publishing=publishing))
    return library


async def _read(shelf: Shelf, library_id: str) -> list[dict[str, Any]]:
    """The items as they are listed."""
    library = await shelf.library(library_id)
    assert library is not None
    return list(json.loads((await shelf.items(library)).body)["items"])


async def _reads(shelf: Shelf, library_id: str) -> None:
    await _read(shelf, library_id)


@pytest.fixture
def shelf(world: World) -> Shelf:
    return Shelf(world.metadata, world.blobs, Counters())


@pytest.mark.embedded
async def test_others_get_their_turn_while_the_documents_of_a_large_library_are_made(world: World, shelf: Shelf) -> None:
    library = await _published(world)
    item = await world.item(library)
    await world.complete(item, {"a": b"1"})
    await many(world, "items", item)
    assert await turns_of_others(_reads(shelf, library)) >= 20
    assert len(await _read(shelf, library)) == 2001


async def test_only_what_has_changed_is_written_again(world: World, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    library = await _published(world)
    items = [await world.item(library, name) for name in ("one", "two", "three")]
    await _read(shelf, library)
    written: list[str] = []

    def noted(library: Library, published: Published, counters: Counters) -> bytes:
        written.append(published.item.name)
        return item_json(library, published, counters)

    monkeypatch.setattr("contentlib.vcsp.publishing.shelf.item_json", noted)
    await world.complete(items[1], {"a": b"1"})
    await world.items.update(items[2], ItemChange(description="changed"))
    await world.items.delete(items[0])
    added = await world.item(library, "four")
    found = await _read(shelf, library)
    assert written == ["two", "three", "four"]
    assert [(each["id"], each["name"], each["description"]) for each in found] == [
        (f"urn:uuid:{items[1]}", "two", ""),
        (f"urn:uuid:{items[2]}", "three", "changed"),
        (f"urn:uuid:{added}", "four", ""),
    ]
    row = await shelf.library(library)
    assert row is not None
    for each in found:
        alone = await shelf.item(row, each["id"].removeprefix("urn:uuid:"))
        assert alone is not None
        assert json.loads(alone.body) == each


async def test_the_list_of_one_library_waits_for_no_other(world: World, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, quick = await _published(world), await _published(world, "Other")
    begun, held = asyncio.Event(), asyncio.Event()
    make = shelf._make

    async def slowly(library: Library) -> Listing:
        if library.id == slow:
            begun.set()
            await held.wait()
        return await make(library)

    monkeypatch.setattr(shelf, "_make", slowly)
    waiting = [asyncio.create_task(_reads(shelf, slow)) for _ in range(2)]
    await begun.wait()
    await _read(shelf, quick)
    held.set()
    await asyncio.gather(*waiting)
    assert shelf._making == {}


async def test_lists_are_dropped_when_they_are_too_large_together(world: World) -> None:
    first, second = await _published(world), await _published(world, "Other")
    shelf = Shelf(world.metadata, world.blobs, Counters(), most=100_000)
    await world.item(first)
    for library in (first, second, first):
        await _read(shelf, library)
    assert list(shelf._kept) == [second, first]  # the one that was asked for last is the last to go
    shelf._most = shelf._kept[first].size
    await _read(shelf, first)
    assert list(shelf._kept) == [first]
    shelf._most = 1
    await _read(shelf, second)
    assert (shelf.size, shelf._sweeping) == (0, {})


async def test_a_list_that_is_not_asked_for_is_dropped(world: World) -> None:
    library = await _published(world)
    shelf = Shelf(world.metadata, world.blobs, Counters(), idle=0.0)
    await _read(shelf, library)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while shelf.size:  # noqa: ASYNC110 - a timer of the loop drops it
            await asyncio.sleep(0)


async def test_packages_that_are_gone_are_forgotten(world: World, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contentlib.vcsp.publishing.shelf._VAPPS", 2)
    library = await _published(world)
    item = await world.item(library)
    for n in range(3):
        await world.complete(item, package(b"%d" % n))
        await _read(shelf, library)
    assert len(shelf._vapps) == 2
