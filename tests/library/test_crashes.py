"""A server that is killed at any step has the old content or the new one, whole, and goes on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from contentlib.library.errors import Missing
from contentlib.library.history import History
from contentlib.library.items import NewItem
from library.fragile import KilledError, Steps
from library.world import LEASE, World

OLD = {"a": b"old", "b": b"kept"}
NEW = {"a": b"new", "b": b"kept", "c": b"kept"}


async def _killed_everywhere(
    directory: Path,
    act: Callable[[World, str], Awaitable[object]],
    check: Callable[[World, str, bool], Awaitable[object]],
    before: Mapping[str, bytes] | None = None,
) -> int:
    """Kills the act at one step after the other, until it comes to its end; how many steps there are."""
    for number in range(100):
        steps = Steps()
        (directory / str(number)).mkdir()
        world = World(directory / str(number), steps=steps)
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
            await world.complete(await world.item(None, "Mended"), {"x": b"old"})
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
