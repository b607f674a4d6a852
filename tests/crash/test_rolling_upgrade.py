"""Three nodes are upgraded one after the other while clients work, so that two versions of the program serve them.

The earlier version is that before the last change of the schema. CRASH_SEED decides on everything that is left to chance.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster import Cluster
from crash.clustered import LEASE_SECONDS, ClusterKills, started
from crash.earlier import earlier
from crash.errands import Errands
from processes import PATIENCE_SECONDS
from publisher import publishing

pytestmark = pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")


class RollOut(ClusterKills):
    """Stops each node as an administrator does, and starts it as the new version, which no client may notice."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._old = list(self.cluster.nodes)

    async def _strike(self) -> None:
        node = self._old.pop()
        await node.leave(2 * PATIENCE_SECONDS)
        node.environment.clear()
        await self.restart(node)
        self.kills["node upgraded"] = self.kills.get("node upgraded", 0) + 1


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with started(tmp_path, environment=earlier(tmp_path / "earlier")) as made:
        yield made


async def test_clients_notice_nothing_of_a_rolling_upgrade(cluster: Cluster) -> None:
    seed = os.environ.get("CRASH_SEED") or str(random.randrange(10**9))
    async with publishing() as publisher:
        run = RollOut(cluster, Errands(publisher, seed), seed, clients=2, lease=LEASE_SECONDS)
        try:
            await run.run(len(cluster.nodes), float("inf"))
            await run.end()
        finally:
            await run.close()
            print(f"seed {seed}: {run.told()}")  # noqa: T201 - pytest shows it when the test fails
    run.weather.check()
