"""Update sessions: how they begin, go on and end."""

from __future__ import annotations

import asyncio

import pytest

from contentlib.library.errors import (
    Busy,
    Invalid,
    Missing,
    NotActive,
    StillActive,
)
from contentlib.library.model import Source, State
from contentlib.library.sessions import messages
from contentlib.library.sessions.update_files import NewFile
from library.world import LEASE, World


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
    assert session.fault == messages.EXPIRED(seconds=300)


async def test_a_failed_session_keeps_the_message_of_the_client(world: World) -> None:
    session = await world.update(await _item(world))
    await world.updates.fail(session, "no such\0 file \ud800")
    failed = await world.updates.get(session)
    assert failed.state is State.ERROR
    assert failed.fault == messages.FAILED_BY_CLIENT(text="no such\ufffd file \ufffd")


@pytest.mark.parametrize("end", ["complete", "cancel", "fail"])
async def test_a_session_that_ended_can_only_be_looked_at_and_deleted(world: World, end: str) -> None:
    session = await world.update(await _item(world))
    file = await world.send(session, "a", b"1")
    if end == "fail":
        await world.updates.fail(session, "x")
    else:
        await (world.completion.complete if end == "complete" else world.updates.cancel)(session)
    before = await world.updates.get(session)
    for call in (
        world.completion.complete(session),
        world.updates.cancel(session),
        world.updates.fail(session, "y"),
        world.updates.keep_alive(session, 5),
        world.updates.update(session, ()),
        world.files.add(session, NewFile("b", Source.PUSH)),
        world.files.remove(session, "a"),
        world.completion.validate(session),
        world.transfers.target(session, file.id),
        world.transfers.begin(file),
    ):
        with pytest.raises(NotActive, match=before.state):
            await call
    assert await world.updates.get(session) == before
    assert [each.name for each in await world.files.all(session)] == ["a"]
    await world.updates.delete(session)
    with pytest.raises(Missing):
        await world.updates.get(session)


async def test_an_active_session_cannot_be_deleted(world: World) -> None:
    session = await world.update(await _item(world))
    with pytest.raises(StillActive, match="is ACTIVE"):
        await world.updates.delete(session)
    with pytest.raises(Missing):
        await world.updates.delete("gone")


async def test_only_the_warnings_to_pass_over_can_be_updated(world: World) -> None:
    session = await world.update(await _item(world))
    await world.updates.update(session, (("SELF_SIGNED", True),))
    await world.updates.update(session, None)
    assert (await world.updates.get(session)).ignored_warnings == (("SELF_SIGNED", True),)
