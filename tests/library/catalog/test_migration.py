"""Libraries move to another storage, step by step."""

from __future__ import annotations

import msgspec
import pytest

from contentlib.jobs.migrating import Migrating
from contentlib.jobs.worker import Again, Progress, TaskFailed
from contentlib.library.catalog.history import History
from contentlib.library.catalog.items import NewItem
from contentlib.library.catalog.migration import MigrationArguments
from contentlib.library.catalog.trash import Trash
from contentlib.library.errors import InDesiredState, Invalid, Unsupported, WrongState
from contentlib.library.model import Backing, BackingType, Task
from contentlib.library.ports import StorageSpace
from contentlib.library.tasks import Tasks
from library.world import World

SECOND = (Backing(BackingType.DATASTORE, "datastore-2"),)
FIRST = (Backing(BackingType.DATASTORE, "datastore-1"),)


async def _filled(world: World) -> tuple[str, str]:
    library = await world.library(datastore="datastore-1")
    item = await world.item(library)
    await world.complete(item, {"a.iso": b"one", "b.iso": b"other"})
    await world.complete(item, {"a.iso": b"two"})
    return library, item


async def _begin(world: World, library: str, backings: tuple[Backing, ...] = SECOND) -> Task:
    task = await world.migrations.begin(library, backings, "ann")
    return await Tasks(world.metadata, world.clock).get(task)


async def _run(world: World, task: Task, *, last: bool = False) -> Progress:
    progress = Progress(task, last=last)
    await Migrating(world.migrations).run(task, progress)
    return progress


async def _migrate(world: World, library: str, backings: tuple[Backing, ...] = SECOND) -> Progress:
    return await _run(world, await _begin(world, library, backings))


async def test_a_library_moves_with_all_versions_and_what_is_new_goes_there_too(world: World) -> None:
    library, item = await _filled(world)
    progress = await _migrate(world, library)
    assert (progress.completed, progress.total) == (11, 11)
    moved = await world.libraries.get(library)
    assert (moved.storage, moved.backings, moved.maintenance, moved.version) == ("datastore-2", SECOND, None, 2)
    assert await world.content(item) == {"a.iso": b"two", "b.iso": b"other"}
    await world.collect(kept=9)
    assert list(world.store.blobs("datastore-1")) == []
    assert len(list(world.store.blobs("datastore-2"))) == 3
    await History(world.metadata, world.blobs, world.clock).make_current(item, "2", "ann", None)
    await world.complete(item, {"c.iso": b"new"})
    assert await world.content(item) == {"a.iso": b"one", "b.iso": b"other", "c.iso": b"new"}
    assert list(world.store.blobs("datastore-1")) == []


async def test_the_texts_beside_the_bytes_move_too(world: World) -> None:
    library, _ = await _filled(world)
    before = set(world.store.described("datastore-1"))
    await _migrate(world, library)
    assert set(world.store.described("datastore-2")) == before
    assert list(world.store.described("datastore-1")) == []


async def test_bytes_that_another_library_has_too_stay_for_it(world: World) -> None:
    library, item = await _filled(world)
    staying = await world.item(await world.library(datastore="datastore-1"), "Copy")
    await world.complete(staying, {"x.iso": b"two"})
    assert await world.blob_of(staying, "x.iso") == await world.blob_of(item, "a.iso")
    await _migrate(world, library)
    await world.collect(kept=9)
    assert await world.content(staying) == {"x.iso": b"two"}
    assert "datastore-1" in (await world.blob_of(staying, "x.iso")).parts
    assert "datastore-2" in (await world.blob_of(item, "a.iso")).parts


async def test_what_is_in_the_trash_moves_too(world: World) -> None:
    world = World(world.directory, world.clock, kept=1_000_000)
    library, item = await _filled(world)
    await world.items.delete(item)
    await _migrate(world, library)
    await world.collect(kept=9)
    await Trash(world.metadata, world.items, world.clock).restore(item, None)
    assert await world.content(item) == {"a.iso": b"two", "b.iso": b"other"}
    assert "datastore-2" in (await world.blob_of(item, "a.iso")).parts
    await world.metadata.close()


async def test_a_library_that_moves_is_read_and_not_changed(world: World) -> None:
    library, item = await _filled(world)
    session = await world.download(item)
    task = await _begin(world, library)
    with pytest.raises(WrongState, match=f"MAINTENANCE: task {task.id} is moving its content from storage datastore-1"):
        await world.update(item)
    with pytest.raises(WrongState, match=f"until task {task.id} ends"):
        await world.upkeep.exit(library)
    with pytest.raises(WrongState, match="in MAINTENANCE"):
        await world.migrations.begin(library, SECOND, "ann")
    assert await world.content(item) == {"a.iso": b"two", "b.iso": b"other"}
    await _run(world, task)
    assert await world.served(session) == {"a.iso": b"two", "b.iso": b"other"}
    await world.update(item)


async def test_a_library_with_an_active_update_session_stays(world: World) -> None:
    library, item = await _filled(world)
    session = await world.update(item)
    with pytest.raises(WrongState, match=session):
        await world.migrations.begin(library, SECOND, "ann")
    assert (await world.libraries.get(library)).maintenance is None


async def test_a_library_that_is_there_already_is_not_moved(world: World) -> None:
    library, _ = await _filled(world)
    with pytest.raises(InDesiredState, match="is already on storage datastore-1"):
        await world.migrations.begin(library, FIRST, "ann")


async def test_a_storage_must_be_named_and_be_one_of_the_server(world: World) -> None:
    library = await world.library()
    with pytest.raises(Invalid, match="must name a storage"):
        await world.migrations.begin(library, (), "ann")
    with pytest.raises(Invalid, match="unknown storage"):
        await world.migrations.begin(library, (Backing(BackingType.DATASTORE, "datastore-3"),), "ann")
    with pytest.raises(Unsupported, match="DATASTORE"):
        await world.migrations.begin(library, (Backing(BackingType.OTHER, storage_uri="nfs://a/b"),), "ann")


async def test_a_migration_can_be_left_off_after_any_step_and_taken_up_again(world: World) -> None:
    library, item = await _filled(world)
    task = await _begin(world, library)
    wanted = msgspec.json.decode(task.arguments, type=MigrationArguments)
    files = await world.migrations.left(wanted)
    await world.migrations.move(wanted, files[0], lambda _: None)
    assert await world.content(item) == {"a.iso": b"two", "b.iso": b"other"}
    world = await world.reopened()
    assert len(await world.migrations.left(wanted)) == len(files) - 1
    await _run(world, task)
    await _run(world, task)  # the last step was made and not noted
    await world.collect(kept=9)
    assert await world.content(item) == {"a.iso": b"two", "b.iso": b"other"}
    assert list(world.store.blobs("datastore-1")) == []
    await world.metadata.close()


async def test_a_damaged_file_stays_and_is_told(world: World) -> None:
    library, item = await _filled(world)
    damaged = await world.blob_of(item, "b.iso")
    damaged.chmod(0o600)
    damaged.write_bytes(b"")
    await _migrate(world, library)
    moved = await world.libraries.get(library)
    assert moved.storage == "datastore-2"
    assert moved.unmoved is not None
    assert "file 'b.iso' is damaged" in moved.unmoved
    assert "datastore-2" in (await world.blob_of(item, "a.iso")).parts


async def test_a_storage_that_fails_is_tried_again_and_at_last_the_library_is_changed_again(world: World) -> None:
    library, item = await _filled(world)
    task = await _begin(world, library)
    staging = world.directory / "datastore-2" / "staging"
    staging.rename(staging.with_name("gone"))
    with pytest.raises(Again, match="could not be moved to storage datastore-2"):
        await _run(world, task)
    assert (await world.libraries.get(library)).maintenance is not None
    with pytest.raises(TaskFailed, match="could not be moved to storage datastore-2"):
        await _run(world, task, last=True)
    left = await world.libraries.get(library)
    assert (left.storage, left.maintenance) == ("datastore-1", None)
    assert left.unmoved is not None
    assert await world.content(item) == {"a.iso": b"two", "b.iso": b"other"}
    await world.items.copy(item, NewItem(library, "copy"), None)


async def test_a_full_storage_ends_a_migration_and_the_library_is_changed_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, item = await _filled(world)
    task = await _begin(world, library)
    monkeypatch.setattr(world.store, "space", lambda _: StorageSpace(5, 9))
    with pytest.raises(TaskFailed, match="storage datastore-2 has 5 bytes free"):
        await _run(world, task)
    left = await world.libraries.get(library)
    assert (left.storage, left.maintenance) == ("datastore-1", None)
    assert await world.content(item) == {"a.iso": b"two", "b.iso": b"other"}
