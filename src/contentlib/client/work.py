"""Runs work at the same time, and keeps sessions alive meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from contentlib.client.failures import ClientFailed

_KEEP_ALIVE_SECONDS = 60.0
Done = TypeVar("Done")


async def together(*work: Coroutine[Any, Any, Done]) -> list[Done]:
    """Runs all work at the same time. The first error ends the rest, and is raised when all has ended."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def kept_alive(keep_alive: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Renews the lease of a session while the block runs, also while its files wait for a place."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(_KEEP_ALIVE_SECONDS)
            with suppress(ClientFailed):  # the transfers find out what is wrong
                await keep_alive()

    renewing = asyncio.ensure_future(renew())
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)  # the cancellation of this task is still raised
