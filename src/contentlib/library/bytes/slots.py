"""Limits the number of concurrent users of a resource."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

Claim = Callable[[str], AbstractAsyncContextManager[None]]
"""Waits for a place for the transfer of a file of a name."""


def at_once(_name: str) -> AbstractAsyncContextManager[None]:
    """For callers without a limit."""
    return nullcontext()


class Slots:
    """A limited number of places, `most`. Lowering the limit does not take places away."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0
        self._wanted = 0
        self._changed = asyncio.Event()

    @property
    def idle(self) -> bool:
        """Whether no place is used or waited for."""
        return self._wanted == 0

    def allow(self, most: int) -> None:
        """So many places there are from now on."""
        self.most = most
        self._changed.set()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place, as soon as one is free."""
        self._wanted += 1
        try:
            while self._taken >= self.most:
                self._changed.clear()
                await self._changed.wait()
            self._taken += 1
            try:
                yield
            finally:
                self._taken -= 1
                self._changed.set()
        finally:
            self._wanted -= 1
