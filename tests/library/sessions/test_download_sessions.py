"""Download sessions: they serve what they began with."""

from __future__ import annotations

import asyncio

import pytest

from contentlib.library.errors import Damaged, Invalid, Missing, MissingFile, NotActive
from contentlib.library.model import EndpointType, PrepareStatus, State
from contentlib.library.sessions import messages
from library.world import LEASE, World


async def _item(world: World, **files: bytes) -> str:
    item = await world.item()
    await world.complete(item, files or {"a": b"1", "b": b"22"})
    return item


async def test_a_new_session_knows_its_item_and_its_lease(world: World) -> None:
    item = await _item(world)
    session = await world.downloads.get(await world.download(item))
    assert (session.item, session.content_version, session.state, session.progress) == (item, 2, State.ACTIVE, 0)
    assert world.leases.expiration(session) == world.clock.now() + LEASE


async def test_a_session_needs_an_item(world: World) -> None:
    with pytest.raises(Invalid, match=r"create_spec\.library_item_id is required"):
        await world.downloads.create("ann", "l", None, None)
    with pytest.raises(Missing, match="library item 'gone' does not exist"):
        await world.download("gone")
    with pytest.raises(Missing):
        await world.downloads.ids("ann", "gone")


async def test_many_sessions_of_an_item_are_listed_for_their_user(world: World) -> None:
    item = await _item(world)
    mine = [await world.download(item) for _ in range(3)]
    await world.downloads.create("bob", "login", item, None)
    other = await world.download(await _item(world))
    assert await world.downloads.ids("ann", item) == mine
    assert await world.downloads.ids("ann", None) == [*mine, other]


async def test_a_session_serves_the_version_of_its_creation_through_updates_and_deletion(world: World) -> None:
    item = await _item(world, a=b"one", b=b"two")
    old = await world.download(item)
    await world.complete(item, {"a": b"ONE", "c": b"three"}, removed=("b",))
    new = await world.download(item)
    for _ in range(4):
        await world.complete(item, {"a": b"later"})
    await world.collect()
    assert (await world.downloads.get(old)).content_version == 2
    assert await world.served(old) == {"a": b"one", "b": b"two"}
    assert await world.served(new) == {"a": b"ONE", "c": b"three"}
    await world.items.delete(item)
    await world.collect()
    assert await world.served(old) == {"a": b"one", "b": b"two"}
    assert (await world.downloads.get(old)).state is State.ACTIVE


async def test_what_a_session_served_is_collected_after_its_end(world: World) -> None:
    item = await _item(world, a=b"one")
    session = await world.download(item)
    await world.complete(item, {"a": b"two"})
    await world.collect()
    assert len(world.kept()) == 2
    await world.downloads.cancel(session)
    await world.collect()
    assert len(world.kept()) == 1
    assert await world.content(item) == {"a": b"two"}


async def test_a_session_on_an_item_without_content_stays_without(world: World) -> None:
    item = await world.item()
    session = await world.download(item)
    await world.complete(item, {"a": b"1"})
    assert (await world.downloads.get(session)).content_version == 1
    assert await world.downloads.files(session) == []


async def test_a_file_is_unprepared_until_it_is_asked_for(world: World) -> None:
    session = await world.download(await _item(world))
    before = await world.downloads.file(session, "b")
    assert (before.preparation.status, before.position, before.file.size) == (PrepareStatus.UNPREPARED, 1, 2)
    prepared = await world.downloads.prepare(session, "b", EndpointType.DIRECT)
    assert prepared.preparation.status is PrepareStatus.PREPARED
    assert await world.downloads.file(session, "b") == prepared
    assert (await world.downloads.file(session, "a")).preparation.status is PrepareStatus.UNPREPARED
    assert prepared.preparation.endpoint is EndpointType.DIRECT


async def test_a_file_that_is_not_there_is_neither_told_nor_prepared(world: World) -> None:
    session = await world.download(await _item(world))
    for call in (world.downloads.file(session, "c"), world.downloads.prepare(session, "c", EndpointType.HTTPS)):
        with pytest.raises(MissingFile, match="has no file 'c'"):
            await call
    for position in (-1, 2):
        with pytest.raises(Missing):
            await world.downloads.target(session, position)


async def test_a_file_whose_bytes_are_gone_is_in_error_when_it_is_prepared(world: World) -> None:
    item = await _item(world)
    session = await world.download(item)
    path = await world.blob_of(item, "a")
    path.unlink()
    prepared = await world.downloads.prepare(session, "a", EndpointType.HTTPS)
    assert prepared.preparation.status is PrepareStatus.ERROR
    assert prepared.preparation.fault is not None
    assert "'a' is missing from storage datastore-1" in prepared.preparation.fault.text
    with pytest.raises(Damaged):
        await world.downloads.target(session, 0)
    assert (await world.downloads.prepare(session, "b", EndpointType.HTTPS)).preparation.status is PrepareStatus.PREPARED


async def test_a_failed_session_keeps_the_message_of_the_client(world: World) -> None:
    session = await world.download(await _item(world))
    await world.downloads.fail(session, "disk\x01 full")
    failed = await world.downloads.get(session)
    assert (failed.state, failed.fault) == (
        State.ERROR,
        messages.FAILED_BY_CLIENT(text="disk\ufffd full"),
    )


@pytest.mark.parametrize("end", ["cancel", "fail", "expire"])
async def test_a_session_that_ended_serves_nothing_and_can_only_be_looked_at_and_deleted(world: World, end: str) -> None:
    session = await world.download(await _item(world))
    if end == "cancel":
        await world.downloads.cancel(session)
    elif end == "fail":
        await world.downloads.fail(session, "x")
    else:
        world.wait(LEASE + 1)
    for call in (
        world.downloads.target(session, 0),
        world.downloads.prepare(session, "a", EndpointType.HTTPS),
        world.downloads.keep_alive(session, None),
        world.downloads.cancel(session),
        world.downloads.fail(session, "y"),
    ):
        with pytest.raises(NotActive, match=r"CANCELED|ERROR"):
            await call
    assert [each.file.name for each in await world.downloads.files(session)] == ["a", "b"]
    assert session in world.ended
    await world.downloads.delete(session)
    with pytest.raises(Missing):
        await world.downloads.get(session)


async def test_an_active_session_can_be_deleted_and_its_addresses_are_dead(world: World) -> None:
    session = await world.download(await _item(world))
    await world.downloads.delete(session)
    assert world.ended == [*world.ended[:-1], session]
    with pytest.raises(Missing):
        await world.downloads.target(session, 0)
    with pytest.raises(Missing):
        await world.downloads.delete(session)


async def test_preparing_what_is_deleted_meanwhile_leaves_nothing(world: World) -> None:
    session = await world.download(await _item(world))
    preparing = asyncio.create_task(world.downloads.prepare(session, "a", EndpointType.HTTPS))
    deleting = asyncio.create_task(world.downloads.delete(session))
    await asyncio.gather(preparing, deleting, return_exceptions=True)
    with pytest.raises(Missing):
        await world.downloads.files(session)
