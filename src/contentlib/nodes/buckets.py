"""Keeps numbers by key for all worker processes of one machine, in a small file that they map into their memory.

The file has sets of eight places. A key that is new in a full set replaces the one with the smallest number. The file is locked
for each change; the kernel releases the lock of a process that is killed.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Callable
from pathlib import Path

_PLACE = struct.Struct("16sd")
_WAYS = 8
_SETS = 2048
_BYTES = _SETS * _WAYS * _PLACE.size


class SharedNumbers:
    """The numbers in a file. Keys have 16 bytes, which are evenly distributed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: tuple[int, mmap.mmap] | None = None

    def change(self, key: bytes, changed: Callable[[float], float]) -> None:
        """Replaces the number of a key, 0 if there is none. Keeps it if the function raises an error."""
        file, memory = self._opened or self._open()
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            start = int.from_bytes(key[:4], "big") % _SETS * _WAYS * _PLACE.size
            places = range(start, start + _WAYS * _PLACE.size, _PLACE.size)
            found = {place: _PLACE.unpack_from(memory, place) for place in places}
            place = min(places, key=lambda each: (found[each][0] != key, found[each][1]))
            known, number = found[place]
            _PLACE.pack_into(memory, place, key, changed(number if known == key else 0.0))
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)

    def _open(self) -> tuple[int, mmap.mmap]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.posix_fallocate(file, 0, _BYTES)  # a write to a page without a place on a full disk kills the process
        self._opened = file, mmap.mmap(file, _BYTES)
        return self._opened

    def close(self) -> None:
        """Closes the file."""
        if self._opened is not None:
            file, memory = self._opened
            self._opened = None
            memory.close()
            os.close(file)
