"""Threads for what blocks while bytes are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Threads:
    """A few threads of the room's own: a slow disk keeps uploads waiting, and nobody who logs in."""

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, "transfer")

    async def run(self, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs) -> Result:
        """What the call answers. Returns only when the thread is done with it, so that a file is never closed under it."""
        work = asyncio.wrap_future(self._pool.submit(call, *arguments, **names))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work})
            raise
