"""A reload replaces the workers under load: for some seconds two of them serve, and every answer is held to."""

from __future__ import annotations

import asyncio
import random

import pytest

from crash.checks import settle, verify
from crash.clients import Gone
from crash.conftest import Start
from crash.steps import step
from crash.worlds import World

_LEASE_SECONDS = 60


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_reload_loses_no_answer(start: Start, workers: int) -> None:
    server, _ = await start(workers=workers, lease_seconds=_LEASE_SECONDS)
    seed = str(random.randrange(10**9))
    worlds = [World(f"client-{number}", seed, _LEASE_SECONDS) for number in range(6)]
    over = asyncio.Event()

    async def work(world: World) -> None:
        while not over.is_set():
            await world.meet(server.url)
            try:
                await settle(world)
                while not over.is_set():
                    await verify(world)
                    await step(world)
            except Gone:  # an idle connection to the old worker was closed
                await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        for world in worlds:
            group.create_task(work(world))
        old = server.children()
        server.reload()
        await asyncio.to_thread(server.wait_without, old)
        over.set()
    for world in worlds:
        await world.meet(server.url)
        await verify(world)
        await world.client.close()
    assert server.failures() == [], f"seed {seed}"
