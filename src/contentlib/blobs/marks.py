"""Marks the directory of a storage as belonging to one server, and verifies the mark.

    storage.json      the mark: the ids of the server and of the storage; written once
    storage.lock      the lock of the running server; contains the last sweep

If the mark is missing, the disk may not be mounted, so nothing in the directory is changed. A directory with the mark of
another server, or of another storage of this server, is never changed.
"""

from __future__ import annotations

import errno
import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from contentlib.library.flushing import flush_directory
from contentlib.library.ports import Sweep

MARK = "storage.json"
_LOCK = "storage.lock"
_FORMAT = 1
_LONGEST = 100


class Mark(msgspec.Struct, frozen=True):
    """Whose a storage is."""

    server: str
    storage: str
    format: int = _FORMAT


class MarkedPlace(ABC):
    """A place for content, which may belong to a server."""

    def __init__(self, storage: str, where: str) -> None:
        self.storage = storage
        self.where = where
        self.server = ""
        """The server that it must belong to; to be set before it is used."""

    @abstractmethod
    def read(self) -> Mark | None:
        """Returns the mark, or None if it is missing. Raises OSError if it cannot be read or is invalid."""

    @abstractmethod
    def claim(self) -> None:
        """Marks the place as this server's storage, unless another server has marked it at the same moment."""

    @abstractmethod
    def hold(self, *, shared: bool = False) -> None:
        """Locks the storage for this process and those it forks; RuntimeError when another server has it.

        If it is `shared`, others can hold it as shared at the same time. The mark tells that they have the same database.
        """

    @abstractmethod
    def found(self) -> Iterator[str]:
        """The names of the blobs in it, also if it belongs to another server."""

    def decode(self, text: bytes) -> Mark:
        """Reads a mark."""
        try:
            return msgspec.json.decode(text, type=Mark)
        except msgspec.DecodeError as error:
            raise OSError(errno.EINVAL, f"storage {self.storage}: {self.where}/{MARK} is damaged: {error}") from error

    def encode(self) -> bytes:
        """The mark of this server."""
        return msgspec.json.encode(Mark(self.server, self.storage)) + b"\n"

    def check_mark(self) -> None:
        """Raises OSError unless the place has the mark of this server and storage."""
        mark = self.read()
        if mark is None:
            raise not_mounted(self)
        if why := self.foreign(mark):
            raise OSError(errno.EPERM, why)

    def foreign(self, mark: Mark) -> str:
        """Returns why the directory must not be used; empty if it is this server's storage of that id."""
        if mark.format != _FORMAT:
            return f"storage {self.storage}: {self.where} has format {mark.format}, this version supports {_FORMAT}"
        if mark.server != self.server:
            return (
                f"storage {self.storage}: {self.where} belongs to server {mark.server}, this database to server {self.server}; "
                "configure another directory, or restore the database that belongs to it"
            )
        if mark.storage != self.storage:
            return (
                f"storage {self.storage}: {self.where} is storage {mark.storage} of this server; correct the paths in `storage`"
            )
        return ""

    def is_marked(self) -> bool:
        """Whether the place is this server's storage."""
        try:
            self.check_mark()
        except OSError:
            return False
        return True


class MarkedDirectory(MarkedPlace):
    """The directory of a storage. Checked before each change, because its disk may be unmounted or mounted."""

    def __init__(self, storage: str, path: Path) -> None:
        super().__init__(storage, str(path))
        self.path = path
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> Mark | None:
        """Returns the mark, or None if it is missing. Raises OSError if it cannot be read or is invalid."""
        try:
            return self.decode((self.path / MARK).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def check(self) -> Path:
        """Returns the directory if it has the right mark. Raises OSError with the cause otherwise. Costs one stat."""
        try:
            found = (self.path / MARK).stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise not_mounted(self) from error
        seen = (found.st_dev, found.st_ino, found.st_mtime_ns)
        if seen != self._seen:
            self.check_mark()
            self._seen = seen
        return self.path

    def claim(self) -> None:
        """Marks the directory as this server's storage, unless another server has marked it at the same moment."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o750)
        aside = self.path / f".{MARK}.{self.server}"
        with open(aside, "wb", opener=_private) as file:
            file.write(self.encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            (self.path / MARK).hardlink_to(aside)  # a rename would take the mark of the other away
        aside.unlink()
        for each in (self.path, self.path.parent):
            flush_directory(each)

    def found(self) -> Iterator[str]:
        """The names of the blobs in it."""
        return (entry.name for entry in (self.path / "blobs").glob("*/*"))

    def hold(self, *, shared: bool = False) -> None:
        """Locks the storage for this process and those it forks; RuntimeError when another server has it."""
        os.close(self._open_lock())  # makes it
        lock = os.open(self.path / _LOCK, os.O_RDONLY | os.O_CLOEXEC)  # the disk can be made read-only while it is held
        try:
            fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise RuntimeError(f"storage {self.storage}: {self.path} is in use by another server") from error

    def sweep(self) -> Sweep:
        """The last sweep; number 0 before the first one."""
        with self._locked_file() as lock:
            return Sweep.of(os.pread(lock, _LONGEST, 0).decode())

    def note_sweep(self, sweep: Sweep) -> None:
        """Writes a sweep, which takes as many bytes as the previous one."""
        with self._locked_file() as lock:
            os.pwrite(lock, f"{sweep.text}\n".encode("ascii"), 0)

    @contextmanager
    def _locked_file(self) -> Iterator[int]:
        self.check()
        lock = self._open_lock()
        try:
            yield lock
        finally:
            os.close(lock)

    def _open_lock(self) -> int:
        return os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)


def not_mounted(place: MarkedPlace) -> OSError:
    """The error of a place without a mark."""
    return OSError(errno.ENODEV, f"storage {place.storage} is not mounted: {place.where}/{MARK} is missing")
