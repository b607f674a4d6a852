"""What was deleted, and the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from contentlib.library.catalog.items import ItemChange
from contentlib.library.catalog.trash import Thing, ThingType, Trash
from contentlib.library.errors import ItemNameTaken, Missing, NameTaken, NotActive, NotRestorable
from library.world import World

KEPT = 60_000


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path, kept=KEPT)
    yield made
    await made.metadata.close()


@pytest.fixture
def trash(world: World) -> Trash:
    return Trash(world.metadata, world.items, world.clock)


async def filled(world: World, library: str, name: str = "Debian", data: bytes = b"disk") -> str:
    item = await world.item(library, name)
    await world.complete(item, {"a.iso": data})
    return item


async def test_the_trash_tells_who_deleted_what_and_until_when_it_is_kept(world: World, trash: Trash) -> None:
    library = await world.library()
    item = await filled(world, library, data=b"three")
    await filled(world, library, "Other", b"12")
    time = world.clock.now()
    await world.items.delete(item, "ann")
    world.wait(5)
    await world.libraries.delete(library, user="bob")
    assert await trash.all() == [
        Thing(ThingType.ITEM, item, "Debian", library, 5, "ann", time, time + KEPT),
        Thing(ThingType.LIBRARY, library, "Images", library, 2, "bob", time + 5, time + 5 + KEPT),
    ]
    assert await trash.get(item) == (await trash.all())[0]


async def test_a_failed_draft_that_gives_way_can_be_restored(world: World, trash: Trash) -> None:
    library = await world.library()
    draft = await world.item(library)
    await world.updates.fail(await world.update(draft), "no such file")
    await world.item(library)
    assert [(each.id, each.user) for each in await trash.all()] == [(draft, "ann")]
    with pytest.raises(ItemNameTaken):
        await trash.restore(draft, None)
    await trash.restore(draft, "Tried before")
    assert (await world.items.get(draft)).name == "Tried before"
    with pytest.raises(ItemNameTaken):
        await world.item(library, "Tried before")


async def test_a_restored_item_does_not_take_the_place_of_a_failed_draft(world: World, trash: Trash) -> None:
    library = await world.library()
    item = await filled(world, library)
    await world.items.delete(item)
    draft = await world.item(library)
    await world.updates.fail(await world.update(draft), "no such file")
    with pytest.raises(ItemNameTaken, match=draft):
        await trash.restore(item, None)


async def test_a_library_does_not_come_back_under_the_name_of_another_one(world: World, trash: Trash) -> None:
    library = await world.library("Images")
    await world.libraries.delete(library)
    other = await world.library("images")
    with pytest.raises(NameTaken, match=other):
        await trash.restore(library, None)
    await trash.restore(library, "Older images")
    assert await world.libraries.ids() == [library, other]


async def test_an_item_comes_back_with_all_that_it_had(world: World, trash: Trash) -> None:
    item = await filled(world, await world.library())
    await world.complete(item, {"a.iso": b"new"})
    before = await world.items.get(item)
    await world.items.delete(item)
    with pytest.raises(Missing):
        await world.items.get(item)
    await world.collect(kept=2)
    world.wait(7)
    await trash.restore(item, None)
    counted = replace(
        before, modified=world.clock.now(), version=before.version + 1, metadata_version=before.metadata_version + 1
    )
    assert await world.items.get(item) == counted
    assert await world.content(item) == {"a.iso": b"new"}
    async with world.metadata.reading() as rows:
        assert [version.number for version in await rows.versions.of(item)] == [2, 3]
    assert await trash.all() == []


async def test_a_name_that_is_used_again_is_told_and_another_one_helps(world: World, trash: Trash) -> None:
    library = await world.library()
    old = await filled(world, library)
    await world.items.delete(old)
    new = await filled(world, library, data=b"new")
    with pytest.raises(ItemNameTaken, match=f"name 'Debian' is already used in library {library} by item {new}"):
        await trash.restore(old, None)
    await trash.restore(old, "Debian 12")
    assert (await world.items.get(old)).name == "Debian 12"
    assert [await world.content(each) for each in (old, new)] == [{"a.iso": b"disk"}, {"a.iso": b"new"}]


async def test_an_item_of_a_deleted_library_waits_for_the_library(world: World, trash: Trash) -> None:
    library = await world.library()
    item = await filled(world, library)
    other = await filled(world, library, "Other")
    await world.items.delete(item)
    await world.libraries.delete(library)
    for gone in (item, other):
        with pytest.raises(Missing):
            await world.items.get(gone)
    with pytest.raises(NotRestorable, match=f"library {library} of item {item} is in the trash"):
        await trash.restore(item, None)
    await trash.restore(library, None)
    assert await world.items.ids(library) == [other]
    await trash.restore(item, None)
    assert await world.items.ids(library) == [item, other]


async def test_a_library_comes_back_under_another_name_with_its_counters_raised(world: World, trash: Trash) -> None:
    library = await world.library()
    before = await world.libraries.get(library)
    await world.libraries.delete(library)
    await trash.restore(library, "Ünder another name")
    after = await world.libraries.get(library)
    assert (after.name, after.folded_name) == ("Ünder another name", "ünder another name")
    assert (after.version, after.revision) == (before.version + 1, before.revision + 1)


async def test_what_is_overdue_or_purged_cannot_be_restored_and_its_bytes_go(world: World, trash: Trash) -> None:
    library = await world.library()
    purged = await filled(world, library, "one", b"1")
    overdue = await filled(world, library, "two", b"2")
    kept = await filled(world, library, "three", b"3")
    for item in (purged, overdue):
        await world.items.delete(item)
    await trash.purge(purged)
    assert [thing.id for thing in await trash.all()] == [overdue]
    await world.collect()
    assert len(world.kept()) == 2
    world.wait(KEPT)
    for item in (purged, overdue):
        with pytest.raises(Missing, match="deleted library or item"):
            await trash.restore(item, None)
        with pytest.raises(Missing):
            await trash.purge(item)
    await world.collect()
    assert len(world.kept()) == 1
    assert await world.content(kept) == {"a.iso": b"3"}


async def test_a_purged_library_takes_its_items_along_those_in_the_trash_too(world: World, trash: Trash) -> None:
    library = await world.library()
    item = await filled(world, library)
    await filled(world, library, "Other", b"other")
    await world.items.delete(item)
    await world.libraries.delete(library)
    await trash.purge(library)
    await world.collect()
    assert await trash.all() == []
    assert world.kept() == []


async def test_without_a_time_to_keep_it_what_is_deleted_cannot_be_restored(tmp_path: Path) -> None:
    world = World(tmp_path)
    trash = Trash(world.metadata, world.items, world.clock)
    library = await world.library()
    item = await filled(world, library)
    await world.items.delete(item)
    assert await trash.all() == []
    with pytest.raises(Missing):
        await trash.restore(item, None)
    await world.libraries.delete(library)
    assert await world.libraries.ids() == []
    await world.metadata.close()


async def test_a_deleted_item_takes_no_change_and_its_session_has_ended(world: World, trash: Trash) -> None:
    item = await filled(world, await world.library())
    session = await world.update(item)
    await world.items.delete(item)
    with pytest.raises(Missing):
        await world.items.update(item, ItemChange(name="x"))
    with pytest.raises(Missing):
        await world.items.delete(item)
    await trash.restore(item, None)
    with pytest.raises(NotActive):
        await world.completion.complete(session)
    await world.complete(item, {"b.iso": b"more"})
    assert await world.content(item) == {"a.iso": b"disk", "b.iso": b"more"}
