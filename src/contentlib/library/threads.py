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
    """A few separate threads, so that a slow disk delays transfers but no logins."""

    def __init__(self, most: int, name: str = "transfer") -> None:
        self._pool = ThreadPoolExecutor(most, name)

    async def run(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """Runs a call. Returns once the thread has finished, so that a file is never closed while it is used."""
        work = asyncio.wrap_future(self._pool.submit(call, *arguments, **names))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work})
            raise

    async def stored(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """Runs a call of a blob store. Raises NotStored if the storage fails."""
        try:
            return await self.run(call, *arguments, **names)
        except OSError as error:
            raise NotStored(error) from error
