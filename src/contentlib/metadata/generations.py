"""Tells processes which tables of a shared database have changed, and serializes their writes.

All processes map a small file beside the database into their memory: it has one counter for the database and one for each table
(tables whose names have the same checksum share one, which only invalidates too much). A counter is odd while a commit that
changes its table is in progress, and has increased by two afterwards. Only the process that holds the lock on the file changes
counters; it acquires the lock before its transaction starts and releases it once the counters are even again. The kernel
releases the lock of a process that dies; the next writer makes odd counters even.

A second file has the lock of the process that is next. That process waits for the first lock and then releases the second one,
so a process that writes all the time cannot pass one that waits. Processes wait in the kernel, in a thread.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import mmap
import os
import time
import zlib
from array import array
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_SECONDS = 5.0
_MOVER_SECONDS = 1.0  # others hold the lock for a moment, to find out who has it
_PAUSE_SECONDS = 0.01
SLOTS = 128  # the first is the database's, the last one tells of a failed write
_SUSPECT = SLOTS - 1
_MOVING = SLOTS  # tells that the rows are being moved to another database, or were
_BYTES = 8 * (SLOTS + 1)
_CLOSED = memoryview(array("Q", [1] * (SLOTS + 1)))  # all odd: nothing can be remembered


class Generations:
    """The counters of a database, and the turn to write to it; one object for each connection that writes."""

    def __init__(self, database: Path) -> None:
        self._users = _opened(_users_of(database))
        self._moving = database.with_name(f"{database.name}-moving")
        try:
            if not _taken(self._users, fcntl.LOCK_SH, _PATIENCE_SECONDS):
                raise RuntimeError(f"database {database} is being upgraded by another process; try again later")
            self._file = _opened(database.with_name(f"{database.name}-generations"))
            self._next = _opened(database.with_name(f"{database.name}-next"))
            os.posix_fallocate(self._file, 0, _BYTES)  # a write to a page without a place on a full disk kills the process
        except BaseException:
            os.close(self._users)
            raise
        self._awaiting = self._closed = False
        self._map = mmap.mmap(self._file, _BYTES)
        self.counters = memoryview(self._map).cast("Q")
        """The counters; the first is the database's."""
        self.own = -1
        """What the database's counter was after the last commit that was made through this object."""

    def take_turn(self) -> bool:
        """Acquires the turn to write, unless another process has it or is next."""
        if not _taken(self._next, fcntl.LOCK_EX, 0.0):
            return False
        try:
            taken = _taken(self._file, fcntl.LOCK_EX, 0.0)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)
        if taken:
            self._mend()
        return taken

    def await_turn(self) -> None:
        """Acquires the turn to write when it is this process's; blocks until then, so it belongs in a thread."""
        self._awaiting = True
        fcntl.flock(self._next, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._next, fcntl.LOCK_UN)
        self._awaiting = False
        if self._closed:
            self.end_turn()
        else:
            self._mend()

    def _mend(self) -> None:
        """Makes the counters even that a writer left odd which was killed in its commit."""
        if self.counters[0] & 1:
            for slot in reversed(range(_SUSPECT)):
                self._make(slot, odd=0)

    def end_turn(self) -> None:
        """Ends the turn. Must be called when the changes are committed or undone."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    @property
    def suspect(self) -> bool:
        """Whether a write to the log failed, in any process, since the log was last copied into the database.

        The kernel then treats the bytes as written, so a later flush of the log proves nothing.
        """
        return self.counters[_SUSPECT] != 0

    @suspect.setter
    def suspect(self, value: bool) -> None:
        self.counters[_SUSPECT] = int(value)

    @property
    def moving(self) -> bool:
        """Whether the rows may be on their way to another database, or may have been moved: a hint to look closer."""
        return self.counters[_MOVING] != 0

    @moving.setter
    def moving(self, value: bool) -> None:
        self.counters[_MOVING] = int(value)

    def check_open(self) -> None:
        """Raises OSError while another process moves the rows to another database, and keeps writers off."""
        if self.moving and _is_held(self._moving):
            raise OSError(errno.EROFS, "the database is being moved to another one")

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Refuses changes of all other processes at once, as long as this one lives."""
        file = _opened(self._moving)
        try:
            if not _taken(file, fcntl.LOCK_EX, _MOVER_SECONDS):
                raise RuntimeError("the database is being moved by another process; wait until it ends")
            self.moving = True
            yield
        finally:
            os.close(file)

    def changing(self, tables: Collection[str]) -> None:
        """A commit begins that changes these tables."""
        self._make(0, odd=1)
        for slot in {slot_of(table) for table in tables}:
            self._make(slot, odd=1)

    def changed(self, tables: Collection[str]) -> None:
        """The commit has ended, one way or the other."""
        for slot in {slot_of(table) for table in tables}:
            self._make(slot, odd=0)
        self._make(0, odd=0)  # last: while it is odd, others may be
        self.own = self.counters[0]

    def _make(self, slot: int, odd: int) -> None:
        if self.counters[slot] & 1 != odd:
            self.counters[slot] += 1

    def close(self) -> None:
        """Closes the file; a turn that is still held ends."""
        self._closed = True
        self.counters.release()
        self.counters = _CLOSED
        self._map.close()
        os.close(self._users)
        if not self._awaiting:  # else a thread still has them, and leaves the turn as soon as it gets it
            os.close(self._file)
            os.close(self._next)


class TableGeneration:
    """The generation of some tables together."""

    def __init__(self, generations: Generations, tables: Collection[str]) -> None:
        self._generations = generations
        self._slots = tuple(slot_of(table) for table in tables)
        self._database = -1
        self._generation: int | None = None

    def now(self) -> int | None:
        """A number that rises with each change of one of the tables; None while one is being changed."""
        database = self._generations.counters[0]
        if database != self._database or database & 1:
            self._database, self._generation = database, self._sum()
        return self._generation

    def _sum(self) -> int | None:
        found = [self._generations.counters[slot] for slot in self._slots]
        return None if any(each & 1 for each in found) else sum(found)


@functools.cache
def slot_of(table: str) -> int:
    """The place of a table's counter, the same in every version of the program."""
    return 1 + zlib.crc32(table.encode()) % (_SUSPECT - 1)


@contextmanager
def sole_user(database: Path) -> Iterator[None]:
    """Keeps every other process off a database; RuntimeError when one has it open and does not close it soon."""
    users = _opened(_users_of(database))
    try:
        if not _taken(users, fcntl.LOCK_EX, _PATIENCE_SECONDS):
            raise RuntimeError(f"database {database} is open in another contentlib process; stop it or wait until it exits")
        yield
    finally:
        os.close(users)


def _is_held(path: Path) -> bool:
    """Whether a process holds the lock on a file."""
    file = _opened(path)
    try:
        return not _taken(file, fcntl.LOCK_SH, 0.0)
    finally:
        os.close(file)


def _users_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-users")


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _taken(file: int, kind: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE_SECONDS)
        else:
            return True
