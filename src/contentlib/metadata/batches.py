"""Represents transactions that are committed together, each of which waits for that commit."""

from __future__ import annotations

import asyncio


class Batch:
    """Transactions that are committed together."""

    def __init__(self, durable: bool = True) -> None:
        self.durable = durable
        self._waiting: list[asyncio.Future[None]] = []
        self._ended = False
        self._error: BaseException | None = None

    async def committed(self) -> None:
        """Waits until the batch is committed. Raises its error."""
        if self._ended:
            if self._error is not None:
                raise self._error
            return
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def end(self, error: BaseException | None) -> None:
        """Answers all who wait, now or later."""
        self._ended, self._error = True, error
        for each in self._waiting:
            if each.done():  # its task was cancelled
                continue
            if error is None:
                each.set_result(None)
            else:
                each.set_exception(error)
