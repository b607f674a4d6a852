from __future__ import annotations

from typing import NoReturn

import pytest

from contentlib.jobs.expire import Expiry, Lifetimes
from contentlib.library.model import Login, State, Token
from contentlib.metadata.sqlite import SqliteMetadata
from jobs.crowd import many, turns_of_others
from library.world import LEASE, World

KEPT, IDLE = 3_600_000, 1_800_000


@pytest.fixture
def expiry(world: World) -> Expiry:
    return Expiry(world.metadata, world.updates, world.downloads, world.leases, world.clock, Lifetimes(KEPT, IDLE))


async def states(world: World) -> dict[str, State]:
    """The states of all sessions as they are kept, without a look at the time."""
    async with world.metadata.reading() as rows:
        updates = [await rows.update_sessions.get(each) for each in await rows.update_sessions.ids("ann", None)]
        downloads = [await rows.download_sessions.get(each) for each in await rows.download_sessions.ids("ann", None)]
    return {each.id: each.state for each in (*updates, *downloads) if each is not None}


async def test_idle_sessions_end_and_are_told_of(world: World, expiry: Expiry) -> None:
    item = await world.item()
    update, download = await world.update(item), await world.download(item)
    await expiry.run()
    assert set((await states(world)).values()) == {State.ACTIVE}
    world.wait(LEASE + 1)
    await expiry.run()
    assert await states(world) == {update: State.CANCELED, download: State.CANCELED}
    assert sorted(world.ended) == sorted([update, download])


async def test_a_session_that_was_touched_in_memory_only_lives_on(world: World, expiry: Expiry) -> None:
    session = await world.download(await world.item())
    world.wait(LEASE - 1)
    await world.downloads.get(session)
    world.wait(LEASE - 1)
    await expiry.run()
    assert await states(world) == {session: State.ACTIVE}


async def test_touches_that_could_not_be_kept_are_kept_the_next_time(world: World, expiry: Expiry) -> None:
    session = await world.download(await world.item())
    world.wait(LEASE - 1)
    await world.downloads.get(session)
    touched = world.clock.now()
    with pytest.raises(OSError, match="closed"):
        await Expiry(_Closed(), world.updates, world.downloads, world.leases, world.clock, Lifetimes(KEPT, IDLE)).save_touches()
    await expiry.save_touches()
    async with world.metadata.reading() as rows:
        kept = await rows.download_sessions.get(session)
    assert kept is not None
    assert kept.touched == touched


class _Closed(SqliteMetadata):
    """A store that does not answer."""

    def __init__(self) -> None:
        """Opens nothing."""

    def transaction(self, *, durable: bool) -> NoReturn:
        raise OSError("closed")


async def test_the_first_session_of_an_item_that_expires_leaves_a_draft_that_gives_way(world: World, expiry: Expiry) -> None:
    library = await world.library()
    item = await world.item(library)
    await world.update(item)
    world.wait(LEASE + 1)
    await expiry.run()
    again = await world.item(library)
    assert await world.items.ids(library) == [again]


async def test_touches_are_kept_for_the_next_process(world: World, expiry: Expiry) -> None:
    session = await world.download(await world.item())
    world.wait(1000)
    await world.downloads.get(session)
    await expiry.save_touches()
    again = await world.reopened()
    async with again.metadata.reading() as rows:
        found = await rows.download_sessions.get(session)
    await again.metadata.close()
    assert found is not None
    assert found.touched == world.clock.time


async def test_ended_sessions_are_forgotten_after_their_time(world: World, expiry: Expiry) -> None:
    item = await world.item()
    update, download = await world.update(item), await world.download(item)
    await world.updates.cancel(update)
    await world.downloads.cancel(download)
    world.wait(KEPT)
    await expiry.run()
    assert set(await states(world)) == {update, download}
    world.wait(1)
    await expiry.run()
    assert await states(world) == {}


async def test_running_sessions_are_never_forgotten(world: World, expiry: Expiry) -> None:
    session = await world.download(await world.item())
    for _ in range(30):
        world.wait(LEASE - 1)
        await world.downloads.get(session)
        await expiry.run()
    assert await states(world) == {session: State.ACTIVE}


async def test_login_sessions_and_client_tokens_are_forgotten_after_their_times(world: World, expiry: Expiry) -> None:
    token = Token("ann", "create", "uuid")
    now = world.clock.time
    async with world.metadata.transaction(durable=False) as rows:
        await rows.tokens.add(token, "made", now)
        await rows.logins.add(Login("used", "ann", now, now + 1))
        await rows.logins.add(Login("idle", "ann", now, now))
    world.wait(IDLE + 1)
    await expiry.run()
    async with world.metadata.reading() as rows:
        assert await rows.logins.get("idle") is None
        assert await rows.logins.get("used") is not None
        assert await rows.tokens.find(token) == "made"
    world.wait(KEPT - IDLE)
    await expiry.run()
    async with world.metadata.reading() as rows:
        assert await rows.tokens.find(token) is None


async def test_more_sessions_than_are_ended_at_once_all_end(world: World, expiry: Expiry) -> None:
    item = await world.item()
    for _ in range(250):
        await world.download(item)
    world.wait(LEASE + 250)
    await expiry.run()
    assert list((await states(world)).values()) == 250 * [State.CANCELED]
    world.wait(KEPT + 250)
    await expiry.run()
    assert await states(world) == {}


@pytest.mark.embedded
async def test_others_get_their_turn_while_many_sessions_are_ended_and_forgotten(world: World, expiry: Expiry) -> None:
    session = await world.download(await world.item())
    await many(world, "download_sessions", session)
    turns = await turns_of_others(expiry.run(), wait=lambda: world.wait(LEASE + 1))
    assert turns >= 2000
    world.wait(KEPT + 1)
    assert await turns_of_others(expiry.run()) >= 20
    assert await states(world) == {}
