"""Flushes files and directories, so that what was written survives a power loss."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

_THREADS = 8
_FEW = 3


def flush_directory(path: Path) -> None:
    """Returns when the names in a directory are on the disk; OSError when they may not be."""
    flush_directories([path])


def flush_directories(paths: Iterable[Path]) -> None:
    """The same for several directories. Of a few, the first fsync writes mostly all: threads would cost more."""
    with ExitStack() as closing:
        opened = []
        for path in paths:
            opened.append(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
            closing.callback(os.close, opened[-1])
        if len(opened) > _FEW:
            flush_all(opened)
            return
        for each in opened:
            os.fsync(each)


def flush_all(files: Sequence[int]) -> None:
    """Returns when all of some open files are on the disk; OSError when one may not be.

    Each fsync waits for a turn of the disk, but those that wait at the same time share one. So a few threads flush many files
    in about the time of one.
    """
    rest, errors = iter(files), list[OSError]()
    threads: list[threading.Thread] = []
    with suppress(RuntimeError):  # the process may have no more threads; then it takes longer
        for _ in range(min(_THREADS, len(files) - 1)):
            thread = threading.Thread(target=_flush, args=(rest, errors), daemon=True)
            thread.start()
            threads.append(thread)
    _flush(rest, errors)
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _flush(rest: Iterator[int], errors: list[OSError]) -> None:
    try:
        for file in rest:
            os.fsync(file)
    except OSError as error:
        errors.append(error)
