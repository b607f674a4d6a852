"""Libraries that are taken in while others are at work on what is here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from contentlib.jobs.collect import Collector, GracePeriods
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import ItemChange
from contentlib.library.catalog.trash import Trash
from contentlib.library.catalogs import Catalog, OfferedFile, OfferedItem
from contentlib.library.errors import WrongState
from contentlib.library.following.adoption import Adoption, Imported, NotAdoptable
from contentlib.library.model import Blob, Retention, Version
from library.world import STORAGES, World

LIBRARY = "0b9c6f1e-5a53-4c55-9c0e-1d6b0f2a7a11"
KEPT = 60_000
ITEM = "00000000-0000-4000-8000-000000000001"


class InterruptedBlobs(Blobs):
    """Lets others have a turn when bytes are flushed."""

    turn: Callable[[], Awaitable[None]] | None = None

    async def flush(self, *versions: Version) -> None:
        await super().flush(*versions)
        turn, self.turn = self.turn, None
        if turn is not None:
            await turn()


class Taking:
    """Takes one item with one file, again and again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.blobs = InterruptedBlobs(world.metadata, world.store, world.clock)
        self.adoption = Adoption(world.metadata, self.blobs, world.clock, "datastore-1", KEPT)

    async def contents(self, data: bytes) -> dict[tuple[str, str], Blob]:
        return {(ITEM, "a.iso"): await self.blobs.keep(self.world.receive("datastore-1", "upload", data))}

    async def follow(self, version: int, data: bytes, since: int | None) -> None:
        before = None if since is None else Imported(since, (ITEM,))
        await self.adoption.follow(catalog(version), await self.contents(data), before)


def catalog(version: int, description: str = "") -> Catalog:
    file = OfferedFile("a.iso", None, ("file:///a.iso",), generation=1_700_000_000 + version)
    content = "1" if description else str(version)
    item = OfferedItem(ITEM, "Debian", "iso", str(version), (file,), content, description)
    return Catalog(LIBRARY, "lab", str(version), (item,))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    await made.metadata.close()


@pytest.fixture
def taking(world: World) -> Taking:
    return Taking(world)


async def test_what_others_change_of_an_item_meanwhile_is_not_lost(world: World, taking: Taking) -> None:
    await taking.follow(1, b"1", None)
    before, _ = await world.items.files(ITEM)

    async def fill() -> None:
        await world.complete(ITEM, {"b.iso": b"theirs"})

    taking.blobs.turn = fill
    await taking.follow(2, b"2", 1)
    after, version = await world.items.files(ITEM)
    assert after.content_version == before.content_version + 2
    assert [(file.name, file.revision) for file in version.files] == [("a.iso", 2)]
    async with world.metadata.reading() as transaction:
        assert [each.number for each in await transaction.versions.of(ITEM)] == [1, 2, 3]


async def test_an_older_import_that_ends_later_is_refused(world: World, taking: Taking) -> None:
    await taking.follow(1, b"1", None)

    async def newer() -> None:
        await taking.follow(3, b"3", 1)

    taking.blobs.turn = newer
    with pytest.raises(NotAdoptable, match="was changed by another import; start again"):
        await taking.follow(2, b"2", 1)
    assert await world.content(ITEM) == {"a.iso": b"3"}


async def test_of_two_first_imports_one_is_refused(world: World, taking: Taking) -> None:
    async def other() -> None:
        await taking.follow(1, b"1", None)

    taking.blobs.turn = other
    with pytest.raises(NotAdoptable, match="was changed by another import"):
        await taking.follow(2, b"2", None)
    assert await world.content(ITEM) == {"a.iso": b"1"}


async def test_a_library_that_was_made_meanwhile_is_not_overwritten(world: World, taking: Taking) -> None:
    async def other() -> None:
        await taking.adoption.adopt(catalog(1), await taking.contents(b"1"))

    taking.blobs.turn = other
    with pytest.raises(NotAdoptable, match="already exists and was not imported"):
        await taking.adoption.adopt(catalog(2), await taking.contents(b"2"))
    assert await world.content(ITEM) == {"a.iso": b"1"}


async def test_a_library_that_was_deleted_meanwhile_is_not_made_again(world: World, taking: Taking) -> None:
    await taking.follow(1, b"1", None)

    async def delete() -> None:
        await world.libraries.delete(LIBRARY)

    taking.blobs.turn = delete
    with pytest.raises(NotAdoptable, match="was changed by another import"):
        await taking.follow(2, b"2", 1)


async def test_an_item_that_is_gone_at_the_source_can_be_restored(world: World, taking: Taking) -> None:
    await taking.follow(1, b"1", None)
    await world.complete(ITEM, {"b.iso": b"added here"})
    await taking.adoption.follow(replace(catalog(2), items=()), {}, Imported(1, (ITEM,)))
    assert await world.items.ids(LIBRARY) == []
    await Trash(world.metadata, world.items, world.clock).restore(ITEM, None)
    assert await world.content(ITEM) == {"a.iso": b"1", "b.iso": b"added here"}


async def test_a_library_is_not_taken_under_the_name_of_another_one(world: World, taking: Taking) -> None:
    await world.library("LAB")
    with pytest.raises(NotAdoptable, match=r"name 'lab' is already used by library .*; rename the other library first"):
        await taking.follow(1, b"1", None)
    with pytest.raises(NotAdoptable, match="is already used by library"):
        await taking.adoption.prospect(catalog(1))


async def test_a_library_in_maintenance_is_not_changed(world: World, taking: Taking) -> None:
    await taking.follow(1, b"1", None)
    await world.upkeep.enter(LIBRARY, "ann")
    with pytest.raises(WrongState, match="is in MAINTENANCE: changes were stopped by ann"):
        await taking.follow(2, b"2", 1)
    assert await world.content(ITEM) == {"a.iso": b"1"}


async def test_a_name_that_was_given_meanwhile_is_counted_before_it_is_overwritten(world: World, taking: Taking) -> None:
    await taking.follow(1, b"1", None)
    before, _ = await world.items.files(ITEM)

    async def rename() -> None:
        await world.items.update(ITEM, ItemChange(name="other"))

    taking.blobs.turn = rename
    await taking.follow(2, b"2", 1)
    after, _ = await world.items.files(ITEM)
    assert (after.name, after.version) == ("Debian", before.version + 2)


async def counters(world: World) -> tuple[int, int, int, int]:
    """What subscribers see of the library, its item and the file of that."""
    async with world.metadata.reading() as transaction:
        library, item = await transaction.libraries.get(LIBRARY), await transaction.items.get(ITEM)
        version = None if item is None else await transaction.versions.get(item.version_id or "")
    assert library is not None and item is not None and version is not None
    return library.revision, item.metadata_version + item.content_version, item.content_version, version.files[0].generation


async def test_what_was_changed_here_does_not_hide_what_changes_at_the_source(world: World, taking: Taking) -> None:
    await taking.follow(1, b"1", None)
    await world.items.update(ITEM, ItemChange(name="other"))
    before = await counters(world)
    described = catalog(2, "a disk")
    contents = await taking.contents(b"1")
    file = replace(described.items[0].files[0], generation=1_700_000_001)
    described = replace(described, items=(replace(described.items[0], files=(file,)),))
    await taking.adoption.follow(described, contents, Imported(1, (ITEM,)))
    after = await counters(world)
    assert (after[1] - before[1], after[2:]) == (1, before[2:])


async def test_a_library_that_was_purged_comes_back_above_what_was_seen_of_it(world: World, taking: Taking) -> None:
    await taking.follow(1, b"1", None)
    for data in (b"here", b"more", b"again"):
        await world.complete(ITEM, {"a.iso": data})
    before = await counters(world)
    await world.libraries.delete(LIBRARY)
    await Collector(
        world.metadata, world.blobs.storages, world.clock, STORAGES, Retention(versions=1), GracePeriods(10, 10)
    ).run()
    await taking.follow(1, b"2", None)
    after = await counters(world)
    assert all(new > old for new, old in zip(after, before, strict=True))
    await taking.follow(2, b"3", 1)
    assert all(new > old for new, old in zip(await counters(world), after, strict=True))
