"""The shelf of published libraries: large libraries hold up nobody, and what was read once is not kept for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contentlib.library.libraries import LibraryChange, PublishingChange
from contentlib.library.model import Authentication
from contentlib.vcsp.documents import Counters
from contentlib.vcsp.shelf import Shelf
from jobs.crowd import many, turns_of_others
from library.world import World
from packages import package


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.metadata.close()


async def _published(world: World) -> str:
    library = await world.library()
    publishing = PublishingChange(published=True, authentication=Authentication.NONE)
    await world.libraries.update(library, LibraryChange(publishing=publishing))
    return library


async def _read(shelf: Shelf, library_id: str) -> None:
    library = await shelf.library(library_id)
    assert library is not None
    await shelf.documents(library)


async def test_others_get_their_turn_while_the_documents_of_a_large_library_are_made(world: World) -> None:
    library = await _published(world)
    item = await world.item(library)
    await world.complete(item, {"a": b"1"})
    await many(world, "items", item)
    shelf = Shelf(world.metadata, world.blobs, Counters())
    assert await turns_of_others(_read(shelf, library)) >= 20
    found = await shelf.library(library)
    assert found is not None
    assert len((await shelf.documents(found)).item) == 2001


async def test_packages_that_are_gone_are_forgotten(world: World) -> None:
    library = await _published(world)
    item = await world.item(library)
    shelf = Shelf(world.metadata, world.blobs, Counters())
    for n in range(3):
        await world.complete(item, package(b"%d" % n))
        await _read(shelf, library)
    assert {len(known) for known in shelf._vapps.values()} == {1}
