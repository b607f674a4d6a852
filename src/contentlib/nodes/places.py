"""Counts places that the worker processes of one machine share, by locks that the kernel releases with their process.

Each place is a byte of a lock file, which has no content.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from pathlib import Path

_MOST = 1 << 16  # places of one kind


class LockedPlaces:
    """The places whose locks are on a file. A process has one such object: the kernel tells processes apart, not objects."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._own: set[int] = set()

    def take(self, kind: str, most: int) -> int | None:
        """Takes one of `most` places of a kind. Returns what is to be given to `release`, or None if all are taken."""
        start = _start(kind)
        for place in range(start, start + min(most, _MOST)):
            if place not in self._own and self._locked(place):
                self._own.add(place)
                return place
        return None

    def release(self, place: int) -> None:
        """Releases a place."""
        self._own.discard(place)
        fcntl.lockf(self._opened(), fcntl.LOCK_UN, 1, place)

    def _locked(self, place: int) -> bool:
        try:
            fcntl.lockf(self._opened(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # which of them is the system's choice
            return False
        return True

    def _opened(self) -> int:
        """The lock file. It stays open: to close it once would release all places of the process."""
        if self._file is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._file


def _start(kind: str) -> int:
    """The first byte of a kind, one of 2 ** 46 that are all far enough from each other."""
    return int.from_bytes(hashlib.sha256(kind.encode()).digest()[:6], "big") // 4 * _MOST
