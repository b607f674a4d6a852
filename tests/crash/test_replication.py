"""Three servers hold the same in the end, whatever was changed and killed meanwhile.

REPLICATION_ITEMS is how many items there are, REPLICATION_SECONDS for how long they are changed, CRASH_SEED what decides on
everything that is left to chance.
"""

from __future__ import annotations

import os
import random
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

from crash.relay import relaying
from crash.replication import Replication, fetched_again, surplus
from crash.servers import Nursery, Server
from crash.sites import Site

_ITEMS = 100
_SECONDS = 25.0
_AT_ONCE = 5  # items that are fetched at the same time, as upstream's default has it
_LARGEST_ITEM = 3 * 60_000
_SETTINGS: dict[str, Any] = {"outbound_allow": '["127.0.0.0/8"]', "collect_grace_seconds": 600}


async def test_three_servers_hold_the_same_in_the_end(tmp_path: Path) -> None:
    items = int(os.environ.get("REPLICATION_ITEMS", _ITEMS))
    seconds = float(os.environ.get("REPLICATION_SECONDS", _SECONDS))
    seed = os.environ.get("CRASH_SEED") or str(random.randrange(10**9))
    nursery = Nursery()
    sites = [Site(Server(tmp_path / name, nursery=nursery, **_SETTINGS)) for name in ("first", "second", "third")]
    for site in sites:
        site.server.directory.mkdir()
    try:
        async with AsyncExitStack() as stack:
            relays = [await stack.enter_async_context(relaying(*pair)) for pair in pairwise(sites)]
            run = Replication(sites, relays, seed)
            await run.begin(items)
            await run.run(seconds)
            await run.settle(300 + items / 10)
            await _compare(run)
            print(f"seed {seed}: {run.changes} changes, {run.kills} kills")  # noqa: T201 - pytest shows it when the test fails
            for relay in relays:
                assert list(fetched_again(relay)) == []
                assert surplus(relay) <= (run.kills + 1) * _AT_ONCE * _LARGEST_ITEM
        for site in sites:
            assert site.server.failures() == []
    finally:
        for site in sites:
            await site.end()
        nursery.close()


async def _compare(run: Replication) -> None:
    """By the checksums that each server tells, and by the bytes that come."""
    wanted = await run.first.contents()
    assert await run.second.contents() == wanted
    for name in run.random.sample(sorted(wanted), 20):
        bytes_ = await run.first.download(name)
        assert await run.second.download(name) == bytes_
        assert await run.third.download(name) == bytes_
