"""Another process: tells its identifier to those that run, then waits to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from contentlib.library.signals import unheard
from contentlib.nodes.local import LocalNodes


async def _main() -> None:
    nodes = LocalNodes(Path(sys.argv[1]))
    await nodes.start(unheard, unheard)
    nodes.ring("here", nodes.here)
    print("here", flush=True)  # noqa: T201 - the test reads it
    await asyncio.sleep(600)


asyncio.run(_main())
