"""Limits the bandwidth that all transfers of a process share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

_MEGABIT = 1_000_000 // 8
_TURN_SECONDS = 0.125
_SHORTEST_TURN = 1 << 14
_LONGEST_TURN = 1 << 20


class Throttle:
    """Delays transfers that exceed the limit. `limit` is in Mbit/s, 0 for none, and can be changed at any time.

    Bytes are granted in slots of 1/8 second, so that large transfers do not delay others for long.
    """

    def __init__(self) -> None:
        self.limit = 0.0
        self._free = 0.0

    @property
    def turn(self) -> int:
        """Returns the number of bytes that can be granted at once."""
        return min(max(int(self.limit * _MEGABIT * _TURN_SECONDS), _SHORTEST_TURN), _LONGEST_TURN)

    async def spend(self, size: int) -> None:
        """Waits until the bytes granted before have passed."""
        async for _ in self.turns(size):
            pass

    async def turns(self, size: int) -> AsyncIterator[None]:
        """The same, with a step after each turn, for those who have to be seen alive meanwhile."""
        while size > 0 and self.limit > 0:
            taken = min(size, self.turn)
            size -= taken
            now = time.monotonic()
            begin = max(now, self._free)
            self._free = begin + taken / (self.limit * _MEGABIT)
            await asyncio.sleep(begin - now)
            yield
