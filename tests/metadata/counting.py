"""Counts up a value in a database: python counting.py DATABASE TIMES."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from contentlib.metadata.sqlite import SqliteMetadata


async def main(database: Path, times: int) -> None:
    store = SqliteMetadata(database)
    for _ in range(times):
        async with store.transaction(durable=False) as rows:
            await rows.state.put("count", str(int(await rows.state.get("count") or "0") + 1))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
