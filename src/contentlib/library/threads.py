"""Provides threads for blocking calls of transfers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class NotStored(Exception):
    """The storage does not take the bytes, or does not give back those that are there."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


class Threads:
    """A few threads of a room's own: a slow disk keeps transfers waiting, and nobody who logs in."""

    def __init__(self, most: int, name: str = "transfer") -> None:
        self._pool = ThreadPoolExecutor(most, name)

    async def run(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """What the call answers. Returns only when the thread is done with it, so that a file is never closed under it."""
        work = asyncio.wrap_future(self._pool.submit(call, *arguments, **names))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work})
            raise

    async def stored(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """What a call of a blob store answers; NotStored where the storage fails."""
        try:
            return await self.run(call, *arguments, **names)
        except OSError as error:
            raise NotStored(error) from error
