"""Reserves disk space with a file beside the database, which is deleted when a commit might run out of space.

Freeing space on a full disk needs logins and deletes, which are writes too.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_MOST_BYTES = 16 << 20
_PART = 20  # of the disk: no more than one in so many
_COMMIT_BYTES = 1 << 20  # more than a commit takes
_SPARE = 4  # it is made again where so many times its size is free


class Ballast:
    """The file of one database."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".reserve")

    def ease(self) -> None:
        """Frees its room, where a commit may not find enough."""
        with suppress(OSError):  # already deleted; if the disk does not answer, the commit reports it
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < _COMMIT_BYTES:
                self._path.unlink()

    def restore(self) -> None:
        """Recreates the reserve if there is enough space."""
        if self._path.exists():
            return
        disk = os.statvfs(self._path.parent)
        size = min(_MOST_BYTES, disk.f_blocks * disk.f_frsize // _PART)
        if disk.f_bavail * disk.f_frsize < _SPARE * size:
            return
        aside = self._path.with_suffix(f".{os.getpid()}")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, size)
            aside.rename(self._path)
        except OSError:
            with suppress(FileNotFoundError):
                aside.unlink()
        finally:
            os.close(file)
