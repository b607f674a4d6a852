"""Waits in a thread for the turn among processes to write, so that the event loop is not blocked."""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from queue import SimpleQueue

from contentlib.metadata.generations import Generations

_LOOK_SECONDS = 0.5  # who waits finds out so soon that the database is being moved


class ProcessTurns:
    """The turns of one connection that writes. A turn that was awaited is given back if its caller no longer wants it."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        self._asked: SimpleQueue[asyncio.Future[None] | None] | None = None
        self._coming: asyncio.Future[None] | None = None
        self._wanted = False

    async def take(self, seconds: float) -> None:
        """Acquires the turn; OSError if other processes do not give it up for so long, or move the database."""
        self._generations.check_open()
        if self._coming is None and self._generations.take_turn():
            return
        coming = self._coming = self._coming or self._ask()
        self._wanted = True
        try:
            await self._wait(coming, time.monotonic() + seconds)
        except BaseException:
            if coming.done():
                self._give_back()
            raise
        finally:
            self._wanted = False
        if not coming.done():
            raise OSError(errno.EBUSY, "the database is locked by another process")
        self._coming = None

    async def _wait(self, coming: asyncio.Future[None], deadline: float) -> None:
        """Waits until a turn arrives. Suspends in any case, so that one that has just arrived is not given back meanwhile."""
        while True:
            left = deadline - time.monotonic()
            await asyncio.wait({coming}, timeout=min(max(left, 0.0), _LOOK_SECONDS))
            if coming.done() or left <= 0:
                return
            self._generations.check_open()

    def close(self) -> None:
        """Ends the thread, as soon as it waits for no turn."""
        if self._asked is not None:
            self._asked.put(None)

    def _ask(self) -> asyncio.Future[None]:
        if self._asked is None:
            self._asked = SimpleQueue()
            threading.Thread(target=_serve, args=(self._generations, self._asked), name="turns", daemon=True).start()
        coming = asyncio.get_running_loop().create_future()
        coming.add_done_callback(lambda _: None if self._wanted else self._give_back())
        self._asked.put(coming)
        return coming

    def _give_back(self) -> None:
        self._coming = None
        self._generations.end_turn()


def _serve(generations: Generations, asked: SimpleQueue[asyncio.Future[None] | None]) -> None:
    """Runs in a daemon thread: it does not keep the process from ending while another one holds the turn."""
    while (coming := asked.get()) is not None:
        generations.await_turn()
        try:
            coming.get_loop().call_soon_threadsafe(_arrive, coming)
        except RuntimeError:  # the event loop is closed
            generations.end_turn()


def _arrive(coming: asyncio.Future[None]) -> None:
    if not coming.done():
        coming.set_result(None)
