"""Completing an update session: what becomes visible, and when."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest
from msgspec.structs import replace

from contentlib.library.errors import (
    Damaged,
    NotActive,
    NotReady,
    Unavailable,
)
from contentlib.library.model import Source, State, TransferStatus
from contentlib.library.packages.checks import Findings
from contentlib.library.sessions.update_files import NewFile
from library.world import LEASE, World, sha256


async def _item(world: World, **files: bytes) -> str:
    item = await world.item()
    if files:
        await world.complete(item, files)
    return item


async def test_complete_makes_a_new_content_version_and_touches_no_other_counter(world: World) -> None:
    item_id = await _item(world, a=b"1")
    before = await world.items.get(item_id)
    session = await world.update(item_id)
    await world.send(session, "b", b"22", size=2, checksum=sha256(b"22"))
    assert await world.content(item_id) == {"a": b"1"}
    world.wait(7)
    await world.completion.complete(session)
    item = await world.items.get(item_id)
    assert (item.version, item.metadata_version, item.content_version, item.size) == (1, 1, before.content_version + 1, 3)
    assert item.modified == world.clock.now()
    assert await world.content(item_id) == {"a": b"1", "b": b"22"}
    done = await world.updates.get(session)
    assert (done.state, done.progress, done.content_version) == (State.DONE, 100, 2)
    assert session in world.ended


async def test_an_item_whose_number_is_behind_its_versions_can_be_updated(world: World) -> None:
    item = await _item(world, a=b"1")
    async with world.metadata.transaction(durable=False) as transaction:
        row = await transaction.items.get(item)
        assert row is not None
        await transaction.items.put(replace(row, content_version=row.content_version - 1))
    await world.complete(item, {"a": b"2"})
    assert (await world.items.get(item)).content_version == 3


async def test_all_files_removed_is_an_empty_item(world: World) -> None:
    item = await _item(world, a=b"1")
    await world.complete(item, {}, removed=("a",))
    assert await world.content(item) == {}
    assert ((await world.items.get(item)).content_version, (await world.items.get(item)).size) == (3, 0)


async def test_a_session_that_changes_nothing_leaves_the_version_as_it_is(world: World) -> None:
    item = await _item(world, a=b"1")
    before = await world.items.get(item)
    session = await world.update(item)
    await world.send(session, "b", b"2")
    await world.files.remove(session, "b")
    await world.completion.complete(session)
    assert await world.items.get(item) == before
    assert (await world.updates.get(session)).state is State.DONE


async def test_nothing_can_be_completed_to_no_content(world: World) -> None:
    session = await world.update(await _item(world))
    with pytest.raises(NotReady, match="no file was added"):
        await world.completion.complete(session)
    assert (await world.updates.get(session)).state is State.ACTIVE


async def test_complete_names_every_file_that_is_missing_or_in_error(world: World) -> None:
    item = await _item(world)
    session = await world.update(item)
    await world.send(session, "good", b"1")
    await world.files.add(session, NewFile("waiting", Source.PUSH))
    await world.send(session, "short", b"1", size=2)
    await world.transfers.begin(await world.files.add(session, NewFile("coming", Source.PUSH)))
    told = "'waiting' is WAITING_FOR_TRANSFER; 'short' is ERROR: .*expected 2; 'coming' is TRANSFERRING"
    with pytest.raises(NotReady, match=told) as caught:
        await world.completion.complete(session)
    assert [each.split()[0] for each in caught.value.fault.args] == ["'waiting'", "'short'", "'coming'"]
    assert (await world.updates.get(session)).state is State.ACTIVE
    assert (await world.items.get(item)).version_id is None


async def test_a_file_that_nobody_said_the_source_of_is_missing(world: World) -> None:
    session = await world.update(await _item(world))
    await world.files.add(session, NewFile("a", Source.NONE))
    assert await world.completion.validate(session) == Findings(("a",))
    with pytest.raises(NotReady, match="'a' is WAITING"):
        await world.completion.complete(session)


async def test_pushed_files_that_are_not_there_are_not_ready(world: World) -> None:
    session = await world.update(await _item(world))
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    with pytest.raises(NotReady, match="'a'"):
        await world.completion.validate(session)
    await world.send_to(file, b"1")
    assert await world.completion.validate(session) == Findings()


@pytest.mark.parametrize("end", ["cancel", "fail", "expire", "delete item"])
async def test_of_a_session_that_did_not_complete_nothing_is_ever_visible(world: World, end: str) -> None:
    item = await _item(world, a=b"1")
    before = await world.items.get(item)
    session = await world.update(item)
    await world.send(session, "a", b"new")
    await world.send(session, "b", b"2")
    await world.files.remove(session, "a")
    if end == "cancel":
        await world.updates.cancel(session)
    elif end == "fail":
        await world.updates.fail(session, "client gave up")
    elif end == "expire":
        world.wait(LEASE + 1)
    else:
        await world.items.delete(item)
    with pytest.raises(NotActive):
        await world.completion.complete(session)
    if end != "delete item":
        assert await world.items.get(item) == before
        assert await world.content(item) == {"a": b"1"}
    await world.collect()
    assert len(world.kept()) == (0 if end == "delete item" else 1)


async def test_what_a_completed_session_made_outlives_it(world: World) -> None:
    item = await _item(world, a=b"1")
    for session in await world.updates.ids("ann", None):
        await world.updates.delete(session)
    await world.collect()
    assert await world.content(item) == {"a": b"1"}


async def test_of_two_completes_at_once_one_is_refused_and_one_version_is_made(world: World) -> None:
    item = await _item(world)
    session = await world.update(item)
    await world.send(session, "a", b"1")
    ended = await asyncio.gather(world.completion.complete(session), world.completion.complete(session), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) in (["Busy", "NoneType"], ["NoneType", "NotActive"])
    assert (await world.items.get(item)).content_version == 2


async def test_a_file_that_changes_while_a_session_is_completed_is_not_lost(world: World) -> None:
    item = await _item(world)
    session = await world.update(item)
    await world.send(session, "a", b"1")
    completing = asyncio.create_task(world.completion.complete(session))
    await asyncio.sleep(0)
    added = asyncio.create_task(world.files.add(session, NewFile("b", Source.PUSH)))
    done, refused = await asyncio.gather(completing, added, return_exceptions=True)
    assert [isinstance(done, NotReady), isinstance(refused, NotActive)].count(True) == 1


async def test_a_file_that_could_not_be_flushed_is_in_error_until_it_is_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel tells of bytes that it could not write once; a second fsync succeeds and proves nothing."""
    item = await _item(world)
    session = await world.update(item)
    await world.send(session, "a", b"1")
    await world.send(session, "b", b"2")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", _no_fsync)
        with pytest.raises(
            Damaged, match=r"file 'a' could not be written to storage datastore-1 \(Input/output error\); send it"
        ):
            await world.completion.complete(session)
    lost = await world.files.get(session, "a")
    assert lost.status is TransferStatus.ERROR
    assert lost.fault is not None
    assert lost.fault.id == "file.not_written"
    with pytest.raises(NotReady, match="'a'"):
        await world.completion.complete(session)
    await world.send_to(lost, b"1")
    await world.completion.complete(session)
    assert await world.content(item) == {"a": b"1", "b": b"2"}


async def test_a_file_that_could_not_be_opened_to_be_flushed_is_as_good_as_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = await _item(world)
    session = await world.update(item)
    await world.send(session, "a", b"1")
    with monkeypatch.context() as broken:
        broken.setattr(os, "open", _no_descriptors)
        with pytest.raises(Unavailable, match="cannot read content of file 'a' from storage datastore-1: Too many open files"):
            await world.completion.complete(session)
    assert (await world.files.get(session, "a")).status is TransferStatus.READY
    await world.completion.complete(session)
    assert await world.content(item) == {"a": b"1"}


def _no_fsync(_: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def _no_descriptors(*_: object, **__: object) -> int:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
