"""Maintenance of libraries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from contentlib.library.catalog.history import History
from contentlib.library.catalog.items import ItemChange, NewItem
from contentlib.library.catalog.trash import Trash
from contentlib.library.catalog.upkeep import RESOURCE
from contentlib.library.errors import Fault, Missing, WrongState
from contentlib.library.model import TaskTarget
from contentlib.library.tasks import NewTask, Tasks
from library.world import World

Change = Callable[[World, str, str], Awaitable[object]]

CHANGES: dict[str, Change] = {
    "create": lambda world, library, _: world.item(library, "new"),
    "update": lambda world, _, item: world.items.update(item, ItemChange(name="other")),
    "delete": lambda world, _, item: world.items.delete(item),
    "copy": lambda world, library, item: world.items.copy(item, NewItem(library, "copy"), None),
    "session": lambda world, _, item: world.update(item),
    "version": lambda world, _, item: History(world.metadata, world.blobs, world.clock).make_current(item, "2", "ann", None),
    "library": lambda world, library, _: world.libraries.delete(library),
}


async def _filled(world: World) -> tuple[str, str]:
    library = await world.library()
    item = await world.item(library)
    await world.complete(item, {"a.iso": b"one"})
    await world.complete(item, {"a.iso": b"two"})
    return library, item


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_content_is_changed_before_and_after_but_not_in_maintenance(world: World, change: Change) -> None:
    library, item = await _filled(world)
    await world.upkeep.enter(library, "ann")
    with pytest.raises(WrongState, match=f"library {library} is in MAINTENANCE: changes were stopped by ann"):
        await change(world, library, item)
    assert await world.content(item) == {"a.iso": b"two"}
    await world.upkeep.exit(library)
    await change(world, library, item)


async def test_content_is_read_in_maintenance(world: World) -> None:
    library, item = await _filled(world)
    running = await world.download(item)
    await world.upkeep.enter(library, "ann")
    assert await world.served(running) == {"a.iso": b"two"}
    assert await world.served(await world.download(item)) == {"a.iso": b"two"}


async def test_a_copy_out_of_a_library_in_maintenance_is_a_read(world: World) -> None:
    library, item = await _filled(world)
    await world.upkeep.enter(library, "ann")
    copied = await world.items.copy(item, NewItem(await world.library(), "copy"), None)
    assert await world.content(copied) == {"a.iso": b"two"}


async def test_maintenance_is_neither_entered_nor_left_twice(world: World) -> None:
    library = await world.library()
    with pytest.raises(WrongState, match="ACTIVE, not in MAINTENANCE"):
        await world.upkeep.exit(library)
    await world.upkeep.enter(library, "ann")
    with pytest.raises(WrongState, match="is in MAINTENANCE: changes were stopped by ann"):
        await world.upkeep.enter(library, "bob")
    await world.upkeep.exit(library)
    assert (await world.libraries.get(library)).maintenance is None


async def test_a_library_that_is_not_there_cannot_enter_or_leave(world: World) -> None:
    with pytest.raises(Missing):
        await world.upkeep.enter("nobody", "ann")
    with pytest.raises(Missing):
        await world.upkeep.exit("nobody")


async def test_an_active_update_session_is_waited_for(world: World) -> None:
    library, item = await _filled(world)
    session = await world.update(item)
    told = f"{session} of ann on library item {item}, until 2023-11-14T22:18:20Z if unused; complete or cancel them first"
    with pytest.raises(WrongState, match=f"library {library} has active update sessions: {told}"):
        await world.upkeep.enter(library, "ann")
    await world.updates.cancel(session)
    await world.upkeep.enter(library, "ann")


async def test_all_that_are_at_work_are_named_but_not_more_than_can_be_read(world: World) -> None:
    library = await world.library()
    sessions = [await world.update(await world.item(library, f"item {n}")) for n in range(12)]
    with pytest.raises(WrongState) as refused:
        await world.upkeep.enter(library, "ann")
    told = refused.value.fault.text
    assert sum(session in told for session in sessions) == 10
    assert told.endswith("; and 2 more; complete or cancel them first")


async def test_a_sync_is_waited_for(world: World) -> None:
    library = await world.library()
    async with world.metadata.transaction(durable=False) as transaction:
        new = NewTask(
            kind="sync",
            service="s",
            operation="o",
            description=Fault("task.sync", "synchronizes"),
            user="ann",
            arguments="{}",
            target=TaskTarget(RESOURCE, library),
        )
        task = await Tasks(world.metadata, world.clock).submit(transaction, new)
    with pytest.raises(WrongState, match=f"synchronized by task {task.id}"):
        await world.upkeep.enter(library, "ann")
    await Tasks(world.metadata, world.clock).cancel(task.id)
    await world.upkeep.enter(library, "ann")


async def test_maintenance_outlasts_a_restart(world: World) -> None:
    library = await world.library()
    await world.upkeep.enter(library, "ann")
    again = await world.reopened()
    assert (await again.libraries.get(library)).maintenance is not None
    await again.metadata.close()


async def test_force_deletes_a_library_in_maintenance(world: World) -> None:
    library = await world.library()
    await world.upkeep.enter(library, "ann")
    await world.libraries.delete(library, force=True)


async def test_nothing_is_restored_into_a_library_in_maintenance(world: World) -> None:
    world.items = type(world.items)(world.metadata, world.blobs, world.clock, kept=1000)
    library, item = await _filled(world)
    await world.items.delete(item)
    await world.upkeep.enter(library, "ann")
    trash = Trash(world.metadata, world.items, world.clock)
    with pytest.raises(WrongState, match="in MAINTENANCE"):
        await trash.restore(item, None)
    await world.upkeep.exit(library)
    await trash.restore(item, None)
    assert await world.content(item) == {"a.iso": b"two"}
