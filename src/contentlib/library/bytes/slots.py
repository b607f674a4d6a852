"""Limits the number of concurrent users of a resource."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress

from contentlib.library.ports import Places

_POLL_SECONDS = 0.1  # while all places are taken, some by other processes
_OWN = 0

Claim = Callable[[str], AbstractAsyncContextManager[None]]
"""Waits for a place for the transfer of a file of a name."""


def at_once(_name: str) -> AbstractAsyncContextManager[None]:
    """For callers without a limit."""
    return nullcontext()


class Slots:
    """A limited number of places, `most`. Lowering the limit does not take places away.

    If the places are `shared`, those of the same `kind` in all processes are limited together.
    """

    def __init__(self, most: int, kind: str = "", shared: Places | None = None) -> None:
        self.most = most
        self._kind = kind
        self._shared = shared
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
            while (place := self._take()) is None:
                self._changed.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if self._taken >= self.most else _POLL_SECONDS):
                        await self._changed.wait()
            self._taken += 1
            try:
                yield
            finally:
                self._taken -= 1
                self._release(place)
                self._changed.set()
        finally:
            self._wanted -= 1

    def _take(self) -> int | None:
        if self._taken >= self.most:
            return None
        return _OWN if self._shared is None else self._shared.take(self._kind, self.most)

    def _release(self, place: int) -> None:
        if self._shared is not None:
            self._shared.release(place)
