"""Hashes the bytes of an upload while they are written, or again when it is resumed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from typing import ParamSpec, TypeVar

from contentlib.library.bytes.storages import Lane
from contentlib.library.checksums import Hasher
from contentlib.library.ports import BackgroundSending, Staged
from contentlib.library.threads import NotStored

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_SIDE_BY_SIDE = 1 << 16  # so many bytes are worth a second thread
_SMALL_PIECE = 1 << 16
_READ_AGAIN = 64  # pieces that are read and hashed again in one go


async def store(threads: Lane, staged: Staged, hasher: Hasher, pieces: Sequence[bytes]) -> None:
    """Stores the next bytes of an upload, in pieces. Raises NotStored if the storage fails."""
    size = sum(map(len, pieces))
    if size < len(pieces) * _SMALL_PIECE:  # joining large pieces costs more than it saves
        pieces = [b"".join(pieces)]
    left = deque(pieces)
    if size < _SIDE_BY_SIDE:
        await put(threads, _append, staged, left)
        _hash(hasher, pieces)
    else:
        hashing = asyncio.ensure_future(threads.run(_hash, hasher, pieces))
        try:
            await put(threads, _append, staged, left)
        finally:
            await hashing
    await room(staged)


async def put(
    threads: Lane, call: Callable[Arguments, Result], *arguments: Arguments.args, **names: Arguments.kwargs
) -> Result:
    """Runs a call that can be repeated, and repeats it while the storage is away. Raises NotStored if the storage fails."""
    try:
        return await threads.patient(call, *arguments, **names)
    except OSError as error:
        raise NotStored(error) from error


async def room(staged: Staged) -> None:
    """Returns when more bytes can be appended without more memory."""
    if isinstance(staged, BackgroundSending):
        await _done(staged.busy)


async def sent(staged: Staged) -> None:
    """Returns when `save` and `keep` need not wait for bytes that are stored in the background."""
    if isinstance(staged, BackgroundSending):
        await _done(staged.unsent)


async def _done(wanted: Callable[[], Future[None] | None]) -> None:
    while (future := wanted()) is not None:
        await asyncio.wrap_future(future)


def hash_again(hasher: Hasher, pieces: Iterator[bytes]) -> bool:
    """Hashes more of the existing bytes. Returns whether there were any."""
    before = hasher.size
    for piece in islice(pieces, _READ_AGAIN):
        hasher.update(piece)
    return hasher.size > before


def _append(staged: Staged, left: deque[bytes]) -> None:
    """Appends pieces. Those that were appended are not in `left` if this is repeated."""
    while left:
        staged.append(left[0])
        left.popleft()


def _hash(hasher: Hasher, pieces: Sequence[bytes]) -> None:
    for piece in pieces:
        hasher.update(piece)
