"""A server that is killed at any moment holds to every answer that it gave.

CRASH_KILLS is how often each of the servers is killed, CRASH_SEED what decides on everything that is left to chance.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from crash.kills import Kills
from crash.servers import Nursery, Server

_KILLS = 80
_SECONDS = 60
_FEWEST = 15
_LEASE_SECONDS = 8


@pytest.mark.parametrize("workers", [1, 3])
async def test_a_killed_server_holds_to_every_answer(tmp_path: Path, workers: int) -> None:
    kills = int(os.environ.get("CRASH_KILLS", _KILLS))
    seed = os.environ.get("CRASH_SEED") or str(random.randrange(10**9))
    settings: dict[str, Any] = {
        "lease_seconds": _LEASE_SECONDS,
        "collect_grace_seconds": 1,
        "swept_after_seconds": 60,
        "versions_kept": 1,
    }
    nursery = Nursery()
    server = Server(tmp_path, workers=workers, nursery=nursery, **settings)
    run = Kills(server, seed, clients=5, lease=_LEASE_SECONDS)
    began = time.monotonic()
    until = began + (_SECONDS if kills <= _KILLS else 3600)
    try:
        await run.run(kills, min(kills, _FEWEST), until)
        await run.end()
    finally:
        server.kill()
        nursery.close()
        for world in run.worlds:
            await world.client.close()
        print(f"seed {seed}: {run.told()}, {time.monotonic() - began:.0f} s")  # noqa: T201 - pytest shows it when the test fails
    assert server.failures() == []
