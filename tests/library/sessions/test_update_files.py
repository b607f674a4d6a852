"""The files of an update session: added, removed and listed."""

from __future__ import annotations

import pytest

from contentlib.library.errors import (
    Invalid,
    Missing,
    MissingFile,
)
from contentlib.library.model import Source, TransferStatus
from contentlib.library.sessions.pulls import PullTasks
from contentlib.library.sessions.update_files import NewFile, UpdateFiles
from contentlib.library.sessions.upload_rules import UploadRules
from contentlib.library.tasks import Tasks
from library.world import World


async def _item(world: World, **files: bytes) -> str:
    item = await world.item()
    if files:
        await world.complete(item, files)
    return item


async def test_files_are_added_replaced_and_removed_in_one_session(world: World) -> None:
    item = await _item(world, kept=b"1", replaced=b"2", removed=b"3")
    session = await world.update(item)
    await world.send(session, "replaced", b"two")
    await world.send(session, "added", b"4")
    await world.files.remove(session, "removed")
    assert [file.name for file in await world.files.all(session)] == ["kept", "replaced", "added"]
    await world.completion.complete(session)
    assert await world.content(item) == {"kept": b"1", "replaced": b"two", "added": b"4"}
    _, version = await world.items.files(item)
    assert {file.name: file.revision for file in version.files} == {"kept": 1, "replaced": 2, "added": 1}


async def test_names_that_differ_in_case_or_accents_are_files_of_their_own(world: World) -> None:
    files = {"a": b"1", "A": b"2", "\u00e9": b"3", "e\u0301": b"4", "x" * 255: b"5", " .hidden": b"6"}
    item = await world.item()
    await world.complete(item, files)
    assert await world.content(item) == files


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\\b", "a\0b", "\n", "x" * 300, "é" * 128, "\ud800"], ids=ascii)
async def test_a_name_that_is_no_plain_file_name_is_refused(world: World, name: str) -> None:
    session = await world.update(await _item(world))
    with pytest.raises(Invalid, match=r"file_spec\.name"):
        await world.files.add(session, NewFile(name, Source.PUSH))
    assert await world.files.all(session) == []


async def test_a_file_added_again_starts_anew_and_the_old_address_is_dead(world: World) -> None:
    session = await world.update(await _item(world))
    old = await world.send(session, "a", b"old")
    new = await world.files.add(session, NewFile("a", Source.PUSH))
    assert (new.status, new.received) == (TransferStatus.WAITING_FOR_TRANSFER, 0)
    assert old.id in world.ended
    with pytest.raises(Missing):
        await world.transfers.target(session, old.id)
    with pytest.raises(Missing):
        await world.transfers.begin(old)


async def test_a_file_of_no_source_stays_as_it_is(world: World) -> None:
    item = await _item(world, a=b"1")
    session = await world.update(item)
    await world.send(session, "a", b"2")
    assert (await world.files.add(session, NewFile("a", Source.NONE))).status is TransferStatus.READY
    await world.completion.complete(session)
    assert await world.content(item) == {"a": b"1"}


async def test_only_files_that_are_there_can_be_removed(world: World) -> None:
    session = await world.update(await _item(world, a=b"1"))
    await world.files.remove(session, "a")
    for name in ("a", "never"):
        with pytest.raises(MissingFile, match=name):
            await world.files.remove(session, name)
        with pytest.raises(MissingFile, match=name):
            await world.files.get(session, name)


async def test_a_removed_file_can_be_sent_again(world: World) -> None:
    item = await _item(world, a=b"1")
    session = await world.update(item)
    await world.files.remove(session, "a")
    await world.send(session, "a", b"2")
    await world.completion.complete(session)
    assert await world.content(item) == {"a": b"2"}


@pytest.mark.parametrize(
    "new", [NewFile("a", Source.PUSH, size=-1), NewFile("a", Source.PULL), NewFile("a", Source.PUSH, size=2**63)], ids=repr
)
async def test_a_file_that_cannot_be_is_refused(world: World, new: NewFile) -> None:
    session = await world.update(await _item(world))
    with pytest.raises(Invalid, match="file_spec"):
        await world.files.add(session, new)


async def test_uploads_over_the_limit_are_refused_when_they_are_declared(world: World) -> None:
    files = UpdateFiles(
        world.metadata, world.updates, world.leases, world.blobs, PullTasks(Tasks(world.metadata, world.clock)), UploadRules(10)
    )
    session = await world.update(await _item(world))
    await files.add(session, NewFile("a", Source.PUSH, size=10))
    with pytest.raises(Invalid, match="10 are allowed"):
        await files.add(session, NewFile("a", Source.PUSH, size=11))
