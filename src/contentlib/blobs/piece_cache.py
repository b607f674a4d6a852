"""Caches pieces of blobs in a directory of this machine, shared by all processes that open it.

    pieces/ab/BLOB-MARK/NUMBER    a piece and its SHA-256; its time of modification tells when it was last used
    new/…                         a piece that is being written
    lock                          held by the process that removes old pieces

A piece is complete when it has its name, and is verified whenever it is read. Everything here may be deleted at any time. If
the directory cannot be read or written, the cache is not used for some time; no reader ever notices.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import structlog

from contentlib.library.identifiers import new_identifier

PIECE = 4 << 20
_DIGEST = hashlib.sha256().digest_size
_OFF_SECONDS = 60.0
_USED_SECONDS = 60.0  # between two notes that a piece is used
_OLD_SECONDS = 600.0  # after which an unfinished piece is of a process that was killed
_PART = 64  # of the limit, after which a process looks for pieces to remove
_KEPT = 0.9  # of the limit, after pieces were removed
_LOG = structlog.stdlib.get_logger(__name__)


class PieceKey(NamedTuple):
    """A piece of a blob. The mark tells apart bytes that were replaced."""

    blob: str
    mark: str
    number: int


class _Found(NamedTuple):
    used: float
    size: int
    path: Path


class PieceCache:
    """The pieces in a directory, of `limit` bytes together and little more for a moment."""

    def __init__(self, directory: Path, limit: int) -> None:
        self._directory = directory
        self._limit = limit
        self._lock = threading.Lock()
        self._unlooked: int | None = None  # bytes that were written since this process looked at all pieces
        self._off_until = 0.0

    def has(self, key: PieceKey) -> bool:
        """Whether a piece is there; it may be damaged."""
        return not self.is_off and self._path(key).exists()

    def get(self, key: PieceKey) -> bytes | None:
        """The bytes of a piece, if it is there and what was written."""
        if self.is_off:
            return None
        path = self._path(key)
        try:
            content = path.read_bytes()
            if time.time() - path.stat().st_mtime > _USED_SECONDS:
                os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._turn_off(error)
            return None
        data, digest = content[:-_DIGEST], content[-_DIGEST:]
        if _digest(key, data) == digest:
            return data
        _LOG.warning("damaged piece removed from cache", path=str(path))
        with suppress(OSError):
            path.unlink()
        return None

    def put(self, key: PieceKey, data: bytes) -> None:
        """Adds a piece, if that is possible."""
        if self.is_off:
            return
        path, new = self._path(key), self._directory / "new" / new_identifier()
        try:
            for each in (new.parent, path.parent):
                each.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                new.write_bytes(data + _digest(key, data))
                new.rename(path)
            except OSError:
                new.unlink(missing_ok=True)
                raise
        except FileNotFoundError:  # another process has just removed the directory, which was empty
            return
        except OSError as error:
            self._turn_off(error)
            return
        if self._is_due(len(data)):
            self.trim()

    def drop(self, blob: str) -> None:
        """Removes the pieces of a blob."""
        with suppress(OSError):
            for each in (self._directory / "pieces" / blob[:2]).glob(f"{blob}-*"):
                shutil.rmtree(each, ignore_errors=True)

    def trim(self) -> None:
        """Removes the pieces that were not used for the longest time, unless another process is about to."""
        try:
            lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._turn_off(error)
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._trim()
        except BlockingIOError:
            return
        finally:
            os.close(lock)

    def _trim(self) -> None:
        for each in self._files("new"):
            if time.time() - each.used > _OLD_SECONDS:
                each.path.unlink(missing_ok=True)
        found = sorted(self._files("pieces"))
        held = sum(each.size for each in found)
        if held <= self._limit:
            return
        for each in found:
            if held <= self._limit * _KEPT:
                return
            with suppress(OSError):
                each.path.unlink(missing_ok=True)
            with suppress(OSError):  # other pieces of the blob are still there
                each.path.parent.rmdir()
            held -= each.size

    def _files(self, part: str) -> Iterator[_Found]:
        """The files below a directory; what another process removes meanwhile is left out."""
        for directory, _, names in os.walk(self._directory / part):
            for name in names:
                with suppress(OSError):
                    path = Path(directory, name)
                    status = path.stat()
                    yield _Found(status.st_mtime, status.st_size, path)

    def _is_due(self, size: int) -> bool:
        """Whether this process has written so much that it should look at all pieces, which it does once at its start."""
        with self._lock:
            if self._unlooked is not None and self._unlooked + size < self._limit // _PART:
                self._unlooked += size
                return False
            self._unlooked = 0
            return True

    def _path(self, key: PieceKey) -> Path:
        mark = hashlib.sha256(key.mark.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self._directory / "pieces" / key.blob[:2] / f"{key.blob}-{mark}" / str(key.number)

    @property
    def is_off(self) -> bool:
        """Whether the directory could not be used just now."""
        return time.monotonic() < self._off_until

    def _turn_off(self, error: OSError) -> None:
        self._off_until = time.monotonic() + _OFF_SECONDS
        _LOG.warning("cache not used", directory=str(self._directory), seconds=_OFF_SECONDS, told=str(error))


def _digest(key: PieceKey, data: bytes) -> bytes:
    """Of the bytes and of where they belong."""
    digest = hashlib.sha256(data)
    digest.update(f"{key.blob} {key.number} {key.mark}".encode("utf-8", "surrogatepass"))
    return digest.digest()
