"""Reads the body of an upload in blocks, one ahead of the block being stored."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from contentlib.http.message import Request

_BLOCK = 1 << 20
_LARGEST = (
    4 << 20
)  # where there are few uploads: each block wakes two threads and the loop, which takes as long as to hash 128 KiB
_TOGETHER = 16 << 20  # bytes of blocks of all uploads, about, each of which holds three
_SECONDS = 1.0  # a slow client's bytes are handed on after this time, so that they are seen and safe


class Incoming:
    """Reads a body in a separate task, at most one block ahead.

    The task makes it possible to stop an upload whose client is silent. Blocks are larger if there are few `uploads`.
    """

    def __init__(self, request: Request, uploads: Callable[[], int]) -> None:
        self._request = request
        self._uploads = uploads
        self._blocks: asyncio.Queue[list[bytes] | None] = asyncio.Queue(maxsize=1)
        self._pieces: list[bytes] = []
        self._size = 0
        self._error: Exception | None = None
        self._quiet_since: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Starts reading. Sends 100 Continue if the client expects it."""
        if self._error is None:
            self._quiet_since = time.monotonic()
            self._task = asyncio.create_task(self._read())

    async def next(self) -> list[bytes] | None:
        """Returns the next block in its pieces, None at the end. Raises the error that ended the body early."""
        block = await self._blocks.get()
        if block is None and self._error is not None:
            raise self._error
        return block

    def quiet(self) -> float:
        """For how many seconds the client has been waited for."""
        return 0.0 if self._quiet_since is None else time.monotonic() - self._quiet_since

    def stop(self, error: Exception) -> None:
        """Stops reading. `next` then raises the error instead of returning further blocks."""
        self._error = error
        self._cancel()
        while not self._blocks.empty():
            self._blocks.get_nowait()
        self._blocks.put_nowait(None)

    async def close(self) -> None:
        """Returns when nothing is read any more."""
        self._cancel()
        if self._task is not None:
            await asyncio.wait({self._task})

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    async def _read(self) -> None:
        try:
            async for piece in self._request.chunks():
                self._quiet_since = time.monotonic()
                if not self._pieces:
                    self._wait_no_longer()
                self._pieces.append(piece)
                self._size += len(piece)
                if self._size >= self._enough():
                    await self._hand_on()
        except Exception as error:  # it is raised where the blocks are taken
            self._error = error
        if self._pieces:
            await self._hand_on()
        self._quiet_since = None
        await self._blocks.put(None)

    def _enough(self) -> int:
        return max(_BLOCK, min(_LARGEST, _TOGETHER // max(1, self._uploads())))

    async def _hand_on(self) -> None:
        self._quiet_since = None  # it is us who are slow now
        await self._blocks.put(self._block())
        self._quiet_since = time.monotonic()

    def _wait_no_longer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_SECONDS, self._hand_on_late)

    def _hand_on_late(self) -> None:
        if self._blocks.empty():
            self._blocks.put_nowait(self._block())
        else:
            self._wait_no_longer()

    def _block(self) -> list[bytes]:
        if self._timer is not None:
            self._timer.cancel()
        block, self._pieces, self._size = self._pieces, [], 0
        return block
