"""Decides whether a failed request is sent again, and when."""

from __future__ import annotations

import asyncio
import random
import time

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 15.0


class Patience:
    """Allows attempts until there was no progress for some seconds, with growing pauses between them.

    The pauses are random, so that many clients do not return at the same moment.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.progressed()

    def progressed(self) -> None:
        """Starts to wait anew, because an attempt got further than the one before."""
        self._until = time.monotonic() + self._seconds
        self._pause = _FIRST_SECONDS

    async def again(self, after: float | None = None) -> bool:
        """Whether there is another attempt, after a pause or after as many seconds as the server asks for."""
        pause = self._pause * random.uniform(0.5, 1.5) if after is None else after  # noqa: S311 - spreads load, keeps no secret
        if time.monotonic() + pause > self._until:
            return False
        await asyncio.sleep(pause)
        self._pause = min(2 * self._pause, _LONGEST_SECONDS)
        return True
