"""Sends the body of a response in pieces, within the bandwidth limit."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from io import FileIO
from typing import Protocol

from contentlib.http.message import Answer, FileResponse, StreamResponse

_PIECE = 1 << 20
_SMALL = 1 << 18
_CACHED = 2 << 20  # bytes that all answers hold at once, about, and that stay in the cache of a processor until they are sent
_LEAST = 32 * 1024
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)  # of Linux
_TOGETHER = 32 << 20  # bytes that all answers hold at once, about, until there are so many that each holds the least


class Pace(Protocol):
    """The rate at which bytes may be sent. A `limit` of 0 means unlimited."""

    limit: float

    @property
    def turn(self) -> int:
        """Returns the number of bytes that may be sent at once."""

    async def spend(self, size: int) -> None:
        """Returns when so many bytes may be sent."""


class Share:
    """Limits the buffer of each response: the more responses are being sent or wait for slow readers, the smaller."""

    def __init__(self) -> None:
        self._answers = 0
        self._buffer = memoryview(bytearray(_PIECE))

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Counts a response while it is being sent."""
        self._answers += 1
        try:
            yield
        finally:
            self._answers -= 1

    @property
    def piece(self) -> int:
        """The bytes of a file to read in one go. To read few at a time costs turns of threads, to read many costs memory."""
        answers = max(1, self._answers)
        cached = max(_SMALL, _CACHED // answers)
        return max(_LEAST, min(_PIECE, cached, _TOGETHER // answers))

    def at_hand(self, file: int, size: int, offset: int) -> bytes:
        """The bytes of a file if all are in memory, else none. To copy them takes less time than to wake a thread.

        RWF_NOWAIT keeps the kernel from waiting for the disk. File systems that cannot do that answer with an error, too.
        """
        piece = self._buffer[:size]
        try:
            return bytes(piece) if _NOWAIT is not None and os.preadv(file, [piece], offset, _NOWAIT) == size else b""
        except OSError:
            return b""


async def pieces_of(answer: FileResponse, share: Share, most: int = _PIECE) -> AsyncGenerator[bytes, None]:
    """The bytes of a file that an answer is, none longer than `most`; OSError where the file ends too early."""
    left, offset = answer.length, answer.offset
    with share.taken(), await answer.run(FileIO, answer.path) as file:
        while left is None or left > 0:
            size = min(most, share.piece)
            size = size if left is None else min(size, left)
            piece = share.at_hand(file.fileno(), size, offset) or await answer.run(os.pread, file.fileno(), size, offset)
            if not piece:
                break
            offset += len(piece)
            if left is not None:
                left -= len(piece)
            yield piece
    if left:
        raise OSError(f"{answer.path} ended {left} bytes too early")


def paced(answer: Answer, pace: Pace, share: Share, *, apart: bool = False) -> Answer:
    """The answer, which keeps to a limit as long as there is one; a whole file that begins without one never does.

    That one is sent by the server interface itself, as fast as it can be, in threads that all files share; where it is to be
    kept `apart`, because files of another storage hold those up, it is read in threads of its own storage.
    """
    if isinstance(answer, FileResponse) and (pace.limit or answer.length or (apart and answer.length is None)):
        most = pace.turn if pace.limit else _PIECE
        return StreamResponse(answer.status, _slow(pieces_of(answer, share, most), pace), answer.headers)
    if isinstance(answer, StreamResponse):
        return StreamResponse(answer.status, _slow(answer.pieces, pace), answer.headers)
    return answer


async def _slow(pieces: AsyncGenerator[bytes, None], pace: Pace) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            if pace.limit:
                await pace.spend(len(piece))
            yield piece
