"""Detects running downloads by the files that this process has open.

The server interface does not report the end of a file transfer (docs/design/decisions/0001-asgi-and-ranges.md), so a file that
is still open is still being sent. If two downloads send the same file, the longer one keeps both alive.

Files are identified by their names, which are those of blobs, because a `stat` of an open file could wait for its disk.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_YOUNG_SECONDS = 10.0  # a file may not be open yet
_LISTING = Path("/dev/fd")  # Linux, macOS, BSD
_WITHOUT_LISTING = range(4096)
_DELETED = " (deleted)"  # how Linux marks a file without a name

Touch = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Download:
    touch: Touch
    began: float


class RunningDownloads:
    """Running downloads by owner (a session or a login), with the file that they send."""

    def __init__(self) -> None:
        self._downloads: dict[tuple[str, str], _Download] = {}

    def add(self, owner: str, path: Path, touch: Touch) -> None:
        """A download begins; `touch` keeps its owner alive, and raises nothing."""
        self._downloads[owner, path.name] = _Download(touch, time.monotonic())

    def drop(self, owner: str) -> None:
        """Forgets the downloads of an owner that is over."""
        for key in [key for key in self._downloads if key[0] == owner]:
            del self._downloads[key]

    async def touch(self) -> None:
        """Keeps the owners of all downloads alive whose file is open, and forgets the others."""
        if not self._downloads:
            return
        files = await asyncio.to_thread(open_files)  # of thousands; no disk is asked
        youngest = time.monotonic() - _YOUNG_SECONDS
        for key, download in list(self._downloads.items()):
            if key[1] in files or download.began > youngest:
                await download.touch()
            elif self._downloads.get(key) is download:  # a new download of the same may have begun meanwhile
                del self._downloads[key]


def open_files() -> set[str]:
    """The names of the files that this process has open, without their directories."""
    return set(count_open_files())


def count_open_files() -> Counter[str]:
    """How often this process has files open, by name without directory."""
    found: Counter[str] = Counter()
    for descriptor in _descriptors():
        with suppress(OSError):  # closed since it was listed
            found[_path(descriptor).removesuffix(_DELETED).rpartition("/")[2]] += 1
    return found


def _path(descriptor: int) -> str:
    if hasattr(fcntl, "F_GETPATH"):  # macOS
        return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - of thousands, and a path is slow to make


def _descriptors() -> list[int]:
    try:
        return [int(entry.name) for entry in _LISTING.iterdir()]
    except OSError:
        return list(_WITHOUT_LISTING)
