"""Blobs: bytes are kept once, and given out only while they are those that were stored."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from contentlib.library.catalog.items import NewItem
from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import Damaged, Missing
from contentlib.library.model import Blob
from contentlib.library.ports import Transaction
from library.world import World
from processes import PATIENCE_SECONDS


async def _item(world: World, **files: bytes) -> str:
    item = await world.item()
    await world.complete(item, files)
    return item


async def _keep(world: World, data: bytes, upload: str = "upload", storage: str = "datastore-1") -> Blob:
    return await world.blobs.keep(world.receive(storage, upload, data))


def _damage(path: Path, data: bytes) -> None:
    path.chmod(0o640)
    path.write_bytes(data)
    os.utime(path, (1, 1))


async def test_equal_bytes_on_a_storage_are_kept_once(world: World) -> None:
    one = await _item(world, a=b"same", b=b"same", c=b"other")
    two = await _item(world, x=b"same")
    assert len(world.kept()) == 2
    assert world.staged() == []
    await world.items.delete(one)
    await world.collect()
    assert await world.content(two) == {"x": b"same"}
    assert len(world.kept()) == 1


async def test_equal_bytes_that_are_kept_together_are_one_blob(world: World) -> None:
    before = await _keep(world, b"known")
    known, *new = await world.blobs.keep_all("datastore-1", [b"known", b"new", b"new", b"other"])
    assert (known.id, new[0], len({each.id for each in new})) == (before.id, new[1], 2)
    assert len(world.kept()) == 3
    assert world.staged() == []
    assert [await world.blobs.check(each.id, "a") for each in new] == new


async def test_small_contents_without_a_version_are_collected(world: World) -> None:
    await world.blobs.keep_all("datastore-1", [b"one", b"two"])
    assert len(world.kept()) == 2
    await world.collect()
    assert world.kept() == []


async def test_equal_bytes_on_two_storages_are_kept_on_each(world: World) -> None:
    blobs = [await _keep(world, b"same", storage=storage) for storage in ("datastore-1", "datastore-2")]
    assert [world.store.stat(blob.storage, blob.id) is not None for blob in blobs] == [True, True]


async def test_a_twin_gathers_the_digests_that_were_asked_for(world: World) -> None:
    await _keep(world, b"x")
    declared = Checksum(Algorithm.MD5, hashlib.md5(b"x").hexdigest())
    file = await world.send(await world.update(await world.item()), "a", b"x", checksum=declared)
    blob = await world.blobs.check(file.blob or "", "a")
    assert set(blob.digests) == {"SHA256", "MD5"}


@pytest.mark.parametrize("damage", [b"", b"shor", b"long bytes", b"other"])
async def test_bytes_that_are_not_those_that_were_stored_are_told_and_never_given_out(world: World, damage: bytes) -> None:
    item = await _item(world, a=b"bytes")
    session = await world.download(item)
    _damage(await world.blob_of(item, "a"), damage)
    with pytest.raises(Damaged, match="'a' is damaged"):
        await world.downloads.target(session, 0)
    with pytest.raises(Damaged, match="'a' is damaged"):
        await world.items.copy(item, NewItem(await world.library(), None), None)


async def test_bytes_that_changed_without_a_trace_are_told_when_they_are_copied(world: World) -> None:
    item = await _item(world, a=b"bytes")
    path = await world.blob_of(item, "a")
    times = path.stat()
    _damage(path, b"wrong")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    other = await world.library(datastore="datastore-2")
    with pytest.raises(Damaged, match="'a' is damaged"):
        await world.items.copy(item, NewItem(other, None), None)
    assert (world.staged(), await world.items.ids(other)) == ([], [])


async def test_bytes_that_are_gone_are_told_with_their_storage(world: World) -> None:
    item = await _item(world, a=b"bytes")
    (await world.blob_of(item, "a")).unlink()
    with pytest.raises(Damaged, match="'a' is missing from storage datastore-1"):
        await world.content(item)


async def test_bytes_that_were_only_touched_are_read_again_once(world: World) -> None:
    item = await _item(world, a=b"bytes")
    path = await world.blob_of(item, "a")
    os.utime(path, (1, 1))
    assert await world.content(item) == {"a": b"bytes"}
    _, file = await world.items.file(item, "a")
    blob = await world.blobs.check(file.blob, "a")
    found = world.store.stat(blob.storage, blob.id)
    assert found is not None
    assert blob.mark == found.mark


async def test_bytes_of_another_run_of_the_machine_are_read_again_unless_they_were_flushed(world: World) -> None:
    flushed = await _item(world, a=b"flushed")
    session = await world.update(await world.item())
    file = await world.send(session, "a", b"lost")
    world.store.boot = "another run"
    for path in (await world.blob_of(flushed, "a"), world.store.path("datastore-1", file.blob or "")):
        times = path.stat()
        path.chmod(0o640)
        path.write_bytes(bytes(times.st_size))
        os.utime(path, ns=(times.st_mtime_ns, times.st_mtime_ns))
    assert await world.content(flushed) == {"a": bytes(7)}  # nobody looks: it is said to be safe
    with pytest.raises(Damaged, match="'a' is damaged: SHA256 checksum is"):
        await world.completion.complete(session)


async def test_the_same_bytes_mend_a_damaged_twin_and_all_who_share_it(world: World) -> None:
    item = await _item(world, a=b"bytes")
    _damage(await world.blob_of(item, "a"), b"wrong")
    other = await _item(world, b=b"bytes")
    assert await world.content(item) == {"a": b"bytes"}
    assert await world.content(other) == {"b": b"bytes"}
    assert len(world.kept()) == 1
    (await world.blob_of(item, "a")).unlink()
    await _item(world, c=b"bytes")
    assert await world.content(item) == {"a": b"bytes"}


async def test_a_session_with_a_file_whose_bytes_went_does_not_complete(world: World) -> None:
    session = await world.update(await world.item())
    file = await world.send(session, "a", b"bytes")
    world.store.remove("datastore-1", file.blob or "")
    with pytest.raises(Damaged, match="'a' is missing"):
        await world.completion.complete(session)
    await world.send(session, "a", b"bytes")
    await world.completion.complete(session)


async def test_what_is_kept_is_collected_unless_something_names_it(world: World) -> None:
    await _keep(world, b"never named")
    session = await world.update(await world.item())
    await world.send(session, "a", b"named")
    await world.collect()
    assert len(world.kept()) == 1
    await world.updates.cancel(session)
    await world.collect()
    assert world.kept() == []


async def test_of_bytes_that_nobody_wants_any_more_nothing_is_left(world: World) -> None:
    made: list[str] = []

    async def refuse(_: Transaction, blob: Blob) -> None:
        made.append(blob.id)
        raise Missing("upload", "gone")

    with pytest.raises(Missing):
        await world.blobs.keep(world.receive("datastore-1", "upload", b"bytes"), refuse)
    async with world.metadata.reading() as rows:
        assert await rows.blobs.known(made) == set()
    assert (world.kept(), world.staged()) == ([], [])


async def test_a_twin_that_is_about_to_be_collected_is_new_again(world: World) -> None:
    old = await _keep(world, b"bytes")
    world.wait(1000)
    assert (await _keep(world, b"bytes")).id == old.id
    async with world.metadata.reading() as rows:
        assert await rows.blobs.unreferenced(world.clock.now()) == []
        assert [each.id for each in await rows.blobs.unreferenced(world.clock.now() + 1)] == [old.id]


async def test_a_blob_that_a_version_names_stays_named_when_equal_bytes_come(world: World) -> None:
    item = await _item(world, a=b"bytes")
    world.wait(1000)
    await _keep(world, b"bytes")
    await world.collect()
    assert await world.content(item) == {"a": b"bytes"}


async def test_keeping_and_collecting_at_once_loses_nothing_that_is_named(world: World) -> None:
    async def fill(number: int) -> str:
        item = await world.item()
        while True:  # without its grace the sweep may take what is between two steps: that is told, and never half done
            try:
                await world.complete(item, {"a": b"shared", "b": bytes([number % 3])})
                return item
            except Damaged:
                await world.updates.cancel((await world.updates.ids("ann", item))[-1])

    async def sweep() -> None:
        for _ in range(20):
            await world.collect()
            await asyncio.sleep(0)

    async with asyncio.timeout(PATIENCE_SECONDS):
        *items, _ = await asyncio.gather(*[fill(number) for number in range(9)], sweep())
    for number, item in enumerate(items):
        assert await world.content(str(item)) == {"a": b"shared", "b": bytes([number % 3])}
    await world.collect()  # what was cancelled after the last sweep
    assert len(world.kept()) == 4


async def test_reading_again_does_not_undo_what_another_call_noted_meanwhile(world: World) -> None:
    session = await world.update(await world.item())
    file = await world.send(session, "a", b"bytes")
    os.utime(world.store.path("datastore-1", file.blob or ""), (1, 1))
    checking = asyncio.create_task(world.blobs.check(file.blob or "", "a"))
    await world.completion.complete(session)
    await checking
    await world.collect()
    async with world.metadata.reading() as rows:
        blob = await rows.blobs.get(file.blob or "")
    assert blob is not None
    assert blob.unreferenced is None


async def test_files_that_are_read_again_keep_no_other_thread_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = await _keep(world, b"bytes")
    os.utime(world.store.path(blob.storage, blob.id), (1, 1))
    go_on, read = threading.Event(), world.store.read

    def slowly(storage: str, blob_id: str) -> Iterator[bytes]:
        assert go_on.wait(2 * PATIENCE_SECONDS)
        return read(storage, blob_id)

    monkeypatch.setattr(world.store, "read", slowly)
    reading = [asyncio.create_task(world.blobs.check(blob.id, "a")) for _ in range(64)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.to_thread(lambda: None)
    assert not any(task.done() for task in reading)
    go_on.set()
    assert {each.sha256 for each in await asyncio.gather(*reading)} == {blob.sha256}


async def test_every_version_is_described_beside_its_bytes(world: World) -> None:
    item = await _item(world, a=b"bytes")
    _, version = await world.items.files(item)
    assert list(world.store.described("datastore-1")) == [(item, version.id)]
    checksum = version.files[0].checksum
    assert checksum is not None
    text = (world.directory / "datastore-1" / "items" / item / f"{version.id}.json").read_text()
    for told in ('"name": "a"', '"number": 2', version.files[0].blob, checksum.digits, "Images", "Debian"):
        assert told in text
