"""Keeps a value that another server may change: fetched once for all who wait for it, and again when it is old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from contentlib.oidc.documents import ProviderFailed

Value = TypeVar("Value")
_FRESH_SECONDS = 600.0
_USABLE_SECONDS = 24 * 3600.0
_PAUSE_SECONDS = 10.0
_FAILED_SECONDS = 5.0


class Refreshed(Generic[Value]):
    """A value that is fetched when it is first needed, and in the background once it is older than ten minutes.

    The old value is used for up to a day while it cannot be fetched. A fetch begins at least `pause` seconds after the last, or
    five after one that failed.
    """

    def __init__(self, fetch: Callable[[], Awaitable[Value]], now: Callable[[], float], pause: float = _PAUSE_SECONDS) -> None:
        self._fetch = fetch
        self._now = now
        self._pause = pause
        self._value: tuple[Value, float] | None = None
        self._failure: ProviderFailed | None = None
        self._began = float("-inf")
        self._running: asyncio.Task[None] | None = None

    @property
    def known(self) -> Value | None:
        """The value, if it was fetched."""
        return None if self._value is None else self._value[0]

    async def get(self) -> Value:
        """The value. Raises ProviderFailed if there is none, at once if it could not be fetched just now."""
        age = float("inf") if self._value is None else self._now() - self._value[1]
        if age > _FRESH_SECONDS:
            await self._refresh(wait=age > _USABLE_SECONDS)
        return self._current()

    async def renewed(self) -> Value:
        """The value, fetched again unless a fetch began just now."""
        await self._refresh(wait=True)
        return self._current()

    def _current(self) -> Value:
        if self._value is None or self._now() - self._value[1] > _USABLE_SECONDS:
            raise self._failure or ProviderFailed("it has not answered yet")
        return self._value[0]

    async def _refresh(self, *, wait: bool) -> None:
        if self._running is None:
            if self._now() - self._began < (self._pause if self._failure is None else min(self._pause, _FAILED_SECONDS)):
                return
            self._began = self._now()
            self._running = asyncio.create_task(self._run())
        if wait:
            await asyncio.shield(self._running)  # others wait for it too

    async def _run(self) -> None:
        try:
            self._value, self._failure = (await self._fetch(), self._now()), None
        except ProviderFailed as error:
            self._failure = error
        finally:
            self._running = None

    async def close(self) -> None:
        """Ends a fetch in progress."""
        running = self._running
        if running is not None:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
