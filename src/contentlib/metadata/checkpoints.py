"""Runs the checkpoints of a SQLite database in a thread, because they wait for the disk.

SQLite itself would run them at the end of a commit that makes the write-ahead log too long, in the thread of that commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from contentlib.metadata.ballast import Ballast

PRAGMAS = ("wal_autocheckpoint = 0", f"journal_size_limit = {16 << 20}")
"""Of connections that write: they leave checkpoints to this, and cut a log that became longer to this size."""
_COMMITS = 200  # between two checkpoints
_LONGEST = 16_384  # pages: if the log is longer, writers wait for the checkpoint


class Checkpoints:
    """Runs checkpoints after a number of commits of a process."""

    def __init__(self, path: Path, turn: asyncio.Lock, ballast: Ballast) -> None:
        self._path = path
        self._turn = turn
        self._ballast = ballast
        self._commits = 0
        self._going_on: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self.complete = False
        """Whether the next commit begins the log anew, which waits for the disk."""

    def committed(self) -> None:
        """Counts a commit."""
        self.complete = False
        self._commits += 1
        if self._commits >= _COMMITS and (self._going_on is None or self._going_on.done()):
            self._commits = 0
            self._going_on = asyncio.create_task(self._bring())

    async def close(self) -> None:
        """Returns when none is going on."""
        if self._going_on is not None:
            await self._going_on
        self._thread.shutdown(wait=False)

    async def _bring(self) -> None:
        left = await self._run("PASSIVE")
        if left > _LONGEST:  # readers or writers were in its way all the time
            async with self._turn:
                left = await self._run("TRUNCATE")
        self.complete = left == 0

    async def _run(self, how: str) -> int:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._checkpoint, how)

    def _checkpoint(self, how: str) -> int:
        """Returns the number of pages that could not be copied from the log."""
        with suppress(sqlite3.Error, OSError), closing(sqlite3.connect(self._path, timeout=1.0, isolation_level=None)) as raw:
            for pragma in ("synchronous = NORMAL", *PRAGMAS):
                raw.execute(f"PRAGMA {pragma}")
            _, pages, done = raw.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
            self._ballast.restore()
            return int(pages) - int(done)
        return 0
