"""Bytes of an upload that are hashed while they are written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from contentlib.library.checksums import Hasher
from contentlib.library.ports import Staged
from contentlib.library.threads import Threads

_SIDE_BY_SIDE = 1 << 16  # so many bytes are worth a second thread
_PIECES = 16


async def store(threads: Threads, staged: Staged, hasher: Hasher, pieces: Sequence[bytes]) -> None:
    """Takes the next bytes of an upload, in the pieces in which they came; NotStored when the storage does not."""
    if len(pieces) > _PIECES:  # joining large pieces costs more than it saves
        pieces = [b"".join(pieces)]
    if sum(map(len, pieces)) < _SIDE_BY_SIDE:
        await threads.stored(_take, pieces, staged.append, hasher.update)
    else:
        hashing = asyncio.ensure_future(threads.run(_take, pieces, hasher.update))
        try:
            await threads.stored(_take, pieces, staged.append)
        finally:
            await hashing


def _take(pieces: Sequence[bytes], *takers: Callable[[bytes], None]) -> None:
    for piece in pieces:
        for taker in takers:
            taker(piece)
