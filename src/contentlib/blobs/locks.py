"""Locks files by name, so that an upload has one writer on a machine."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from contentlib.library.ports import ClaimHeld


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


class FileClaims:
    """Claims uploads by locked files in a directory. The kernel releases those of a process that ends, so none goes on."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def claim(self, storage: str, upload: str) -> FileClaim:
        """Claims an upload. Raises ClaimHeld while another writer has it."""
        self._directory.mkdir(mode=0o750, exist_ok=True)
        return FileClaim(self._directory / f"{storage}~{upload}")

    def forget(self) -> None:
        """Removes the files that no process has locked."""
        for path in self._directory.glob("*~*"):
            with suppress(OSError):  # it is locked, or was removed meanwhile
                FileClaim(path).release()

    def close(self) -> None:
        """Does nothing: no claim has to be renewed."""


class FileClaim:
    """A lock that lasts until it is released or the process ends."""

    number = 0
    alone = True

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: int | None = lock_file(path)
        except BlockingIOError:
            raise ClaimHeld from None

    def settle(self) -> None:
        """Does nothing: earlier writers have ended."""

    def check(self) -> None:
        """Does nothing: the lock holds while the process runs."""

    def release(self) -> None:
        """Ends the lock. Can be called again."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):  # a file that stays has no lock
                self._path.unlink()
            os.close(file)
