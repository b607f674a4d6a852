"""Kills the parts of a cluster while clients work with it through the balancer, and holds it to its answers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from cluster import Cluster
from contentlib.blobs.bucket import Bucket
from contentlib.blobs.segments import pointers
from crash.checks import settle, verify, verify_bytes, verify_drafts
from crash.clients import Gone, Refused
from crash.directories import row_faults
from crash.errands import Errands
from crash.servers import STORAGES, Server
from crash.steps import session_state, step
from crash.unreliable import UnreliableClient, Weather
from crash.worlds import UPDATES, World
from processes import PATIENCE_SECONDS

LEASE_SECONDS = 600
"""How long sessions live is not what is tested, and a kill loses what was not saved of it."""
_QUIET_SECONDS = 180.0
_SHORT_SECONDS = 8  # the lease of sessions at the end
_CALM_SECONDS = 1.5  # after which the balancer has noticed that a part did not run, and clients that it runs
_ENDED_SECONDS = 0.5  # after which a call of a killed node has ended in the database, too


@contextlib.contextmanager
def started(directory: Path, **more: Any) -> Iterator[Cluster]:
    """A cluster that notices kills and removes what they leave within seconds."""
    made = Cluster(
        directory,
        **more,
        node_lease_seconds=2,
        drain_seconds=4,
        lease_seconds=LEASE_SECONDS,
        collect_grace_seconds=15,
        swept_after_seconds=60,
        versions_kept=1,
        log_level="warning",
        outbound_allow='["127.0.0.0/8"]',
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()


class ClusterKills:
    """One run: a cluster, its clients, and what kills its parts."""

    def __init__(self, cluster: Cluster, errands: Errands, seed: str, clients: int, lease: float) -> None:
        self.cluster = cluster
        self.errands = errands
        self.seed = seed
        self.random = random.Random(seed)
        self.weather = Weather()
        self.worlds = [World(f"client-{number}", seed, lease, self._client) for number in range(clients)]
        self.kills: dict[str, int] = {}
        self.steps = 0
        self._over = False
        self._settled = dict.fromkeys([world.name for world in self.worlds], 0.0)

    async def close(self) -> None:
        """Closes the connections of all clients."""
        for client in (self.errands.client, *(world.client for world in self.worlds)):
            await client.close()

    async def run(self, kills: int, until: float) -> None:
        """Kills so many times, or until the time is over."""
        try:
            async with asyncio.TaskGroup() as group:
                for world in self.worlds:
                    group.create_task(self._work(world))
                running = group.create_task(self._run_errands())
                while sum(self.kills.values()) < kills and time.monotonic() < until:
                    await self._calm()
                    await self._strike()
                await self._calm()
                self._over = True
                await asyncio.wait({running}, timeout=PATIENCE_SECONDS)
                running.cancel()  # a task that the storage has failed may wait for minutes before it is tried again
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _calm(self) -> None:
        """Returns after all clients have seen that what was answered is so, and have worked for a while."""
        await asyncio.sleep(_CALM_SECONDS)
        async with asyncio.timeout(3 * PATIENCE_SECONDS):
            while not await asyncio.to_thread(self.cluster.balancer.sees_all):  # noqa: ASYNC110 - it tells of no change
                await asyncio.sleep(0.1)
        self.weather.calm_since = began = time.monotonic()
        async with asyncio.timeout(3 * PATIENCE_SECONDS):
            while min(self._settled.values()) < began:  # noqa: ASYNC110 - it may also end by an error of a client
                await asyncio.sleep(0.05)
        await asyncio.sleep(self.random.uniform(0, 3))

    @contextlib.asynccontextmanager
    async def _storm(self, what: str) -> AsyncIterator[None]:
        self.weather.calm_since = None
        self.kills[what] = self.kills.get(what, 0) + 1
        yield
        for name in self._settled:
            self._settled[name] = 0.0

    async def _strike(self) -> None:
        """Ends a part of the cluster, and starts it again."""
        what = self.random.choices(
            (self._node, self._nodes, self._frozen, self._stop, self._database, self._store), (8, 2, 2, 2, 2, 2)
        )[0]
        await what()

    async def _node(self) -> None:
        async with self._storm("node killed"):
            await self._killed(self.random.choice(self.cluster.nodes))

    async def _nodes(self) -> None:
        async with self._storm("two nodes killed"):
            await asyncio.gather(*map(self._killed, self.random.sample(self.cluster.nodes, 2)))

    async def _killed(self, node: Server) -> None:
        node.kill()
        await asyncio.sleep(self.random.uniform(0, 4))
        await self.restart(node)

    async def restart(self, node: Server) -> None:
        """Starts a node that has ended."""
        await asyncio.to_thread(self.cluster.start_node, node)

    async def _frozen(self) -> None:
        """A node stands still for longer than its lease."""
        async with self._storm("node suspended"):
            node = self.random.choice(self.cluster.nodes)
            assert node.process is not None
            processes = [node.process.pid, *node.children()]
            for each in processes:
                os.kill(each, signal.SIGSTOP)
            await asyncio.sleep(self.random.uniform(2.5, 5))
            for each in processes:
                os.kill(each, signal.SIGCONT)

    async def _stop(self) -> None:
        """A node is stopped as an administrator does it, which no request may notice."""
        self.kills["node stopped"] = self.kills.get("node stopped", 0) + 1
        node = self.random.choice(self.cluster.nodes)
        await node.leave(2 * PATIENCE_SECONDS)
        await self.restart(node)

    async def _database(self) -> None:
        async with self._storm("PostgreSQL killed"):
            await asyncio.to_thread(self.cluster.database.kill)
            await asyncio.sleep(self.random.uniform(0, 3))
            await asyncio.to_thread(self.cluster.database.start)

    async def _store(self) -> None:
        async with self._storm("object store killed"):
            self.weather.store_away = time.monotonic()
            await asyncio.to_thread(self.cluster.store.kill)
            await asyncio.sleep(self.random.uniform(0, 2))
            await asyncio.to_thread(self.cluster.store.start)
            self.weather.store_away = time.monotonic()

    # clients

    def _client(self, url: str, token: str | None) -> UnreliableClient:
        return UnreliableClient(url, token, self.weather)

    async def _run_errands(self) -> None:
        await self.errands.begin(self._client(self.cluster.balancer.url, None))
        while not self._over:
            await self.errands.next()

    async def _work(self, world: World) -> None:
        while not self._over:
            began = time.monotonic()
            try:
                await world.meet(self.cluster.balancer.url)
                await settle(world)
                await verify(world)
                while not self._over:
                    self._settled[world.name] = began
                    began = time.monotonic()
                    self.steps += 1
                    await step(world)
                    if self._settled[world.name] == 0.0:
                        break
            except Gone:
                await asyncio.sleep(_ENDED_SECONDS)
            except (AssertionError, Refused) as error:
                if self.weather.store_away < began - 5:
                    raise AssertionError(self._told(world, error)) from error
                await asyncio.sleep(_ENDED_SECONDS)

    def _told(self, world: World, error: Exception) -> str:
        where = "".join(traceback.format_tb(error.__traceback__)[-3:])
        last = "\n  ".join(world.client.last)
        said = "\n".join(f"{node.directory.name}: {node.said()[-1500:]}" for node in self.cluster.nodes)
        return (
            f"{error}\nseed {self.seed}, {world.name}, {self.kills}\n{where}its last calls:\n  {last}\nthe nodes said:\n{said}"
        )

    def told(self) -> str:
        """How much was done, and how many requests failed."""
        weather = self.weather
        kills = ", ".join(f"{count} {what}" for what, count in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills ({kills}), {self.steps} steps, {weather.requests} requests, "
            f"{weather.failed} failed; between kills {weather.calm} requests, {len(weather.failures)} failed; "
            f"{', '.join(f'{count} {what}' for what, count in self.errands.done.items())}"
        )

    # the end

    async def end(self) -> None:
        """Starts the nodes once more, with short leases, and holds them to everything."""
        self.weather.calm_since = None
        for node in self.cluster.nodes:
            node.kill()
        self.cluster.settings |= {"lease_seconds": _SHORT_SECONDS, "swept_after_seconds": 1, "collect_grace_seconds": 2}
        for node in self.cluster.nodes:
            await self.restart(node)
        await asyncio.sleep(_CALM_SECONDS * 2)
        for world in self.worlds:
            world.lease = _SHORT_SECONDS
            await world.meet(self.cluster.balancer.url)
            try:
                await settle(world)
                for _, item in world.known():
                    await verify_bytes(world, item)
                await self._expired(world)
                await verify_drafts(world)
            except (AssertionError, Refused) as error:
                raise AssertionError(self._told(world, error)) from error
        deadline = time.monotonic() + _QUIET_SECONDS
        while left := await asyncio.to_thread(lambda: list(self.faults())):
            assert time.monotonic() < deadline, "\n  ".join([f"seed {self.seed}: after the sweeps:", *left[:20]])
            await asyncio.sleep(0.5)

    async def _expired(self, world: World) -> None:
        running = [(item, item.update) for _, item in world.known() if item.update is not None]
        await asyncio.sleep(1.5 * _SHORT_SECONDS)
        for item, update in running:
            state = await session_state(world, UPDATES, update.id)
            assert state in ("CANCELED", None), f"update session {update.id} is {state} after its lease"
            item.update = None

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """The rows of a query."""
        found = self.cluster.database.run(query, "contentlib")
        return [tuple(line.split("|")) for line in found.splitlines()]

    def faults(self) -> Iterator[str]:
        """What does not fit in the database and the buckets, in sentences."""
        yield from row_faults(self.rows)
        found = self.rows("SELECT id, storage, size, sha256 FROM blobs")
        rows = {(storage, name): (int(size), sha256) for name, storage, size, sha256 in found}
        for storage in STORAGES:
            bucket = Bucket(self.cluster.address(storage))
            yield from _left(bucket)
            yield from _blob_faults(bucket, {name: row for (kept, name), row in rows.items() if kept == storage})
        yield from (f"a claim on {upload} is left" for (upload,) in self.rows("SELECT upload FROM upload_claims"))


def _left(bucket: Bucket) -> Iterator[str]:
    for pointer in pointers(bucket):
        yield f"{bucket}/{pointer.key} is left of an upload"
    for upload in bucket.unfinished(""):
        yield f"a multipart upload of {bucket}/{upload.key} is left"


def _blob_faults(bucket: Bucket, rows: dict[str, tuple[int, str]]) -> Iterator[str]:
    objects = {key.removeprefix("blobs/") for key in bucket.keys("blobs/")}
    yield from (f"{bucket}/blobs/{name} has no row" for name in objects - rows.keys())
    yield from (f"blob {name} has a row, but no bytes in {bucket}" for name in rows.keys() - objects)
    for name in objects & rows.keys():
        try:
            data = bucket.get(f"blobs/{name}")
        except FileNotFoundError:
            yield f"{bucket}/blobs/{name} went while it was read"
            continue
        if (len(data), hashlib.sha256(data).hexdigest()) != rows[name]:
            yield f"{bucket}/blobs/{name} holds {len(data)} bytes, which are not those of its row"
