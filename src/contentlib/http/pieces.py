"""The bytes of an answer, read as they are sent, and sent no faster than they may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from contentlib.http.message import Answer, FileResponse, StreamResponse
from contentlib.library.throttle import Throttle

_PIECE = 1 << 20


async def pieces_of(answer: FileResponse, most: int = _PIECE) -> AsyncGenerator[bytes, None]:
    """The bytes of a file that an answer is, none longer than `most`; OSError where the file ends too early."""
    left = answer.length
    with answer.path.open("rb", buffering=0) as file:
        file.seek(answer.offset)
        while left is None or left > 0:
            piece = await asyncio.to_thread(file.read, most if left is None else min(most, left))
            if not piece:
                break
            if left is not None:
                left -= len(piece)
            yield piece
    if left:
        raise OSError(f"{answer.path} ended {left} bytes too early")


def paced(answer: Answer, throttle: Throttle) -> Answer:
    """The answer, which keeps to a limit as long as there is one; where there is none as it begins, it is the same answer."""
    if not throttle.limit:
        return answer
    if isinstance(answer, FileResponse):
        return StreamResponse(answer.status, _slow(pieces_of(answer, throttle.turn), throttle), answer.headers)
    if isinstance(answer, StreamResponse):
        return StreamResponse(answer.status, _slow(answer.pieces, throttle), answer.headers)
    return answer


async def _slow(pieces: AsyncGenerator[bytes, None], throttle: Throttle) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        async for piece in pieces:
            await throttle.spend(len(piece))
            yield piece
