"""Libraries whose documents are kept beside their content."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends import directory_of
from contentlib.library.catalog.libraries import LibraryChange, PublishingChange
from contentlib.library.model import Authentication
from contentlib.vcsp.publishing.documents import Counters
from contentlib.vcsp.trees.persisting import Persisting
from contentlib.vcsp.trees.places import DirectoryPlace
from library.world import STORAGES, World
from processes import eventually
from trees import document, read_tree, state
from whole import HandClock, whole

PERSISTED = PublishingChange(published=True, authentication=Authentication.NONE, persist_json=True)


class Persisted:
    """The job on a world, the failures that it told, and one library."""

    def __init__(self, world: World, library: str) -> None:
        self.world = world
        self.library = library
        self.failures: list[str] = []
        self.job = self.started()

    def started(self) -> Persisting:
        places = {each: DirectoryPlace(self.world.directory / each, self.world.store) for each in STORAGES}
        return Persisting(
            self.world.metadata,
            self.world.blobs.storages,
            Counters(),
            places,
            lambda _, error: self.failures.append(str(error)),
        )

    @property
    def tree(self) -> Path:
        return self.world.directory / "datastore-1" / f"contentlib-{self.library}"

    async def change(self, publishing: PublishingChange) -> None:
        await self.world.libraries.update(self.library, LibraryChange(publishing=publishing))


@pytest.fixture
async def persisted(tmp_path: Path) -> AsyncIterator[Persisted]:
    world = World(tmp_path)
    made = Persisted(world, await world.library())
    await made.change(PERSISTED)
    await world.complete(await world.item(made.library, "a"), {"a.iso": b"a"})
    await made.job.run()
    yield made
    await world.metadata.close()


async def test_a_tree_lies_beside_the_content_and_follows_it(persisted: Persisted) -> None:
    assert read_tree(persisted.tree) == {"a": {"a.iso": b"a"}}
    (found,) = persisted.tree.glob("*/*/a.iso")
    assert found.stat().st_nlink == 2
    await persisted.world.complete(await persisted.world.item(persisted.library, "b"), {"b.iso": b"b"})
    await persisted.job.run()
    assert read_tree(persisted.tree) == {"a": {"a.iso": b"a"}, "b": {"b.iso": b"b"}}


async def test_where_nothing_has_changed_nothing_is_written(persisted: Persisted) -> None:
    before = state(persisted.tree)
    await persisted.job.run()
    await persisted.started().run()
    assert state(persisted.tree) == before


@pytest.mark.parametrize("change", [PublishingChange(persist_json=False), PublishingChange(published=False)])
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_tree_that_is_not_wanted_any_more_goes(persisted: Persisted, change: PublishingChange, restarted: bool) -> None:
    await persisted.change(change)
    await (persisted.started() if restarted else persisted.job).run()
    assert not persisted.tree.exists()


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_tree_goes_with_its_library(persisted: Persisted, restarted: bool) -> None:
    await persisted.world.libraries.delete(persisted.library)
    await (persisted.started() if restarted else persisted.job).run()
    assert not persisted.tree.exists()


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_tree_that_cannot_be_removed_goes_the_next_time(persisted: Persisted, restarted: bool) -> None:
    other = await persisted.world.library("other")
    await persisted.world.libraries.update(other, LibraryChange(publishing=PERSISTED))
    await persisted.world.libraries.delete(persisted.library)
    job = persisted.started() if restarted else persisted.job
    document = persisted.tree / "lib.json"
    document.unlink()
    document.mkdir()
    await job.run()
    assert len(persisted.failures) == 1
    assert read_tree(persisted.tree.with_name(f"contentlib-{other}")) == {}
    document.rmdir()
    await job.run()
    assert not persisted.tree.exists()


async def test_what_cannot_be_written_is_told_and_tried_again_and_others_are_not_kept_waiting(persisted: Persisted) -> None:
    other = await persisted.world.library("other")
    await persisted.world.libraries.update(other, LibraryChange(publishing=PERSISTED))
    place = persisted.tree.with_name(f"contentlib-{other}")
    place.write_text("a file in the way")
    await persisted.world.complete(await persisted.world.item(persisted.library, "b"), {"b.iso": b"b"})
    await persisted.job.run()
    assert len(persisted.failures) == 1
    assert persisted.failures[0].endswith(f"{str(place)!r}")
    assert "b" in read_tree(persisted.tree)
    place.unlink()
    await persisted.job.run()
    assert read_tree(place) == {}


async def test_damaged_content_is_told_once_and_the_last_good_tree_stays(persisted: Persisted) -> None:
    item = await persisted.world.item(persisted.library, "b")
    await persisted.world.complete(item, {"b.iso": b"b"})
    (await persisted.world.blob_of(item, "b.iso")).unlink()
    for _ in range(2):
        await persisted.job.run()
    assert persisted.failures == ["content of file 'b.iso' is missing from storage datastore-1"]
    assert read_tree(persisted.tree) == {"a": {"a.iso": b"a"}}


async def test_the_server_does_it_by_itself(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock, lease_seconds=10) as app:
        info = {"published": True, "authentication_method": "NONE", "persist_json_enabled": True}
        library = await app.library(publish_info=info)
        tree = directory_of(app.settings) / f"contentlib-{library}"
        assert await asyncio.to_thread(eventually, (tree / "lib.json").exists)
        assert document(tree)["name"] == "lab"
