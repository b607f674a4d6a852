"""A limit of bandwidth that all who fetch share."""

from __future__ import annotations

import asyncio
import time

_MEGABIT = 1_000_000


class Throttle:
    """Makes everybody wait who goes beyond it; `limit` is in Mbit/s, 0 for none, and may be changed any time."""

    def __init__(self) -> None:
        self.limit = 0
        self._free = 0.0

    async def spend(self, size: int) -> None:
        """Takes so many bytes' time; returns when what was taken before has passed."""
        if self.limit <= 0:
            return
        now = time.monotonic()
        begin = max(now, self._free)
        self._free = begin + size * 8 / (self.limit * _MEGABIT)
        await asyncio.sleep(begin - now)
