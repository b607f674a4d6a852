from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentlib.jobs.collect import Collector, GracePeriods
from contentlib.library.catalog.items import NewItem
from contentlib.library.catalog.retention import Retentions
from contentlib.library.catalog.trash import Trash
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Retention, Source
from contentlib.library.sessions.update_files import NewFile
from jobs.crowd import many, turns_of_others
from library.world import LEASE, STORAGES, World
from storages import LASTING

GRACE, ASIDE = 3_600_000, 600_000_000


@pytest.fixture
def collector(world: World) -> Collector:
    return of(world)


def of(world: World, kept: int = 2) -> Collector:
    return Collector(
        world.metadata, world.blobs.storages, world.clock, STORAGES, Retention(versions=kept), GracePeriods(GRACE, ASIDE)
    )


async def after_grace(world: World, collector: Collector) -> None:
    """A sweep that sees what is not needed, and one that removes it."""
    await collector.run()
    world.wait(GRACE + 1)
    await collector.run()


async def versions(world: World, item: str) -> int:
    texts = [text for text in world.store.described("datastore-1") if text[0] == item]
    async with world.metadata.reading() as rows:
        return len(await rows.versions.known([version for _, version in texts]))


async def test_a_storage_that_is_gone_keeps_no_other_from_being_swept(world: World, collector: Collector) -> None:
    for storage in STORAGES:
        await asyncio.to_thread(world.receive, storage, "left", b"bytes")
    (world.directory / "datastore-1" / "staging").rename(world.directory / "gone")
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="datastore-1"):
            await collector.run()
        world.wait(GRACE + 1)
    assert world.store.uploads("datastore-2") == []
    (world.directory / "gone").rename(world.directory / "datastore-1" / "staging")
    await after_grace(world, collector)
    assert world.store.uploads("datastore-1") == []


async def test_bytes_that_could_not_be_removed_are_removed_when_that_is_possible(
    world: World, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for data in (b"1", b"2"):
        await world.blobs.keep(world.receive("datastore-1", "upload", data))

    def refuse(storage: str, blob: str) -> None:
        raise OSError(f"{storage} is read-only")

    with monkeypatch.context() as broken:
        broken.setattr(world.store, "remove", refuse)
        world.wait(GRACE + 1)
        with pytest.raises(OSError, match="datastore-1 is read-only"):
            await collector.run()
    assert len(world.kept()) == 2
    await after_grace(world, collector)
    assert world.kept() == []


async def test_of_an_item_the_last_versions_stay(world: World, collector: Collector) -> None:
    item = await world.item()
    for n in range(4):
        await world.complete(item, {"disk": bytes([n]) * 10})
    await after_grace(world, collector)
    assert await versions(world, item) == 2
    assert len(world.kept()) == 2
    assert await world.content(item) == {"disk": b"\3" * 10}


async def test_a_running_download_keeps_its_version_to_its_end(world: World, collector: Collector) -> None:
    item = await world.item()
    await world.complete(item, {"disk": b"first"})
    session = await world.download(item)
    for n in range(3):
        await world.complete(item, {"disk": bytes([n])})
    await world.items.delete(item)
    for _ in range(20):
        world.wait(LEASE - 100)
        await collector.run()
        assert await world.served(session) == {"disk": b"first"}
    await world.downloads.cancel(session)
    await after_grace(world, collector)
    assert world.kept() == []


async def test_an_update_session_keeps_the_version_that_it_started_from(world: World) -> None:
    collector = of(world, kept=1)
    item = await world.item()
    await world.complete(item, {"disk": b"disk", "notes": b"notes"})
    session = await world.update(item)
    for _ in range(20):
        world.wait(LEASE - 1)
        await world.updates.get(session)
        await collector.run()
    assert {file.name for file in await world.files.all(session)} == {"disk", "notes"}


async def test_bytes_that_are_on_their_way_into_a_version_stay(world: World, collector: Collector) -> None:
    item = await world.item()
    session = await world.update(item)
    await world.send(session, "disk", b"bytes")
    for _ in range(20):
        world.wait(LEASE - 1)
        await world.updates.get(session)
        await collector.run()
    await world.completion.complete(session)
    assert await world.content(item) == {"disk": b"bytes"}


async def test_the_bytes_of_a_session_that_ended_badly_go_after_the_grace(world: World, collector: Collector) -> None:
    session = await world.update(await world.item())
    await world.send(session, "disk", b"bytes")
    await world.updates.cancel(session)
    world.wait(GRACE)
    await collector.run()
    assert len(world.kept()) == 1
    world.wait(1)
    await collector.run()
    assert world.kept() == []


async def test_bytes_that_two_items_share_go_with_the_last_of_them(world: World, collector: Collector) -> None:
    first, second = await world.item(), await world.item()
    for item in (first, second):
        await world.complete(item, {"disk": b"bytes"})
    assert len(world.kept()) == 1
    await world.items.delete(first)
    await after_grace(world, collector)
    assert await world.content(second) == {"disk": b"bytes"}
    await world.items.delete(second)
    await after_grace(world, collector)
    assert world.kept() == []


async def test_bytes_that_come_again_in_the_grace_stay(world: World, collector: Collector) -> None:
    item = await world.item()
    await world.complete(item, {"disk": b"bytes"})
    await world.items.delete(item)
    await collector.run()
    world.wait(GRACE)
    again = await world.item()
    await world.complete(again, {"disk": b"bytes"})
    for _ in range(3):
        world.wait(GRACE)
        await collector.run()
    assert await world.content(again) == {"disk": b"bytes"}


async def test_a_deleted_library_leaves_nothing(world: World, collector: Collector) -> None:
    library = await world.library(datastore="datastore-2")
    for n in range(3):
        await world.complete(await world.item(library, f"item-{n}"), {"disk": bytes([n])})
    await world.libraries.delete(library)
    await after_grace(world, collector)
    assert list(world.store.described("datastore-2")) == []
    found = {path.name for path in (world.directory / "datastore-2").rglob("*") if path.is_file()}
    assert found == LASTING


async def test_more_than_is_removed_at_once_is_removed_in_one_sweep(world: World, collector: Collector) -> None:
    library = await world.library()
    await world.complete(await world.item(library, "wide"), {f"disk-{n}": bytes([n]) * 3 for n in range(110)})
    item = await world.item(library, "deep")
    for n in range(110):
        await world.complete(item, {"disk": bytes([n])})
    await world.libraries.delete(library)
    await after_grace(world, collector)
    assert world.kept() == []


@pytest.mark.embedded
async def test_others_get_their_turn_while_many_blobs_are_looked_at_and_removed(world: World, collector: Collector) -> None:
    session = await world.update(await world.item())
    await world.send(session, "disk", b"bytes")
    (blob,) = world.kept()
    await many(world, "blobs", blob)
    await world.updates.cancel(session)
    world.wait(GRACE + 1)
    assert await turns_of_others(collector.run()) >= 20
    async with world.metadata.reading() as rows:
        assert await rows.blobs.unreferenced(world.clock.time) == []


def _stray_blob(world: World) -> Callable[[], int]:
    world.receive("datastore-1", "upload", b"bytes")
    world.store.keep("datastore-1", "upload", new_identifier())
    return lambda: len(world.kept())


def _stray_upload(world: World) -> Callable[[], int]:
    world.receive("datastore-2", new_identifier(), b"bytes")
    return lambda: len(world.staged())


def _stray_text(world: World) -> Callable[[], int]:
    world.store.describe("datastore-1", "item", "version", b"{}")
    return lambda: len(list(world.store.described("datastore-1")))


@pytest.mark.parametrize("make", [_stray_blob, _stray_upload, _stray_text])
async def test_what_no_row_names_goes_after_it_was_seen_for_the_grace(
    world: World, collector: Collector, make: Callable[[World], Callable[[], int]]
) -> None:
    count = make(world)
    await collector.run()
    world.wait(GRACE - 1)
    await collector.run()
    assert count() == 1
    world.wait(1)
    await collector.run()
    assert count() == 0


async def test_an_upload_that_grows_is_not_a_leftover(world: World, collector: Collector) -> None:
    """As a copy from storage to storage, which no row names yet."""
    with world.store.stage("datastore-2", "copy") as staged:
        for _ in range(20):
            staged.append(b"more")
            await collector.run()
            world.wait(GRACE // 2)
    assert world.staged() == ["copy"]
    await after_grace(world, collector)
    assert world.staged() == []


async def test_an_upload_that_is_held_open_is_not_a_leftover(world: World, collector: Collector) -> None:
    """As that of a command whose publisher is silent for longer than the grace of the server beside it."""
    with world.store.stage("datastore-2", "adopted") as staged:
        staged.append(b"half")
        for _ in range(3):
            await after_grace(world, collector)
        assert world.staged() == ["adopted"]
    await collector.run()
    assert world.staged() == []


async def test_bytes_whose_row_comes_in_the_grace_are_not_strays(world: World, collector: Collector) -> None:
    """As those of an upload that is made a blob while the sweep looks on."""
    item = await world.item()
    session = await world.update(item)
    await collector.run()
    await world.send(session, "disk", b"bytes")
    await world.completion.complete(session)
    world.wait(10 * GRACE)
    await collector.run()
    await collector.run()
    assert await world.content(item) == {"disk": b"bytes"}


async def test_an_upload_that_goes_on_for_hours_is_not_a_leftover(world: World, collector: Collector) -> None:
    session = await world.update(await world.item())
    file = await world.files.add(session, NewFile("disk", Source.PUSH))
    world.receive("datastore-1", file.id, b"half of")
    for _ in range(30):
        world.wait(LEASE - 1)
        await world.updates.get(session)
        await collector.run()
    assert world.staged() == [file.id]
    await world.updates.cancel(session)
    await after_grace(world, collector)
    assert world.staged() == []


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["fill", "remove", "delete", "copy", "download", "end", "wait", "collect"]), st.integers(0, 9)),
    max_size=25,
)


@settings(max_examples=25)
@given(actions=ACTIONS)
async def test_nothing_that_is_needed_ever_goes(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]]
) -> None:
    world = World(tmp_path_factory.mktemp("world"))
    try:
        play = _Play(world, of(world, kept=1))
        for action, number in actions:
            await play.do(action, number)
        for _ in range(3):
            await play.do("wait", 9)
            await play.do("collect", 0)
        await play.check()
    finally:
        await world.metadata.close()


class _Play:
    """What a user did, and what must therefore be there."""

    def __init__(self, world: World, collector: Collector) -> None:
        self.world = world
        self.collector = collector
        self.items: dict[str, dict[str, bytes]] = {}
        self.downloads: dict[str, dict[str, bytes]] = {}
        self.library = ""

    async def do(self, action: str, number: int) -> None:
        self.library = self.library or await self.world.library()
        chosen = random.Random(number).choice(sorted(self.items)) if self.items else None
        if action == "fill" or chosen is None:
            item = chosen if chosen and number % 2 else await self.world.item(self.library, new_identifier())
            await self.world.complete(item, {f"file-{number % 3}": bytes([number])})
            self.items[item] = {**self.items.get(item, {}), f"file-{number % 3}": bytes([number])}
        else:
            await getattr(self, f"_{action}")(chosen, number)

    async def _remove(self, item: str, number: int) -> None:
        name = f"file-{number % 3}"
        if name in self.items[item]:
            await self.world.complete(item, {}, (name,))
            del self.items[item][name]

    async def _delete(self, item: str, number: int) -> None:
        await self.world.items.delete(item)
        del self.items[item]

    async def _copy(self, item: str, number: int) -> None:
        copy = await self.world.items.copy(item, NewItem(self.library, new_identifier()), None)
        self.items[copy] = dict(self.items[item])

    async def _download(self, item: str, number: int) -> None:
        self.downloads[await self.world.download(item)] = dict(self.items[item])

    async def _end(self, item: str, number: int) -> None:
        if self.downloads:
            await self.world.downloads.cancel(self.downloads.popitem()[0])

    async def _wait(self, item: str, number: int) -> None:
        for _ in range(number):
            self.world.wait(LEASE // 2)  # each of the other acts takes a moment too
            for session in self.downloads:
                await self.world.downloads.get(session)

    async def _collect(self, item: str, number: int) -> None:
        await self.collector.run()
        await self.check()

    async def check(self) -> None:
        for item, files in self.items.items():
            assert await self.world.content(item) == files
        for session, files in self.downloads.items():
            assert await self.world.served(session) == files


async def test_what_is_in_the_trash_keeps_its_content_and_gives_it_back_once_it_is_purged(tmp_path: Path) -> None:
    world = World(tmp_path, kept=10 * GRACE)
    trash = Trash(world.metadata, world.items, world.clock)
    collector = of(world)
    library = await world.library()
    items = [await world.item(library, name) for name in ("one", "two")]
    for item in items:
        await world.complete(item, {"disk": item.encode()})
    await world.items.delete(items[0])
    await world.libraries.delete(library)
    await after_grace(world, collector)
    await after_grace(world, collector)
    assert len(world.kept()) == 2
    await trash.purge(items[0])
    await after_grace(world, collector)
    assert len(world.kept()) == 1
    await trash.restore(library, None)
    assert await world.content(items[1]) == {"disk": items[1].encode()}
    await world.libraries.delete(library)
    world.wait(10 * GRACE)
    await after_grace(world, collector)
    assert world.kept() == []
    await world.metadata.close()


@pytest.mark.embedded
async def test_a_deleted_library_of_many_items_is_removed_in_turns(world: World, collector: Collector) -> None:
    library = await world.library()
    await many(world, "items", await world.item(library), 1_000)
    await world.libraries.delete(library)
    assert await turns_of_others(collector.run()) > 10
    async with world.metadata.reading() as rows:
        assert await rows.items.remove_of(library, 1) == 0
        assert await rows.deleted_libraries.get(library) is None


async def test_a_library_keeps_versions_by_its_own_rule_and_others_by_that_of_the_settings(world: World) -> None:
    collector = of(world, kept=2)
    retentions = Retentions(world.metadata, Retention(versions=2))
    libraries = [await world.library() for _ in range(3)]
    await retentions.set(libraries[0], Retention(versions=4))
    await retentions.set(libraries[1], Retention(seconds=60))
    items = [await world.item(library) for library in libraries]
    for n in range(5):
        world.wait(20_000)
        for item in items:
            await world.complete(item, {"disk": bytes([n]) * 10})
    world.wait(10_000)
    await collector.run()
    assert [await versions(world, item) for item in items] == [4, 4, 2]
    world.wait(1_000_000)
    await collector.run()
    assert [await versions(world, item) for item in items] == [4, 1, 2]
    await retentions.set(libraries[0], None)
    await collector.run()
    assert [await versions(world, item) for item in items] == [2, 1, 2]
    for item in items:
        assert await world.content(item) == {"disk": b"\4" * 10}


async def test_a_library_may_keep_versions_for_longer_than_there_has_been_time(world: World) -> None:
    library = await world.library()
    await Retentions(world.metadata, Retention()).set(library, Retention(seconds=2**63 - 1))
    item = await world.item(library)
    for data in (b"first", b"second"):
        await world.complete(item, {"disk": data})
    await of(world, kept=1).run()
    assert await versions(world, item) == 2


async def test_a_version_that_is_in_use_outlives_its_age(world: World) -> None:
    await Retentions(world.metadata, Retention()).set(library := await world.library(), Retention(versions=1, seconds=1))
    item = await world.item(library)
    await world.complete(item, {"disk": b"first"})
    session = await world.download(item)
    await world.complete(item, {"disk": b"second"})
    world.wait(10_000)
    await of(world).run()
    assert await versions(world, item) == 2
    assert await world.served(session) == {"disk": b"first"}


@pytest.mark.parametrize("number", ["1", "2"])
async def test_a_storage_that_a_copy_of_the_database_has_swept_too_keeps_all_files(
    world: World, collector: Collector, number: str
) -> None:
    await world.blobs.keep(world.receive("datastore-1", "upload", b"no version names it"))
    await asyncio.to_thread(world.receive, "datastore-1", "left", b"no session names it")
    for _ in range(2):
        await collector.run()
    async with world.metadata.transaction(durable=False) as transaction:  # as in a copy, which has swept at the same time
        await transaction.state.put("sweep", number)
        await transaction.state.put("sweep_token", "of the copy")
    await after_grace(world, collector)
    (blob,) = await asyncio.to_thread(lambda: list(world.store.blobs("datastore-1")))
    assert world.store.uploads("datastore-1") == ["left"]
    world.wait(ASIDE)
    await after_grace(world, collector)
    assert world.store.stat("datastore-1", blob) is None
