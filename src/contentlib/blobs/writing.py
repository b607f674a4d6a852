"""Writes files to a disk beside its reserve, and several of them at once."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from contentlib.blobs.reserves import DiskReserve
from contentlib.library.flushing import flush_all

_RESERVED = "No space left on device: the rest is kept in reserve (storage_reserve_bytes)"


def writes(file: int, data: bytes) -> Iterator[int]:
    """Writes bytes, and yields how many were written by each call."""
    view = memoryview(data)
    while view:
        size = os.write(file, view)
        yield size
        view = view[size:]


def write_all(files: Iterable[tuple[Path, bytes]], flags: int, mode: int) -> list[str]:
    """Writes and flushes files, which are all on their way to the disk before the first is waited for. Returns their marks."""
    with ExitStack() as closing:
        opened = []
        for path, content in files:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, mode)
            closing.callback(os.close, file)
            for _ in writes(file, content):
                pass
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            opened.append(file)
        flush_all(opened)
        return [file_mark(os.fstat(file)) for file in opened]


def check_reserve(reserve: DiskReserve, place: int | Path, size: int) -> None:
    """Raises OSError if so many bytes do not fit beside the reserve of a disk."""
    if any(reserve[:2]) and reserve.of(os.statvfs(place)).room < size:
        raise OSError(errno.ENOSPC, _RESERVED)


def file_mark(found: os.stat_result) -> str:
    """The mark of a file: another one after each change."""
    return f"{found.st_ino}:{found.st_mtime_ns}"
