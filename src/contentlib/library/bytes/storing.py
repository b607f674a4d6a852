"""Hashes the bytes of an upload while they are written, or again when it is resumed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from contentlib.library.bytes.storages import Lane
from contentlib.library.checksums import Hasher
from contentlib.library.ports import Staged

_SIDE_BY_SIDE = 1 << 16  # so many bytes are worth a second thread
_PIECES = 16
_READ_AGAIN = 64  # pieces that are read and hashed again in one go


async def store(threads: Lane, staged: Staged, hasher: Hasher, pieces: Sequence[bytes]) -> None:
    """Stores the next bytes of an upload, in pieces. Raises NotStored if the storage fails."""
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


def hash_again(hasher: Hasher, pieces: Iterator[bytes]) -> bool:
    """Hashes more of the existing bytes. Returns whether there were any."""
    before = hasher.size
    for piece in islice(pieces, _READ_AGAIN):
        hasher.update(piece)
    return hasher.size > before


def _take(pieces: Sequence[bytes], *takers: Callable[[bytes], None]) -> None:
    for piece in pieces:
        for taker in takers:
            taker(piece)
