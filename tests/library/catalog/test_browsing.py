"""Libraries, items and files are found as directories and files of their storages."""

from __future__ import annotations

import pytest

from contentlib.jobs.migrating import Migrating
from contentlib.jobs.worker import Progress
from contentlib.library.catalog.browsing import Browsing, directory_of, library_of
from contentlib.library.model import Backing, BackingType
from contentlib.library.tasks import Tasks
from library.world import World

FIRST, SECOND = "datastore-1", "datastore-2"


async def all_seen(libraries: list[str]) -> set[str]:
    return set(libraries)


async def none_seen(_libraries: list[str]) -> set[str]:
    return set()


async def names(world: World, storage: str, *path: str, most: int = 100) -> list[str] | None:
    found = await Browsing(world.metadata).entries(storage, path, all_seen, lambda _: True, most)
    return None if found is None else [each.name for each in found]


async def test_each_level_has_its_entries(world: World) -> None:
    library = await world.library(datastore=FIRST)
    item, empty = await world.item(library), await world.item(library, "Empty")
    await world.complete(item, {"a.iso": b"one", "b.iso": b"other"})
    top = directory_of(library)
    assert await names(world, FIRST) == [top]
    assert await names(world, FIRST, top) == [item, empty]
    assert sorted(await names(world, FIRST, top, item) or ()) == ["a.iso", "b.iso"]
    assert await names(world, FIRST, top, empty) == []
    assert await names(world, SECOND) == []
    found = await Browsing(world.metadata).entries(FIRST, (top, item), all_seen, lambda name: name == "b.iso", 100)
    assert [(each.name, each.size, each.is_directory) for each in found or ()] == [("b.iso", 5, False)]


async def test_what_may_not_be_read_is_not_there(world: World) -> None:
    library = await world.library(datastore=FIRST)
    item = await world.item(library)
    browsing = Browsing(world.metadata)
    assert await browsing.entries(FIRST, (), none_seen, lambda _: True, 100) == []
    for path in ((directory_of(library),), (directory_of(library), item)):
        assert await browsing.entries(FIRST, path, none_seen, lambda _: True, 100) is None


async def test_one_more_than_is_allowed_tells_that_there_are_more(world: World) -> None:
    library = await world.library(datastore=FIRST)
    for number in range(4):
        await world.item(library, f"item {number}")
    assert len(await names(world, FIRST, directory_of(library), most=2) or ()) == 3
    assert len(await names(world, FIRST, directory_of(library), most=4) or ()) == 4


@pytest.mark.parametrize("path", [("x",), ("contentlib-",), ("contentlib-x",), ("contentlib-x", "y"), ("a", "b", "c")])
async def test_other_directories_are_not_there(world: World, path: tuple[str, ...]) -> None:
    assert await names(world, FIRST, *path) is None


def test_a_directory_names_its_library() -> None:
    assert [library_of(each) for each in ("contentlib-a", "contentlib-contentlib-a", "contentlib-", "a", "")] == [
        *("a", "contentlib-a", None, None, None)
    ]


async def test_the_files_of_a_library_that_moves_are_where_their_bytes_are(world: World) -> None:
    library = await world.library(datastore=FIRST)
    item = await world.item(library)
    await world.complete(item, {"a.iso": b"one"})
    top = directory_of(library)
    begun = await world.migrations.begin(library, (Backing(BackingType.DATASTORE, SECOND),), "ann")
    assert (await names(world, FIRST, top, item), await names(world, SECOND, top, item)) == (["a.iso"], [])
    task = await Tasks(world.metadata, world.clock).get(begun)
    await Migrating(world.migrations).run(task, Progress(task, last=False))
    assert (await names(world, FIRST), await names(world, SECOND)) == ([], [top])
    assert (await names(world, FIRST, top, item), await names(world, SECOND, top, item)) == ([], ["a.iso"])
