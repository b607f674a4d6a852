"""Locks files by name, so that an upload has one writer on a machine."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def lock_file(path: Path) -> int:
    """The file, open and locked, and still the one of that name: it may become a blob between the opening and the lock."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_at(file, path):
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)


def is_at(file: int, path: Path) -> bool:
    """Whether an open file is the one of a name."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


class FileLock:
    """A lock that lasts until it is released or the process ends. Raises BlockingIOError if another has it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o750, exist_ok=True)
        self._path = path
        self._file: int | None = lock_file(path)

    def release(self) -> None:
        """Ends the lock. Can be called again."""
        file, self._file = self._file, None
        if file is not None:
            self._path.unlink(missing_ok=True)
            os.close(file)
