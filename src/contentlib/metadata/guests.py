"""Commands that write to a database beside the server that remembers its rows.

A guest holds a lock of the kernel, which ends with it however it ends, and has left a mark before it wrote anything. The mark
is one byte that both have in their memory, so the server sees it at once and pays nothing for looking.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "guests.lock"
_PATIENCE_SECONDS = 5.0


class Guests:
    """The guests as the server sees them."""

    def __init__(self, database: Path) -> None:
        self._lock = _opened(database)
        self._mark = mmap.mmap(self._lock, 1)

    def came(self) -> bool:
        """Whether a guest has come since all were gone."""
        return self._mark[0] != 0

    def are_gone(self) -> bool:
        """Whether none is left; the mark is taken away then."""
        if not _taken(self._lock):
            return False
        self._mark[0] = 0
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        return True

    def close(self) -> None:
        """Looks no longer."""
        self._mark.close()
        os.close(self._lock)


@contextmanager
def guest(database: Path) -> Iterator[None]:
    """Makes this process a guest."""
    lock = _opened(database)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with mmap.mmap(lock, 1) as mark:
            mark[0] = 1
        yield
    finally:
        os.close(lock)


@contextmanager
def no_guests(database: Path) -> Iterator[None]:
    """Keeps guests and others who want none off, which it waits for a little; RuntimeError while there is one."""
    lock, patience = _opened(database), time.monotonic() + _PATIENCE_SECONDS
    try:
        while not _taken(lock):
            if time.monotonic() > patience:
                raise RuntimeError(f"a command of contentlib is writing to the database {database}; wait until it has ended")
            time.sleep(0.01)
        yield
    finally:
        os.close(lock)


def _opened(database: Path) -> int:
    lock = os.open(database.with_name(_NAME), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.fstat(lock).st_size == 0:
        os.truncate(lock, 1)
    return lock


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
