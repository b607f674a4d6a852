"""Kills a server again and again while clients work with it, and holds it to its answers."""

from __future__ import annotations

import asyncio
import random
import time
import traceback
from collections.abc import Sequence

from crash.checks import settle, stored, verify, verify_bytes, verify_drafts
from crash.clients import Gone, Refused
from crash.directories import faults
from crash.servers import Server
from crash.steps import session_state, step
from crash.worlds import UPDATES, World

_QUIET_SECONDS = 120.0


class Kills:
    """One run: a server, its clients, and whoever kills it."""

    def __init__(self, server: Server, seed: str, clients: int, lease: int) -> None:
        self.server = server
        self.seed = seed
        self.random = random.Random(seed)
        self.worlds = [World(f"client-{number}", seed, lease) for number in range(clients)]
        self.kills = 0
        self.reloads = 0
        self.lives = 0
        self.calls = 0
        self._verified = asyncio.Condition()
        self._lives = dict.fromkeys([world.name for world in self.worlds], 0)
        self._over = False
        self.spent = {"starting": 0.0, "verifying": 0.0, "ending": 0.0}

    async def run(self, kills: int, fewest: int, until: float) -> None:
        """Kills so many times; fewer, but not less than the fewest, when the time is over."""
        await self.server.start()
        self.lives += 1
        try:
            async with asyncio.TaskGroup() as group:
                for world in self.worlds:
                    group.create_task(self._work(world))
                while self.kills < fewest or (self.kills < kills and time.monotonic() < until):
                    await self._life()
                await self._all_verified()
                self._over = True
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _life(self) -> None:
        """From one start to the next."""
        if self.random.random() < 0.85:  # else it is killed while clients look what there is
            began = time.monotonic()
            await self._all_verified()
            self.spent["verifying"] += time.monotonic() - began
        if self.random.random() < 0.25:  # for some seconds an old worker and a new one serve side by side
            self.server.reload()
            self.reloads += 1
            await asyncio.sleep(self.random.uniform(0, 6))
        await asyncio.sleep(self.random.choices((self.random.uniform(0, 0.5), 2.2), (30, 1))[0])
        if self.random.random() < 0.4 and self.server.kill_worker(self.random.randrange(9)):
            self.kills += 1
            await asyncio.sleep(self.random.uniform(0, 0.4))
        self.server.kill(workers_too=self.random.random() < 0.7)
        self.kills += 1
        if self.random.random() < 0.1:
            self.server.begin()
            await asyncio.sleep(self.random.uniform(0, 0.8))
            self.server.kill(workers_too=self.random.random() < 0.5)
            self.kills += 1
        began = time.monotonic()
        await self.server.start()
        self.spent["starting"] += time.monotonic() - began
        self.lives += 1

    async def _all_verified(self) -> None:
        async with self._verified:
            await self._verified.wait_for(lambda: min(self._lives.values()) >= self.lives)

    async def _work(self, world: World) -> None:
        while not self._over:
            await self.server.up.wait()
            life = self.lives
            try:
                await world.meet(self.server.url)
                await settle(world)
                await verify(world)
                async with self._verified:
                    self._lives[world.name] = life
                    self._verified.notify_all()
                while not self._over:
                    self.calls += 1
                    await step(world)
            except Gone:
                await asyncio.sleep(0.01)
            except (AssertionError, Refused) as error:
                raise AssertionError(self._told(world, error)) from error

    def _told(self, world: World, error: Exception) -> str:
        where = "".join(traceback.format_tb(error.__traceback__)[-2:])
        last = "\n  ".join(world.client.last)
        return (
            f"{error}\nseed {self.seed}, {world.name}, after {self.kills} kills\n{where}its last calls:\n  {last}\n"
            f"the server said:\n{self.server.said()[-3000:]}"
        )

    def told(self) -> str:
        """How much was done, and how long it took."""
        seconds = ", ".join(f"{what} {spent:.1f} s" for what, spent in self.spent.items())
        return f"{self.kills} kills, {self.reloads} reloads, {self.calls} steps; {seconds}"

    async def end(self) -> None:
        """Starts the server once more, with short leases, and holds it to everything."""
        self.server.kill()
        self.server.settings |= {"lease_seconds": 1, "swept_after_seconds": 1}
        await self.server.start()
        for world in self.worlds:
            world.lease = 1
            await world.meet(self.server.url)
            try:
                await settle(world)
                for _, item in world.known():
                    await verify_bytes(world, item)
                await self._expired(world)
                await verify_drafts(world)
            except (AssertionError, Refused) as error:
                raise AssertionError(self._told(world, error)) from error
        await self._swept()
        await self._nothing_else()

    async def _expired(self, world: World) -> None:
        running = [(item, item.update) for _, item in world.known() if item.update is not None]
        await asyncio.sleep(1.5)
        for item, update in running:
            state = await session_state(world, UPDATES, update.id)
            assert state in ("CANCELED", None), f"update session {update.id} is {state} after its lease"
            item.update = None

    async def _swept(self) -> None:
        deadline = time.monotonic() + _QUIET_SECONDS
        while left := list(faults(self.server)):
            assert time.monotonic() < deadline, _listed(f"seed {self.seed}: after the sweeps", left)
            await asyncio.sleep(0.2)

    async def _nothing_else(self) -> None:
        world = self.worlds[0]
        libraries = set(await world.client.call("GET", "/library"))
        known = {library.id for each in self.worlds for library in each.libraries}
        assert libraries == known, f"seed {self.seed}: there are the libraries {libraries}, {known} were made"
        contents = {content for each in self.worlds for content in stored(each)}
        assert len(self.server.stored()) >= len({content.digest("SHA256") for content in contents})


def _listed(what: str, faults: Sequence[str]) -> str:
    return "\n  ".join([f"{what}:", *faults[:20]])
