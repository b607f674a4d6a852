"""Update sessions: what becomes visible, and when."""

from __future__ import annotations

import asyncio
import errno
import os

import pytest
from msgspec.structs import replace

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import (
    Busy,
    Damaged,
    Fault,
    Invalid,
    Missing,
    MissingFile,
    NotActive,
    NotReady,
    StillActive,
    Unavailable,
)
from contentlib.library.model import Source, State, TransferStatus
from contentlib.library.packages.checks import Findings
from contentlib.library.sessions.update_sessions import NewFile
from library.world import LEASE, World, sha256


async def _item(world: World, **files: bytes) -> str:
    item = await world.item()
    if files:
        await world.complete(item, files)
    return item


async def test_a_new_session_knows_its_item_and_its_lease(world: World) -> None:
    item = await _item(world, a=b"1")
    session = await world.updates.get(await world.update(item))
    assert (session.item, session.content_version, session.state, session.progress) == (item, 2, State.ACTIVE, 0)
    assert world.leases.expiration(session) == world.clock.now() + LEASE


async def test_a_session_needs_an_item(world: World) -> None:
    with pytest.raises(Invalid, match=r"create_spec\.library_item_id is required"):
        await world.updates.create("ann", "l", None, (), None)
    with pytest.raises(Missing):
        await world.update("gone")
    with pytest.raises(Missing):
        await world.updates.ids("ann", "gone")


async def test_an_item_has_one_active_session(world: World) -> None:
    item = await _item(world)
    session = await world.update(item)
    with pytest.raises(Busy, match=session):
        await world.update(item)
    await world.updates.cancel(session)
    second = await world.update(item)
    assert await world.updates.ids("ann", item) == [session, second]
    assert await world.updates.ids("bob", None) == []


async def test_of_two_sessions_started_at_once_one_is_refused(world: World) -> None:
    item = await _item(world)
    ended = await asyncio.gather(*[world.update(item) for _ in range(8)], return_exceptions=True)
    assert [type(each) for each in ended].count(str) == 1
    assert [type(each) for each in ended].count(Busy) == 7


async def test_a_session_whose_lease_is_over_does_not_hold_up_the_next(world: World) -> None:
    item = await _item(world)
    old = await world.update(item)
    world.wait(LEASE + 1)
    await world.update(item)
    session = await world.updates.get(old)
    assert session.state is State.CANCELED
    assert session.fault == Fault("session.expired", "nothing happened on the session for 300 seconds", ("300",))


async def test_complete_makes_a_new_content_version_and_touches_no_other_counter(world: World) -> None:
    item_id = await _item(world, a=b"1")
    before = await world.items.get(item_id)
    session = await world.update(item_id)
    await world.send(session, "b", b"22", size=2, checksum=sha256(b"22"))
    assert await world.content(item_id) == {"a": b"1"}
    world.wait(7)
    await world.updates.complete(session)
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


async def test_files_are_added_replaced_and_removed_in_one_session(world: World) -> None:
    item = await _item(world, kept=b"1", replaced=b"2", removed=b"3")
    session = await world.update(item)
    await world.send(session, "replaced", b"two")
    await world.send(session, "added", b"4")
    await world.updates.remove_file(session, "removed")
    assert [file.name for file in await world.updates.files(session)] == ["kept", "replaced", "added"]
    await world.updates.complete(session)
    assert await world.content(item) == {"kept": b"1", "replaced": b"two", "added": b"4"}
    _, version = await world.items.files(item)
    assert {file.name: file.revision for file in version.files} == {"kept": 1, "replaced": 2, "added": 1}


async def test_all_files_removed_is_an_empty_item(world: World) -> None:
    item = await _item(world, a=b"1")
    await world.complete(item, {}, removed=("a",))
    assert await world.content(item) == {}
    assert ((await world.items.get(item)).content_version, (await world.items.get(item)).size) == (3, 0)


async def test_names_that_differ_in_case_or_accents_are_files_of_their_own(world: World) -> None:
    files = {"a": b"1", "A": b"2", "\u00e9": b"3", "e\u0301": b"4", "x" * 255: b"5", " .hidden": b"6"}
    item = await world.item()
    await world.complete(item, files)
    assert await world.content(item) == files


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\\b", "a\0b", "\n", "x" * 300, "é" * 128, "\ud800"], ids=ascii)
async def test_a_name_that_is_no_plain_file_name_is_refused(world: World, name: str) -> None:
    session = await world.update(await _item(world))
    with pytest.raises(Invalid, match=r"file_spec\.name"):
        await world.updates.add_file(session, NewFile(name, Source.PUSH))
    assert await world.updates.files(session) == []


async def test_a_session_that_changes_nothing_leaves_the_version_as_it_is(world: World) -> None:
    item = await _item(world, a=b"1")
    before = await world.items.get(item)
    session = await world.update(item)
    await world.send(session, "b", b"2")
    await world.updates.remove_file(session, "b")
    await world.updates.complete(session)
    assert await world.items.get(item) == before
    assert (await world.updates.get(session)).state is State.DONE


async def test_nothing_can_be_completed_to_no_content(world: World) -> None:
    session = await world.update(await _item(world))
    with pytest.raises(NotReady, match="no file was added"):
        await world.updates.complete(session)
    assert (await world.updates.get(session)).state is State.ACTIVE


async def test_complete_names_every_file_that_is_missing_or_in_error(world: World) -> None:
    item = await _item(world)
    session = await world.update(item)
    await world.send(session, "good", b"1")
    await world.updates.add_file(session, NewFile("waiting", Source.PUSH))
    await world.send(session, "short", b"1", size=2)
    await world.updates.begin(await world.updates.add_file(session, NewFile("coming", Source.PUSH)))
    told = "'waiting' is WAITING_FOR_TRANSFER; 'short' is ERROR: .*expected were 2; 'coming' is TRANSFERRING"
    with pytest.raises(NotReady, match=told) as caught:
        await world.updates.complete(session)
    assert caught.value.fault.args == ("waiting", "short", "coming")
    assert (await world.updates.get(session)).state is State.ACTIVE
    assert (await world.items.get(item)).version_id is None


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_a_wrong_checksum_is_told_with_both_values_and_the_file_can_be_sent_again(
    world: World, algorithm: Algorithm
) -> None:
    right = world.receive("datastore-1", "probe", b"right", Checksum(algorithm, "")).digests[algorithm]
    world.store.discard("datastore-1", "probe")
    session = await world.update(await _item(world))
    file = await world.send(session, "a", b"wrong", checksum=Checksum(algorithm, right))
    assert file.status is TransferStatus.ERROR
    assert file.fault is not None
    assert right in file.fault.text
    assert len(set(file.fault.args)) == 3
    again = await world.send_to(file, b"right")
    assert (again.status, again.fault, again.received) == (TransferStatus.READY, None, 5)
    assert again.content == Checksum(algorithm, right)


async def test_the_checksum_is_sha256_where_none_was_declared(world: World) -> None:
    file = await world.send(await world.update(await _item(world)), "a", b"x")
    assert file.content == sha256(b"x")


async def test_a_file_added_again_starts_anew_and_the_old_address_is_dead(world: World) -> None:
    session = await world.update(await _item(world))
    old = await world.send(session, "a", b"old")
    new = await world.updates.add_file(session, NewFile("a", Source.PUSH))
    assert (new.status, new.received) == (TransferStatus.WAITING_FOR_TRANSFER, 0)
    assert old.id in world.ended
    with pytest.raises(Missing):
        await world.updates.target(session, old.id)
    with pytest.raises(Missing):
        await world.updates.begin(old)


async def test_a_file_of_no_source_stays_as_it_is(world: World) -> None:
    item = await _item(world, a=b"1")
    session = await world.update(item)
    await world.send(session, "a", b"2")
    assert (await world.updates.add_file(session, NewFile("a", Source.NONE))).status is TransferStatus.READY
    await world.updates.complete(session)
    assert await world.content(item) == {"a": b"1"}


async def test_a_file_that_nobody_said_the_source_of_is_missing(world: World) -> None:
    session = await world.update(await _item(world))
    await world.updates.add_file(session, NewFile("a", Source.NONE))
    assert await world.updates.validate(session) == Findings(("a",))
    with pytest.raises(NotReady, match="'a' is WAITING"):
        await world.updates.complete(session)


async def test_pushed_files_that_are_not_there_are_not_ready(world: World) -> None:
    session = await world.update(await _item(world))
    file = await world.updates.add_file(session, NewFile("a", Source.PUSH))
    with pytest.raises(NotReady, match="'a'"):
        await world.updates.validate(session)
    await world.send_to(file, b"1")
    assert await world.updates.validate(session) == Findings()


async def test_only_files_that_are_there_can_be_removed(world: World) -> None:
    session = await world.update(await _item(world, a=b"1"))
    await world.updates.remove_file(session, "a")
    for name in ("a", "never"):
        with pytest.raises(MissingFile, match=name):
            await world.updates.remove_file(session, name)
        with pytest.raises(MissingFile, match=name):
            await world.updates.file(session, name)


async def test_a_removed_file_can_be_sent_again(world: World) -> None:
    item = await _item(world, a=b"1")
    session = await world.update(item)
    await world.updates.remove_file(session, "a")
    await world.send(session, "a", b"2")
    await world.updates.complete(session)
    assert await world.content(item) == {"a": b"2"}


@pytest.mark.parametrize(
    "new", [NewFile("a", Source.PUSH, size=-1), NewFile("a", Source.PULL), NewFile("a", Source.PUSH, size=2**63)], ids=repr
)
async def test_a_file_that_cannot_be_is_refused(world: World, new: NewFile) -> None:
    session = await world.update(await _item(world))
    with pytest.raises(Invalid, match="file_spec"):
        await world.updates.add_file(session, new)


# ends


@pytest.mark.parametrize("end", ["cancel", "fail", "expire", "delete item"])
async def test_of_a_session_that_did_not_complete_nothing_is_ever_visible(world: World, end: str) -> None:
    item = await _item(world, a=b"1")
    before = await world.items.get(item)
    session = await world.update(item)
    await world.send(session, "a", b"new")
    await world.send(session, "b", b"2")
    await world.updates.remove_file(session, "a")
    if end == "cancel":
        await world.updates.cancel(session)
    elif end == "fail":
        await world.updates.fail(session, "client gave up")
    elif end == "expire":
        world.wait(LEASE + 1)
    else:
        await world.items.delete(item)
    with pytest.raises(NotActive):
        await world.updates.complete(session)
    if end != "delete item":
        assert await world.items.get(item) == before
        assert await world.content(item) == {"a": b"1"}
    await world.collect()
    assert len(world.kept()) == (0 if end == "delete item" else 1)


async def test_a_failed_session_keeps_the_message_of_the_client(world: World) -> None:
    session = await world.update(await _item(world))
    await world.updates.fail(session, "no such\0 file \ud800")
    failed = await world.updates.get(session)
    assert failed.state is State.ERROR
    assert failed.fault == Fault("session.failed_by_client", "no such\ufffd file \ufffd", ("no such\ufffd file \ufffd",))


@pytest.mark.parametrize("end", ["complete", "cancel", "fail"])
async def test_a_session_that_ended_can_only_be_looked_at_and_deleted(world: World, end: str) -> None:
    session = await world.update(await _item(world))
    file = await world.send(session, "a", b"1")
    await (world.updates.fail(session, "x") if end == "fail" else getattr(world.updates, end)(session))
    before = await world.updates.get(session)
    for call in (
        world.updates.complete(session),
        world.updates.cancel(session),
        world.updates.fail(session, "y"),
        world.updates.keep_alive(session, 5),
        world.updates.update(session, ()),
        world.updates.add_file(session, NewFile("b", Source.PUSH)),
        world.updates.remove_file(session, "a"),
        world.updates.validate(session),
        world.updates.target(session, file.id),
        world.updates.begin(file),
    ):
        with pytest.raises(NotActive, match=before.state):
            await call
    assert await world.updates.get(session) == before
    assert [each.name for each in await world.updates.files(session)] == ["a"]
    await world.updates.delete(session)
    with pytest.raises(Missing):
        await world.updates.get(session)


async def test_an_active_session_cannot_be_deleted(world: World) -> None:
    session = await world.update(await _item(world))
    with pytest.raises(StillActive, match="is ACTIVE"):
        await world.updates.delete(session)
    with pytest.raises(Missing):
        await world.updates.delete("gone")


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
    ended = await asyncio.gather(world.updates.complete(session), world.updates.complete(session), return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) in (["Busy", "NoneType"], ["NoneType", "NotActive"])
    assert (await world.items.get(item)).content_version == 2


async def test_a_file_that_changes_while_a_session_is_completed_is_not_lost(world: World) -> None:
    item = await _item(world)
    session = await world.update(item)
    await world.send(session, "a", b"1")
    completing = asyncio.create_task(world.updates.complete(session))
    await asyncio.sleep(0)
    added = asyncio.create_task(world.updates.add_file(session, NewFile("b", Source.PUSH)))
    done, refused = await asyncio.gather(completing, added, return_exceptions=True)
    assert [isinstance(done, NotReady), isinstance(refused, NotActive)].count(True) == 1


async def test_a_request_that_comes_after_its_successor_does_not_undo_it(world: World) -> None:
    item = await _item(world)
    session = await world.update(item)
    read_early = await world.updates.add_file(session, NewFile("a", Source.PUSH))
    await world.send_to(read_early, b"whole")
    with pytest.raises(Busy, match="file 'a' was completed by another request meanwhile"):
        await world.updates.begin(read_early)
    found = await world.updates.file(session, "a")
    assert (found.status, found.received) == (TransferStatus.READY, 5)
    await world.updates.complete(session)
    assert await world.content(item) == {"a": b"whole"}


async def test_only_the_warnings_to_pass_over_can_be_updated(world: World) -> None:
    session = await world.update(await _item(world))
    await world.updates.update(session, (("SELF_SIGNED", True),))
    await world.updates.update(session, None)
    assert (await world.updates.get(session)).ignored_warnings == (("SELF_SIGNED", True),)


async def test_uploads_over_the_limit_are_refused_when_they_are_declared(world: World) -> None:
    world.updates._upload_limit = 10
    session = await world.update(await _item(world))
    await world.updates.add_file(session, NewFile("a", Source.PUSH, size=10))
    with pytest.raises(Invalid, match="10 are allowed"):
        await world.updates.add_file(session, NewFile("a", Source.PUSH, size=11))


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
            await world.updates.complete(session)
    lost = await world.updates.file(session, "a")
    assert lost.status is TransferStatus.ERROR
    assert lost.fault is not None
    assert lost.fault.id == "file.not_written"
    with pytest.raises(NotReady, match="'a'"):
        await world.updates.complete(session)
    await world.send_to(lost, b"1")
    await world.updates.complete(session)
    assert await world.content(item) == {"a": b"1", "b": b"2"}


async def test_a_file_that_could_not_be_opened_to_be_flushed_is_as_good_as_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = await _item(world)
    session = await world.update(item)
    await world.send(session, "a", b"1")
    with monkeypatch.context() as broken:
        broken.setattr(os, "open", _no_descriptors)
        with pytest.raises(Unavailable, match="cannot be read from storage datastore-1: Too many open files"):
            await world.updates.complete(session)
    assert (await world.updates.file(session, "a")).status is TransferStatus.READY
    await world.updates.complete(session)
    assert await world.content(item) == {"a": b"1"}


def _no_fsync(_: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def _no_descriptors(*_: object, **__: object) -> int:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
