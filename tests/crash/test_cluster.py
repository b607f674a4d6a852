"""Three nodes on PostgreSQL and S3 behind a balancer, whose parts are killed at any moment.

CLUSTER_KILLS is how many parts are killed, CLUSTER_SECONDS how long that may take, CRASH_SEED what decides on everything
that is left to chance.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cluster import Cluster
from contentlib.blobs.bucket import Bucket
from contentlib.blobs.segments import measured, pointers
from crash.clients import Client
from crash.clustered import LEASE_SECONDS, ClusterKills, started
from crash.errands import Errands
from crash.journeys import add, complete, file_of, new_item, new_update, read
from crash.servers import Nursery, Server
from processes import PATIENCE_SECONDS
from publisher import publishing

# connections that a test of kills leaves open; a killed server does not close them
pytestmark = pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")
_KILLS = 12
_SECONDS = 60
MIB = 1 << 20
DATA = b"".join(bytes([number]) * MIB for number in range(30))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    nursery = Nursery()
    try:
        with started(tmp_path, nursery=nursery) as made:
            yield made
    finally:
        nursery.close()


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Client]:
    made = Client(cluster.balancer.url)
    made.token = await made.log_in()
    yield made
    await made.close()


async def begun(cluster: Cluster, node: Server, target: str) -> tuple[Client, asyncio.Event, asyncio.Task[int]]:
    """An upload to a node, of which two parts have arrived; the rest is sent when the event is set."""
    direct, rest = Client(node.url), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield DATA[: 20 * MIB]
        await rest.wait()
        yield DATA[20 * MIB :]

    async def send() -> int:
        headers = {"content-range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}", "content-length": str(len(DATA))}
        return (await direct.raw("PUT", target, content=body(), headers=headers)).status_code

    sending, bucket = asyncio.create_task(send()), Bucket(cluster.address("datastore-1"))

    def size() -> int:
        return sum(each.size for pointer in pointers(bucket) if (each := measured(bucket, pointer)) is not None)

    async with asyncio.timeout(PATIENCE_SECONDS):
        while await asyncio.to_thread(size) < 16 * MIB:  # noqa: ASYNC110 - no bucket tells of changes
            await asyncio.sleep(0.05)
    return direct, rest, sending


async def resumed(client: Client, target: str) -> int:
    """Sends the rest of the data through the balancer, and returns from where on."""
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while True:
            offset = int((await client.send("HEAD", target)).headers["upload-offset"])
            headers = {"content-range": f"bytes {offset}-{len(DATA) - 1}/{len(DATA)}"}
            answer = await client.send("PUT", target, content=DATA[offset:], headers=headers)
            if answer.status_code == 200:
                return offset
            assert answer.status_code == 409, answer.text


async def test_an_upload_goes_on_at_another_node_when_its_node_is_killed(cluster: Cluster, client: Client) -> None:
    item = await new_item(client)
    session = await new_update(client, item)
    target = await add(client, session, "disk.iso", size=len(DATA))
    direct, _, sending = await begun(cluster, cluster.nodes[0], target)
    cluster.nodes[0].kill()
    sending.cancel()
    assert await resumed(client, target) == 16 * MIB
    await complete(client, session)
    assert await read(client, item, "disk.iso") == DATA
    await direct.close()


async def test_a_node_that_stood_still_does_not_acknowledge_what_another_one_has_taken_over(
    cluster: Cluster, client: Client
) -> None:
    item = await new_item(client)
    session = await new_update(client, item)
    target = await add(client, session, "disk.iso", size=len(DATA))
    node = cluster.nodes[0]
    direct, rest, sending = await begun(cluster, node, target)
    assert node.process is not None
    processes = [node.process.pid, *node.children()]
    for each in processes:
        os.kill(each, signal.SIGSTOP)
    through = Client(cluster.nodes[1].url, client.token)
    assert await resumed(through, target) == 16 * MIB
    for each in processes:
        os.kill(each, signal.SIGCONT)
    rest.set()
    (answered,) = await asyncio.gather(sending, return_exceptions=True)
    assert answered != 200  # 409 as a rule; the client may have given up, or be taken for one that has
    assert (await file_of(through, session, "disk.iso"))["status"] == "READY"
    await complete(through, session)
    assert await read(through, item, "disk.iso") == DATA
    await direct.close()
    await through.close()


async def test_a_cluster_whose_parts_are_killed_holds_to_every_answer(cluster: Cluster) -> None:
    kills = int(os.environ.get("CLUSTER_KILLS", _KILLS))
    seed = os.environ.get("CRASH_SEED") or str(random.randrange(10**9))
    seconds = float(os.environ.get("CLUSTER_SECONDS", _SECONDS))
    began = time.monotonic()
    async with publishing() as publisher:
        run = ClusterKills(cluster, Errands(publisher, seed), seed, clients=4, lease=LEASE_SECONDS)
        try:
            await run.run(kills, began + seconds)
            await run.end()
        finally:
            await run.close()
            print(f"seed {seed}: {run.told()}, {time.monotonic() - began:.0f} s")  # noqa: T201 - pytest shows it when the test fails
    run.weather.check()
