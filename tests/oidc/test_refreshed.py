"""Values that other servers change: fetched once, kept while they are good, and fetched again."""

from __future__ import annotations

import asyncio

import pytest

from contentlib.oidc.documents import ProviderFailed
from contentlib.oidc.refreshed import Refreshed


class World:
    """A value at a server that counts how often it is asked."""

    def __init__(self) -> None:
        self.time = 0.0
        self.asked = 0
        self.down = False
        self.held: asyncio.Event | None = None
        self.value = Refreshed(self.fetch, lambda: self.time, 30.0)

    async def fetch(self) -> int:
        self.asked += 1
        if self.held is not None:
            await self.held.wait()
        if self.down:
            raise ProviderFailed("down")
        return self.asked


async def settled() -> None:
    """Lets what runs in the background end."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_fresh_value_is_not_fetched_again() -> None:
    world = World()
    assert [await world.value.get() for _ in range(3)] == [1, 1, 1]


async def test_an_old_value_is_renewed_behind_those_who_use_it() -> None:
    world = World()
    await world.value.get()
    world.time, world.held = 700.0, asyncio.Event()
    assert await world.value.get() == 1  # nobody waits
    world.held.set()
    await settled()
    assert await world.value.get() == 2


async def test_a_value_outlives_its_server_for_a_day() -> None:
    world = World()
    await world.value.get()
    world.down, world.time = True, 80_000.0
    assert await world.value.get() == 1
    await settled()
    world.time = 90_000.0
    with pytest.raises(ProviderFailed, match="down"):
        await world.value.get()


async def test_a_failure_is_not_tried_again_at_once() -> None:
    world = World()
    world.down = True
    for _ in range(3):
        with pytest.raises(ProviderFailed):
            await world.value.get()
    assert world.asked == 1
    world.down, world.time = False, 6.0
    assert await world.value.get() == 2


async def test_renewing_waits_for_its_pause() -> None:
    world = World()
    await world.value.get()
    assert await world.value.renewed() == 1
    world.time = 31.0
    assert await world.value.renewed() == 2


async def test_a_waiter_who_leaves_does_not_end_the_fetch_of_others() -> None:
    world = World()
    world.held = asyncio.Event()
    leaving, staying = asyncio.create_task(world.value.get()), asyncio.create_task(world.value.get())
    await settled()
    leaving.cancel()
    world.held.set()
    assert await staying == 1
    assert leaving.cancelled() or await asyncio.gather(leaving, return_exceptions=True)


async def test_closing_ends_a_fetch() -> None:
    world = World()
    world.held = asyncio.Event()
    waiting = asyncio.create_task(world.value.get())
    await settled()
    await world.value.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
