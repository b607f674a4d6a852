"""Opens regular files only: opening a pipe or device could block or have side effects."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from io import FileIO
from pathlib import Path

_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class NotRegular(OSError):
    """There is something else than a regular file at the path."""


def open_regular(path: Path) -> FileIO:
    """Opens a file for unbuffered reading, following links. Raises NotRegular for other files, without blocking."""
    return _opened(str(path), None)


def open_beneath(root: Path, path: Path) -> FileIO:
    """The file, below a directory; no step of its path may be a link, also where one is put there meanwhile."""
    *steps, name = path.relative_to(root).parts or (".",)
    folder = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for step in steps:
            inner = os.open(step, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return _opened(name, folder)
    finally:
        os.close(folder)


def _opened(name: str, folder: int | None) -> FileIO:
    """Checks the file before opening, which alone can have side effects, and again afterwards."""
    _check(name, os.stat(name, dir_fd=folder, follow_symlinks=folder is None))
    descriptor = os.open(name, _FILE | (0 if folder is None else os.O_NOFOLLOW), dir_fd=folder)
    file = FileIO(descriptor, "rb")
    try:
        _check(name, os.fstat(descriptor))
    except BaseException:
        file.close()
        raise
    return file


def _check(name: str, found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a directory, not a regular file", name)
    if not stat.S_ISREG(found.st_mode):
        kind = next((each for fits, each in _KINDS if fits(found.st_mode)), "something else")
        raise NotRegular(errno.EINVAL, f"it is {kind}, not a regular file", name)
