"""Runs the blocking calls of one directory in a few threads, each for a limited time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from contentlib.access import messages
from contentlib.access.ldap.client import Conversation, DirectoryDown
from contentlib.access.passwords import busy

Answer = TypeVar("Answer")
_THREADS = 4
_MOST_WAITING = 32


class DirectoryThreads:
    """The threads of a directory. One that does not answer does not delay other directories, local users, or the event loop."""

    def __init__(self, name: str, seconds: float) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, f"ldap-{name}")
        self._seconds = seconds
        self._pending = 0

    async def run(self, call: Callable[[Conversation], Answer]) -> Answer:
        """Runs a call. Raises DirectoryDown after the time limit, and ServiceUnavailable if too many calls wait."""
        if self._pending >= _THREADS + _MOST_WAITING:
            raise busy(messages.LOGINS_WAITING)
        conversation = Conversation()
        self._pending += 1
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._threads, _begun, call, conversation)
        running.add_done_callback(self._ended)
        late = loop.call_later(self._seconds, conversation.end)  # also if the caller goes away before
        running.add_done_callback(lambda _: late.cancel())
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(running)
        except TimeoutError as error:
            raise DirectoryDown(f"it did not answer within {self._seconds:g} seconds") from error

    def _ended(self, running: asyncio.Future[Answer]) -> None:
        self._pending -= 1
        if not running.cancelled():
            running.exception()  # the caller may have gone, and nobody else asks for it


def _begun(call: Callable[[Conversation], Answer], conversation: Conversation) -> Answer:
    try:
        conversation.check()
        return call(conversation)
    finally:
        conversation.close()
