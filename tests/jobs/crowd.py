"""Many rows, and what other calls get to do while they are swept."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any

from library.world import World

_UNIQUE = ('"id"', '"folded_name"')


async def many(world: World, table: str, like: str, count: int = 2000) -> None:
    """Rows like the one that is there, but for their identifiers and names."""
    database = sqlite3.connect(world.directory / "contentlib.db")
    columns = [f'"{row[1]}"' for row in database.execute(f"PRAGMA table_info({table})")]
    values = ", ".join("'many-' || n" if name in _UNIQUE else name for name in columns)
    database.execute(
        f"WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < {count}) "
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table}, more WHERE id = ?",
        [like],
    )
    database.commit()
    database.close()


async def turns_of_others(sweep: Coroutine[Any, Any, None], wait: Callable[[], None] = lambda: None) -> int:
    """How often another task got its turn while a sweep ran."""
    wait()
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    running = asyncio.create_task(other())
    await sweep
    running.cancel()
    return turns
