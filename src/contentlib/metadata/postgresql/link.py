"""Keeps one connection to the database for short statements and notifications, and opens it again after it was lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from contentlib.library.signals import unheard
from contentlib.metadata.postgresql.address import Raw
from contentlib.metadata.postgresql.connections import Connector
from contentlib.metadata.postgresql.errors import ERRORS, told_error

_ALIVE = {"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "idle_session_timeout": "0"}


class Link:
    """A connection that runs one statement at a time. `opened` is called when there is a new one."""

    def __init__(self, connector: Connector, settings: dict[str, str] | None = None) -> None:
        self._connector = connector
        self._settings = _ALIVE | (settings or {})
        self._one = asyncio.Lock()
        self._raw: Raw | None = None
        self._channel: tuple[str, Callable[[str], None]] | None = None
        self.opened: Callable[[], object] = unheard

    def listen(self, channel: str, hear: Callable[[str], None]) -> None:
        """From the next connection on, hears what is sent to a channel."""
        self._channel = channel, hear

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        """The rows of a statement, which is sent once more if the connection turns out to be lost; OSError where that fails.

        So a statement may be carried out twice.
        """
        deadline = time.monotonic() + self._connector.patience
        async with self._one:
            if self._raw is not None and not self._raw.is_closed():
                try:
                    return await self._run(self._raw, sql, arguments)
                except OSError:
                    if not self._raw.is_closed():
                        raise
            return await self._run(await self._opened(deadline), sql, arguments)

    async def close(self) -> None:
        """Closes the connection."""
        async with self._one:
            raw, self._raw = self._raw, None
            if raw is not None:
                with suppress(*ERRORS):  # the server is away, so it is closed
                    await raw.close(timeout=1.0)

    async def _opened(self, deadline: float) -> Raw:
        self._raw = raw = await self._connector.open(deadline, **self._settings)
        if self._channel is not None:
            channel, hear = self._channel
            try:
                await raw.add_listener(channel, lambda _raw, _process, _channel, text: hear(text))
            except ERRORS as error:
                raw.terminate()
                raise told_error(error, closed=True) from error
        self.opened()
        return raw

    async def _run(self, raw: Raw, sql: str, arguments: tuple[Any, ...]) -> list[Any]:
        try:
            found: list[Any] = await raw.fetch(sql, *arguments)
        except ERRORS as error:
            if isinstance(error, (TimeoutError, OSError)):
                raw.terminate()  # it did not answer, or is lost
            raise told_error(error, closed=raw.is_closed()) from error
        return found
