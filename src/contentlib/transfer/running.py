"""Downloads that are running, known by the files that this process has open.

The server takes a file and says nothing of its end (docs/design/decisions/0001-asgi-and-ranges.md), so what is still being
sent is what is still open. Of two downloads of the same bytes the longer one keeps both alive.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

_YOUNG_SECONDS = 10.0  # a file may not be open yet
_LISTING = Path("/dev/fd")  # Linux, macOS, BSD
_WITHOUT_LISTING = range(4096)

Touch = Callable[[], Awaitable[None]]
Inode = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Download:
    touch: Touch
    inode: Inode
    began: float


class RunningDownloads:
    """Downloads by whoever they belong to, a session or a login, and the file that they send."""

    def __init__(self) -> None:
        self._downloads: dict[tuple[str, Inode], _Download] = {}

    def add(self, owner: str, path: Path, touch: Touch) -> None:
        """A download begins; `touch` keeps its owner alive, and raises nothing."""
        found = path.stat()
        inode = (found.st_dev, found.st_ino)
        self._downloads[owner, inode] = _Download(touch, inode, time.monotonic())

    def drop(self, owner: str) -> None:
        """Forgets the downloads of an owner that is over."""
        for key in [key for key in self._downloads if key[0] == owner]:
            del self._downloads[key]

    async def touch(self) -> None:
        """Keeps the owners of all downloads alive whose file is open, and forgets the others."""
        if not self._downloads:
            return
        files = await asyncio.to_thread(open_files)
        youngest = time.monotonic() - _YOUNG_SECONDS
        for key, download in list(self._downloads.items()):
            if download.inode in files or download.began > youngest:
                await download.touch()
            elif self._downloads.get(key) is download:  # a new download of the same may have begun meanwhile
                del self._downloads[key]


def open_files() -> set[Inode]:
    """The files that this process has open."""
    found: set[Inode] = set()
    for descriptor in _descriptors():
        try:
            status = os.fstat(descriptor)
        except OSError:  # closed since it was listed
            continue
        found.add((status.st_dev, status.st_ino))
    return found


def _descriptors() -> list[int]:
    try:
        return [int(entry.name) for entry in _LISTING.iterdir()]
    except OSError:
        return list(_WITHOUT_LISTING)
