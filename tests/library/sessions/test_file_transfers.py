"""The bytes of a file of an update session as they come."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from msgspec.structs import replace

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.errors import Busy, Fault, NotActive, Superseded
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Source, SourceEndpoint, Touches, TransferStatus
from contentlib.library.sessions.update_files import NewFile
from library.world import World, sha256


async def _item(world: World, **files: bytes) -> str:
    item = await world.item()
    if files:
        await world.complete(item, files)
    return item


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
    assert len({*file.fault.args}) == len(file.fault.params)
    again = await world.send_to(file, b"right")
    assert (again.status, again.fault, again.received) == (TransferStatus.READY, None, 5)
    assert again.content == Checksum(algorithm, right)


async def test_the_checksum_is_sha256_where_none_was_declared(world: World) -> None:
    file = await world.send(await world.update(await _item(world)), "a", b"x")
    assert file.content == sha256(b"x")


async def test_a_request_that_comes_after_its_successor_does_not_undo_it(world: World) -> None:
    item = await _item(world)
    session = await world.update(item)
    read_early = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.send_to(read_early, b"whole")
    with pytest.raises(Busy, match="file 'a' was completed by another request"):
        await world.transfers.begin(read_early)
    found = await world.files.get(session, "a")
    assert (found.status, found.received) == (TransferStatus.READY, 5)
    await world.completion.complete(session)
    assert await world.content(item) == {"a": b"whole"}


async def test_a_request_that_comes_after_a_newer_one_was_answered_does_not_undo_its_bytes(world: World) -> None:
    session = await world.update(await _item(world))
    read_early = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.transfers.begin(read_early)
    await world.transfers.pause(read_early, 5)
    with pytest.raises(Superseded, match="file 'a' was continued by another request, and has 5 bytes now"):
        await world.transfers.begin(read_early)
    await world.transfers.begin((await world.transfers.target(session, read_early.id)).file)


async def test_progress_that_is_stored_late_does_not_lower_what_a_client_has_heard(world: World) -> None:
    session = await world.update(await _item(world))
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.transfers.begin(file)
    await world.transfers.pause(file, 5)
    async with world.metadata.transaction(durable=False) as transaction:
        await transaction.state.touch(Touches({}, {}, {file.id: 3}))
    assert (await world.transfers.target(session, file.id)).file.received == 5


async def test_an_attempt_that_breaks_off_late_takes_nothing_from_a_complete_file(world: World) -> None:
    session = await world.update(await _item(world))
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.send_to(file, b"1")
    ready = await world.files.get(session, "a")
    with pytest.raises(NotActive, match="file a is READY and cannot be paused"):
        await world.transfers.wait(file, 0, Fault("pull.timeout", "too slow"))
    assert await world.files.get(session, "a") == ready


async def test_a_process_that_was_taken_for_dead_changes_nothing_that_another_one_receives(world: World) -> None:
    session = await world.update(await _item(world))
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.transfers.begin(file)
    async with world.metadata.transaction(durable=True) as transaction:  # another process has taken over, and receives it now
        ours = await transaction.update_files.by_id(session, file.id)
        assert ours is not None
        theirs = replace(ours, writer=new_identifier())
        await transaction.update_files.put(theirs)
    received = world.receive((await world.updates.get(session)).storage, file.id, b"late")
    for late in (
        world.transfers.finish(file, received),
        world.transfers.pause(file, 1),
        world.transfers.stop(file, 0, Fault("upload.silent", "late")),
    ):
        with pytest.raises(Busy, match="file 'a' is being received by another process of the server"):
            await late
    async with world.metadata.reading() as transaction:
        assert await transaction.update_files.by_id(session, file.id) == theirs


async def test_a_request_that_began_before_another_one_was_complete_replaces_its_bytes(world: World) -> None:
    session = await world.update(await _item(world))
    added = await world.files.add(session, NewFile("a", Source.PUSH))
    storage, file = (await world.updates.get(session)).storage, added
    for _ in range(2):
        await world.transfers.begin(file)
    for data in (b"first", b"the second"):
        received = world.receive(storage, file.id, data)
        assert await world.transfers.finish(file, received) is None
    found = await world.files.get(session, "a")
    assert (found.status, found.received) == (TransferStatus.READY, len(b"the second"))


@pytest.mark.parametrize("status", [TransferStatus.TRANSFERRING, TransferStatus.READY, TransferStatus.ERROR])
async def test_a_process_that_stood_still_completes_nothing_that_another_one_has_received_since(
    world: World, status: TransferStatus
) -> None:
    session = await world.update(await _item(world))
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.transfers.begin(file)
    async with world.metadata.transaction(durable=True) as transaction:
        ours = await transaction.update_files.by_id(session, file.id)
        assert ours is not None
        theirs = replace(ours, status=status, writer=None, begun_by=new_identifier(), received=7)
        await transaction.update_files.put(theirs)
    received = world.receive((await world.updates.get(session)).storage, file.id, b"late")
    for late in (
        world.transfers.finish(file, received),
        world.transfers.pause(file, 1),
        world.transfers.stop(file, 0, Fault("upload.not_stored", "the storage has no such upload")),
    ):
        with pytest.raises(Superseded, match="file 'a' is being received by another process of the server"):
            await late
    async with world.metadata.reading() as transaction:
        assert await transaction.update_files.by_id(session, file.id) == theirs


async def test_a_process_that_stood_still_before_it_began_takes_nothing_from_another_one(world: World) -> None:
    session = await world.update(await _item(world))
    read_early = await world.files.add(session, NewFile("a", Source.PUSH))
    there = world.elsewhere("there")
    await there.begin(read_early)
    with pytest.raises(Superseded, match="file 'a' is being received by another process of the server"):
        await world.transfers.begin(read_early)
    await there.pause(read_early, 5)
    assert (await world.transfers.target(session, read_early.id)).file.received == 5


async def test_another_process_goes_on_with_a_file_whose_process_was_killed(world: World) -> None:
    session = await world.update(await _item(world))
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.elsewhere("killed").begin(file)
    found = await world.send_to((await world.transfers.target(session, file.id)).file, b"whole")
    assert (found.status, found.received) == (TransferStatus.READY, 5)


@pytest.mark.parametrize("ready", [True, False])
async def test_a_process_that_has_received_nothing_of_a_file_can_set_it_to_error(world: World, ready: bool) -> None:
    session = await world.update(await _item(world))
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.send_to(file, b"whole") if ready else await world.transfers.begin(file)
    if not ready:
        await world.transfers.pause(file, 5)
    read = (await world.transfers.target(session, file.id)).file
    await world.elsewhere("there").stop(read, 0, Fault("file.lost", "the bytes are lost"))
    assert (await world.files.get(session, "a")).status is TransferStatus.ERROR


@pytest.mark.parametrize(("source", "fails"), [(Source.PUSH, False), (Source.PULL, True)])
async def test_a_file_whose_process_was_killed_fails_only_if_no_client_sends_it(
    world: World, source: Source, fails: bool
) -> None:
    session = await world.update(await _item(world))
    endpoint = SourceEndpoint("https://publisher.example/a") if source is Source.PULL else None
    file = await world.files.add(session, NewFile("a", source, endpoint=endpoint))
    await world.elsewhere("killed").begin(file)
    read = (await world.transfers.target(session, file.id)).file
    with nullcontext() if fails else pytest.raises(Superseded):
        await world.transfers.stop(read, 0, Fault("pull.failed", "the publisher does not answer"))
    status = TransferStatus.ERROR if fails else TransferStatus.TRANSFERRING
    assert (await world.transfers.target(session, file.id)).file.status is status
