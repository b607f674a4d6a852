"""Storages are cleared: libraries move while they are changed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contentlib.jobs.migrating import Migrating
from contentlib.jobs.worker import Again, Progress, TaskFailed
from contentlib.library.catalog.trash import Trash
from contentlib.library.catalogs import Arrival
from contentlib.library.errors import WrongState
from contentlib.library.model import Backing, BackingType, StorageUse
from contentlib.library.ports import StorageSpace
from contentlib.library.tasks import Tasks
from library.world import World

FIRST, SECOND = "datastore-1", "datastore-2"


@pytest.fixture
async def kept(world: World) -> AsyncIterator[World]:
    """A world whose trash is kept."""
    await world.metadata.close()
    made = World(world.directory, world.clock, kept=1_000_000)
    yield made
    await made.metadata.close()


async def _filled(world: World) -> tuple[str, str]:
    library = await world.library(datastore=FIRST)
    item = await world.item(library)
    await world.complete(item, {"a.iso": b"one", "b.iso": b"other"})
    return library, item


async def _begin(world: World, library: str) -> str:
    task = await world.migrations.begin_clearing(library, FIRST, SECOND, "ann")
    assert task is not None
    return task


async def _run(world: World, task_id: str, *, last: bool = False) -> Progress:
    task = await Tasks(world.metadata, world.clock).get(task_id)
    progress = Progress(task, last=last)
    await Migrating(world.migrations).clear(task, progress)
    return progress


async def _uses(world: World, storage: str = FIRST) -> list[StorageUse]:
    async with world.metadata.reading() as transaction:
        return await transaction.blobs.uses(storage)


async def test_a_library_moves_and_is_changed_meanwhile(world: World) -> None:
    library, item = await _filled(world)
    session = await world.update(item)
    task = await _begin(world, library)
    await world.send(session, "c.iso", b"new")
    progress = await _run(world, task)
    assert (progress.completed, progress.total) == (8, 8)
    moved = await world.libraries.get(library)
    assert (moved.storage, moved.backings) == (SECOND, (Backing(BackingType.DATASTORE, SECOND),))
    assert await _uses(world) == []
    await world.completion.complete(session)
    assert await _uses(world) == [StorageUse(library, 1, 3)]
    await world.complete(item, {"d.iso": b"there"})
    await _run(world, await _begin(world, library))
    assert await _uses(world) == []
    await world.collect()
    assert list(world.store.blobs(FIRST)) == []
    assert list(world.store.described(FIRST)) == []
    assert await world.content(item) == {"a.iso": b"one", "b.iso": b"other", "c.iso": b"new", "d.iso": b"there"}


async def test_a_library_is_moved_by_one_task(world: World) -> None:
    library, _ = await _filled(world)
    task = await _begin(world, library)
    assert await _begin(world, library) == task
    with pytest.raises(WrongState, match=f"is being moved by task {task}"):
        await world.migrations.begin(library, (Backing(BackingType.DATASTORE, SECOND),), "ann")
    with pytest.raises(WrongState, match="is being moved"):
        await world.upkeep.enter(library, "ann")
    assert await world.migrations.begin_clearing("nothing", FIRST, SECOND, "ann") is None


async def test_what_is_in_the_trash_moves_and_can_be_restored(kept: World) -> None:
    world = kept
    library, item = await _filled(world)
    await world.libraries.delete(library, user="ann")
    assert await _uses(world) == [StorageUse(library, 2, 8)]
    await _run(world, await _begin(world, library))
    assert await _uses(world) == []
    await Trash(world.metadata, world.items, world.clock).restore(library, None)
    assert (await world.libraries.get(library)).storage == SECOND
    assert await world.content(item) == {"a.iso": b"one", "b.iso": b"other"}


async def test_what_another_library_has_left_there_moves_to_its_own_storage(world: World) -> None:
    library = await world.library(datastore=FIRST)
    item = await world.item(library)
    session = await world.update(item)
    await _run(world, await _begin(world, library))
    await world.send(session, "a.iso", b"late")
    await world.completion.complete(session)
    assert await _uses(world) == [StorageUse(library, 1, 4)]
    task = await world.migrations.begin_clearing(library, FIRST, "datastore-9", "ann")
    assert task is not None
    await _run(world, task)
    assert (await world.libraries.get(library)).storage == SECOND
    assert await _uses(world) == []


async def test_files_of_items_that_are_still_fetched_move_too(world: World) -> None:
    library, item = await _filled(world)
    _, file = await world.items.file(item, "a.iso")
    async with world.metadata.transaction(durable=True) as transaction:
        await transaction.arrivals.put(Arrival("upload", library, blob=file.blob))
        await transaction.arrivals.put(Arrival("begun", library))
    await _run(world, await _begin(world, library))
    async with world.metadata.reading() as transaction:
        assert await transaction.arrivals.on(FIRST) == []
        (moved,) = await transaction.arrivals.on(SECOND)
    assert await world.bytes_of(moved.blob or "", "a.iso") == b"one"


async def test_a_damaged_file_stays_and_is_told(world: World) -> None:
    library, item = await _filled(world)
    damaged = await world.blob_of(item, "b.iso")
    damaged.chmod(0o600)
    damaged.write_bytes(b"")
    await _run(world, await _begin(world, library))
    assert await _uses(world) == [StorageUse(library, 1, 5)]
    assert "file 'b.iso' is damaged" in ((await world.libraries.get(library)).unmoved or "")


async def test_a_failing_storage_is_tried_again_and_a_full_one_is_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    library, item = await _filled(world)
    task = await _begin(world, library)
    staging = world.directory / SECOND / "staging"
    away = staging.rename(staging.with_name("gone"))
    with pytest.raises(Again, match="could not be moved to storage datastore-2"):
        await _run(world, task)
    with pytest.raises(TaskFailed, match="could not be moved to storage datastore-2"):
        await _run(world, task, last=True)
    away.rename(staging)
    with monkeypatch.context() as full:
        full.setattr(world.store, "space", lambda _: StorageSpace(5, 9))
        with pytest.raises(TaskFailed, match="storage datastore-2 has 5 bytes free"):
            await _run(world, task)
    stayed = await world.libraries.get(library)
    assert (stayed.storage, stayed.maintenance) == (FIRST, None)
    assert await world.content(item) == {"a.iso": b"one", "b.iso": b"other"}
    await _run(world, task)
    assert await _uses(world) == []


async def test_a_process_without_the_storage_refuses(world: World) -> None:
    library, _ = await _filled(world)
    task = await world.migrations.begin_clearing(library, FIRST, "datastore-9", "ann")
    assert task is not None
    with pytest.raises(TaskFailed, match="unknown storage 'datastore-9'"):
        await _run(world, task)
    assert (await world.libraries.get(library)).storage == FIRST
