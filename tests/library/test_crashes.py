"""A server that is killed at any step has the old content or the new one, whole, and goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from contentlib.jobs.collect import Collector, GracePeriods
from contentlib.library.catalog.history import History
from contentlib.library.catalog.items import NewItem
from contentlib.library.catalog.trash import Trash
from contentlib.library.errors import Missing
from contentlib.library.model import Retention
from library.fragile import KilledError, Steps
from library.world import LEASE, STORAGES, World

OLD = {"a": b"old", "b": b"kept"}
NEW = {"a": b"new", "b": b"kept", "c": b"kept"}


async def _killed_everywhere(
    directory: Path,
    act: Callable[[World, str], Awaitable[object]],
    check: Callable[[World, str, bool], Awaitable[object]],
    before: Mapping[str, bytes] | None = None,
    kept: int = 0,
) -> int:
    """Kills the act at one step after the other, until it comes to its end; how many steps there are."""
    for number in range(100):
        steps = Steps()
        (directory / str(number)).mkdir()
        world = World(directory / str(number), steps=steps, kept=kept)
        await world.library("Other", "datastore-2")
        item = await world.item()
        await world.complete(item, OLD)
        if before is not None:
            await world.complete(item, before)
        steps.left = number
        try:
            await act(world, item)
            answered = True
        except KilledError:
            answered = False
        steps.left = None
        again = await world.reopened()
        await check(again, item, answered)
        await again.metadata.close()
        if answered:
            return number
    raise AssertionError("there is no end to it")


async def test_an_update_that_is_killed_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    async def act(world: World, item: str) -> None:
        await world.complete(item, {"a": b"new", "c": b"kept"})

    async def check(world: World, item: str, answered: bool) -> None:
        content = await world.content(item)
        assert content == NEW if answered else content in (OLD, NEW)
        assert (await world.items.get(item)).content_version == (3 if content == NEW else 2)
        world.wait(LEASE + 1)
        for session in await world.updates.ids("ann", item):
            await world.updates.expire(session)
        await world.collect()
        assert await world.content(item) == content
        await world.complete(item, {"a": b"new", "c": b"kept"})
        assert await world.content(item) == NEW

    assert await _killed_everywhere(tmp_path, act, check) > 15


async def test_a_copy_that_is_killed_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    async def act(world: World, item: str) -> None:
        (library,) = await world.libraries.find("Other", None, None)
        await world.items.copy(item, NewItem(library, None), None)

    async def check(world: World, item: str, answered: bool) -> None:
        await world.collect()
        copies = [each for each in await world.items.find({"name": "Debian"}, None) if each != item]
        assert len(copies) == 1 if answered else len(copies) <= 1
        for each in (item, *copies):
            assert await world.content(each) == OLD
        if not copies:
            await act(world, item)

    assert await _killed_everywhere(tmp_path, act, check) > 8


async def test_a_deletion_that_is_killed_is_done_or_was_never_begun(tmp_path: Path) -> None:
    async def act(world: World, item: str) -> None:
        await world.items.delete(item)

    async def check(world: World, item: str, answered: bool) -> None:
        await world.collect()
        found = await world.items.find({"name": "Debian"}, None)
        assert found == [] if answered else found in ([], [item])
        if found:
            assert await world.content(item) == OLD
            await world.items.delete(item)
        with pytest.raises(Missing):
            await world.items.get(item)
        await world.collect()
        assert world.kept() == []

    assert await _killed_everywhere(tmp_path, act, check) == 3


async def test_mending_that_is_killed_leaves_the_bytes_right_or_as_damaged_as_they_were(tmp_path: Path) -> None:
    async def act(world: World, item: str) -> None:
        path = await world.blob_of(item, "a")
        path.chmod(0o640)
        path.write_bytes(b"oops")
        await world.complete(await world.item(None, "Mending"), {"x": b"old"})

    async def check(world: World, item: str, answered: bool) -> None:
        if not answered:
            world.wait(LEASE + 1)
            await world.complete(await world.item(await world.library("Mended"), "Mended"), {"x": b"old"})
        await world.collect()
        assert await world.content(item) == OLD

    assert await _killed_everywhere(tmp_path, act, check) > 8


async def test_a_version_that_is_made_current_again_can_be_found_without_the_database(tmp_path: Path) -> None:
    async def act(world: World, item: str) -> None:
        await History(world.metadata, world.blobs, world.clock).make_current(item, "2", "ann")

    async def check(world: World, item: str, answered: bool) -> None:
        async with world.metadata.reading() as rows:
            versions = {version.id for version in await rows.versions.of(item)}
        assert versions <= {version for _, version in world.store.described("datastore-1")}
        assert (await world.items.get(item)).content_version in ((4,) if answered else (3, 4))

    assert await _killed_everywhere(tmp_path, act, check, NEW) > 3


def _trash(world: World) -> Trash:
    return Trash(world.metadata, world.items, world.clock)


@pytest.mark.parametrize("whole", [False, True], ids=["item", "library"])
async def test_what_is_deleted_and_restored_while_the_server_is_killed_is_never_lost(tmp_path: Path, whole: bool) -> None:
    async def act(world: World, item: str) -> None:
        library = (await world.items.get(item)).library
        await (world.libraries.delete(library) if whole else world.items.delete(item))
        await _trash(world).restore(library if whole else item, None)

    async def check(world: World, item: str, answered: bool) -> None:
        await world.collect()
        deleted = [thing.id for thing in await _trash(world).all()]
        assert not (answered and deleted)
        for each in deleted:
            with pytest.raises(Missing):
                await world.items.get(item)
            await _trash(world).restore(each, None)
        assert await world.content(item) == OLD

    assert await _killed_everywhere(tmp_path, act, check, kept=LEASE) == 6


@pytest.mark.parametrize("whole", [False, True], ids=["item", "library"])
async def test_a_purge_that_is_killed_goes_on_and_takes_nothing_else(tmp_path: Path, whole: bool) -> None:
    async def sweep(world: World) -> None:
        collector = Collector(
            world.metadata, world.blobs.storages, world.clock, STORAGES, Retention(versions=2), GracePeriods(10, 10)
        )
        for _ in range(2):
            await collector.run()
            world.wait(11)
        await collector.run()

    async def act(world: World, item: str) -> None:
        left, world.steps.left = world.steps.left, None
        await world.complete(await world.item(None, "Other"), {"a": b"old", "x": b"other"})
        world.steps.left = left
        library = (await world.items.get(item)).library
        await (world.libraries.delete(library) if whole else world.items.delete(item))
        await _trash(world).purge(library if whole else item)
        await sweep(world)

    async def check(world: World, item: str, answered: bool) -> None:
        deleted = [thing.id for thing in await _trash(world).all()]
        for each in deleted:
            await _trash(world).purge(each)
        await sweep(world)
        (other,) = await world.items.find({"name": "Other"}, None)
        assert await world.content(other) == {"a": b"old", "x": b"other"}
        if await world.items.find({"name": "Debian"}, None):
            assert await world.content(item) == OLD
        elif answered:
            assert len(world.kept()) == 2

    assert await _killed_everywhere(tmp_path, act, check, kept=LEASE) > 20


async def test_a_version_switch_that_is_killed_has_the_one_content_or_the_other(tmp_path: Path) -> None:
    async def act(world: World, item: str) -> None:
        await History(world.metadata, world.blobs, world.clock).make_current(item, "2", "ann")

    async def check(world: World, item: str, answered: bool) -> None:
        await world.collect(kept=3)
        content = await world.content(item)
        assert content == OLD if answered else content in (OLD, NEW)
        history = History(world.metadata, world.blobs, world.clock)
        numbers = [version.number for version in await history.versions(item)]
        assert numbers == ([2, 3, 4] if content == OLD else [2, 3])

    assert await _killed_everywhere(tmp_path, act, check, NEW) > 3
