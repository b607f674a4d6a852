"""Places for work that many want to do and few may do at once; how many changes with the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """The places of a process."""

    def __init__(self) -> None:
        self._taken = 0
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def one_of(self, most: int) -> AsyncIterator[None]:
        """A place, as soon as fewer than `most` are taken."""
        while self._taken >= most:
            self._freed.clear()
            await self._freed.wait()
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
            self._freed.set()
