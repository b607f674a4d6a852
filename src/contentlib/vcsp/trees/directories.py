"""Writes a tree to a directory: links or copies content, and renames finished documents."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from contentlib.library.errors import Damaged
from contentlib.library.flushing import flush_directory
from contentlib.library.messages import FILE_DAMAGED, FILE_GONE_FROM
from contentlib.library.model import Blob
from contentlib.library.ports import BlobStore, local_path
from contentlib.library.regular import open_regular
from contentlib.vcsp.trees.static import Payload

_ASIDE = ".part"
_GROUP_ENTERS, _GROUP_READS = 0o750, 0o640


class DirectoryTree:
    """Writes a tree to a directory. With `link`, content on the same file system is linked, and only read if it was modified.

    With `group`, the server's group can read it, like the content; otherwise the umask applies.
    """

    def __init__(self, root: Path, store: BlobStore, *, link: bool, group: bool = False) -> None:
        self._group = group
        self._root = root
        self._store = store
        self._link = link

    def __str__(self) -> str:
        return str(self._root)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Creates the directory and locks it for writing. Raises BlockingIOError, naming it, while it is locked."""
        self._make(self._root)
        lock = os.open(self._root, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise BlockingIOError(f"{self._root} is being written by another process") from error
        finally:
            os.close(lock)

    def sizes(self) -> dict[str, int]:
        """The paths of all files, and their sizes."""
        return dict(self._walk(self._root, ""))

    def read(self, path: str) -> bytes | None:
        """The document at a path."""
        try:
            with open_regular(self._root / path) as file:
                return file.readall()
        except FileNotFoundError:
            return None

    def write(self, path: str, body: bytes) -> None:
        """Puts a document in the place of another."""
        target = self._folder(path)
        aside = target.with_name(_ASIDE)
        aside.unlink(missing_ok=True)
        with aside.open("xb") as file:
            file.write(body)
            if self._group:
                os.fchmod(file.fileno(), _GROUP_READS)
            _flush(file)
        aside.rename(target)
        flush_directory(target.parent)

    def keep(self, path: str, payload: Payload) -> int:
        """Links the content if possible, otherwise copies it."""
        target, blob = self._folder(path), payload.blob
        aside = target.with_name(_ASIDE)
        aside.unlink(missing_ok=True)
        copied = 0
        try:
            if not self._linked(blob, aside):
                copied = self._copy(payload, aside)
        except FileNotFoundError as error:
            raise Damaged(FILE_GONE_FROM(name=payload.name, storage=blob.storage)) from error
        aside.rename(target)
        flush_directory(target.parent)
        return copied

    def remove(self, paths: Iterable[str]) -> None:
        """Removes files, and folders that are empty then."""
        for path in paths:
            target = self._root / path
            target.unlink(missing_ok=True)
            for folder in list(target.parents)[: path.count("/")]:
                with suppress(OSError):  # something is still in it
                    folder.rmdir()

    def _walk(self, folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(Path(entry.path), f"{path}/")
                else:
                    yield path, entry.stat(follow_symlinks=False).st_size

    def _folder(self, path: str) -> Path:
        target = self._root / path
        self._make(target.parent)
        return target

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(exist_ok=True)
        if self._group:
            folder.chmod(_GROUP_ENTERS)

    def _linked(self, blob: Blob, aside: Path) -> bool:
        """Whether the content was linked, which needs support of the file system and an unmodified file."""
        found, path = self._store.stat(blob.storage, blob.id), local_path(self._store, blob.storage, blob.id)
        if not self._link or path is None or found is None or (found.size, found.mark) != (blob.size, blob.mark):
            return False
        try:
            os.link(path, aside)
        except OSError:  # another file system, or one without links
            return False
        return True

    def _copy(self, payload: Payload, aside: Path) -> int:
        blob, hasher = payload.blob, hashlib.sha256()
        with aside.open("xb") as file:
            for piece in self._store.read(blob.storage, blob.id):
                hasher.update(piece)
                file.write(piece)
            _flush(file)
        check_digest(payload, hasher.hexdigest())
        return blob.size


def check_digest(payload: Payload, sha256: str) -> None:
    """Damaged when bytes are not those that were stored."""
    if sha256 != payload.blob.sha256:
        raise Damaged(FILE_DAMAGED(name=payload.name, actual=sha256, expected=payload.blob.sha256))


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
