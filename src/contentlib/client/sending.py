"""Sends a file to an upload URL, and continues from the right byte after each failure of the line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import aiohttp

from contentlib.client.connection import ServerConnection
from contentlib.client.failures import Answered, ClientFailed, NotReached, answered, decoded, printable
from contentlib.client.local import LocalFile

_STALLED_SECONDS = 90.0
_STORING_SECONDS = 600.0
_OFFSET = "upload-offset"


class Transferred(Protocol):
    """Shows how many bytes are expected and done."""

    def expect(self, count: int) -> None:
        """So many more bytes are expected."""

    def advance(self, count: int) -> None:
        """So many more bytes are done, or fewer if the count is negative."""


class Sending:
    """The upload of one file."""

    def __init__(self, connection: ServerConnection, url: str, file: LocalFile, shown: Transferred) -> None:
        self._connection = connection
        self._url = url
        self._file = file
        self._shown = shown
        self._counted = 0
        self._unread: ClientFailed | OSError | None = None

    async def run(self) -> None:
        """Sends what the server does not have yet. Raises Answered if it refuses the file, NotReached if patience ends."""
        patience, furthest = self._connection.patience(), -1
        while True:
            start = await self._offset()
            self._count(start)
            if start > furthest:  # by what the server has: more than that was sent, and lost with the line
                furthest = start
                patience.progressed()
            try:
                return await self._put(start)
            except (NotReached, Answered) as error:
                if self._unread is not None:
                    raise self._unread from error
                if isinstance(error, Answered) and not _passes(error):
                    raise
                if not await patience.again(getattr(error, "after", None)):
                    raise

    async def _offset(self) -> int:
        """How many bytes the server has."""
        patience = self._connection.patience()
        while True:
            try:
                async with self._connection.exchange("HEAD", self._url, {}) as answer:
                    if answer.status >= 300:
                        raise answered(answer.status, b"", answer.headers.get("retry-after"))
                    offset = answer.headers.get(_OFFSET, "0")
                    return int(offset) if offset.isdecimal() and int(offset) <= self._file.size else 0
            except (NotReached, Answered) as error:
                if not (isinstance(error, NotReached) or _passes(error)) or not await patience.again():
                    raise

    async def _put(self, start: int) -> None:
        size = self._file.size
        if start == size and size:  # the last answer was lost: the caller looks at the file, and sends it again if it must
            return
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        try:
            async with asyncio.timeout(_STALLED_SECONDS) as limit:
                body = self._body(start, limit) if size else b""
                async with self._connection.exchange("PUT", self._url, headers, body, silent=_STORING_SECONDS) as answer:
                    await self._check(answer)
        except TimeoutError as error:
            raise NotReached(f"the upload of {self._file.name!r} has stalled") from error

    async def _body(self, start: int, limit: asyncio.Timeout) -> AsyncIterator[bytes]:
        """The bytes from a position on. Moves the time limit with each of them, so that only a stalled line reaches it."""
        clock = asyncio.get_running_loop()
        try:
            async for piece in self._file.pieces(start):
                limit.reschedule(clock.time() + _STALLED_SECONDS)
                yield piece
                self._count(self._counted + len(piece))
        except (ClientFailed, OSError) as error:
            self._unread = error
            raise
        limit.reschedule(clock.time() + _STORING_SECONDS)

    async def _check(self, answer: aiohttp.ClientResponse) -> None:
        body = await answer.read()
        if answer.status >= 300:
            if answer.status == 409 and _OFFSET in answer.headers:
                raise NotReached("the server has other bytes than were expected")
            raise answered(answer.status, body, answer.headers.get("retry-after"))
        match decoded(body):
            case {"status": "ERROR", "error_message": str(text)}:
                raise Answered(printable(text), "ERROR", answer.status)

    def _count(self, position: int) -> None:
        self._shown.advance(position - self._counted)
        self._counted = position


def _passes(error: Answered) -> bool:
    """Whether the same request may succeed later: another client sends the file, or the server or a proxy is busy."""
    return error.status in (409, 429, 502, 503, 504)
