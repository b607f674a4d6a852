"""Stores blobs as files, with one directory per storage.

    blobs/ab/abcd…               a blob, read-only, named by its identifier
    staging/UPLOAD               the bytes of an upload so far; its size is the upload's offset
    items/ITEM/VERSION.json      descriptions of the blobs of a content version, to identify them without the database
    strays/TIME-BLOB             a blob that the database does not know, set aside at a time in milliseconds

Bytes are written to staging and renamed when they are complete. They are flushed, with their directories, before a content
version refers to them, not earlier, so that the disk does not slow down uploads. `boot` tells whether the machine was restarted
in between. Large uploads are written in the background: the kernel is asked to start writing while they arrive and to drop
written pages, so that little is left to flush and large files do not fill the page cache. A writer locks its upload (flock), so
two writers never mix and a killed writer leaves no lock.

Small contents that are complete in memory are written to `blobs` at once, many of them to one directory, and flushed together.
One that is half written when the machine stops has no row, and goes like every blob without one.

Nothing in a directory is changed unless it has the mark of its server (`marks`).
"""

from __future__ import annotations

import errno
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from contentlib.blobs.guard import check_key
from contentlib.blobs.locks import is_at, lock_file
from contentlib.blobs.marks import MarkedDirectory, MarkedPlace
from contentlib.blobs.reserves import DiskReserve
from contentlib.blobs.writing import check_reserve, file_mark, write_all, writes
from contentlib.library.flushing import flush_directories
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import Description, NewBlob, Stat, StorageSpace, Stray, Sweep

_PARTS = ("blobs", "staging", "items", "strays")
_PIECE = 1 << 20
_BEHIND = 8 << 20  # so many bytes are written by the kernel in one go
_LEFT_IN_MEMORY = 4 * _BEHIND  # those that came before them may still be on their way to the disk
_UNIQUE_NS = 10**18  # 1970 to 2001
_CLOSED = -1
_BOOT = Path("/proc/sys/kernel/random/boot_id")


_NONE = DiskReserve()


class StagedFile:
    """An upload that is being written."""

    def __init__(self, path: Path, reserve: DiskReserve = _NONE) -> None:
        self._path = path
        self._reserve = reserve
        self._file = lock_file(path)
        self._using = threading.Lock()  # a call that hung may come back while the file is being closed
        found = os.fstat(self._file)
        self.size = self._begun = found.st_size
        self.is_new = not found.st_size
        self.mark = file_mark(found)

    def append(self, data: bytes) -> None:
        """Adds bytes at the end."""
        with self._using:
            check_reserve(self._reserve, self._file, len(data))
            for size in writes(self._file, data):
                self.size += size
            if self.size - self._begun >= _BEHIND:
                self._write_behind()

    def stamp(self) -> str:
        """Marks the bytes by a time of modification that no clock shows any more; every write replaces it."""
        unique = secrets.randbelow(_UNIQUE_NS)
        with self._using:
            os.utime(self._file, ns=(unique, unique))
            return file_mark(os.fstat(self._file))

    def save(self) -> None:
        """Does nothing: other processes see the bytes once they are written."""

    def empty(self) -> None:
        """Drops all bytes."""
        with self._using:
            os.ftruncate(self._file, 0)
            self.size = self._begun = 0

    def drop(self) -> None:
        """Drops the upload, where the file of its name is still this one."""
        with self._using:
            if is_at(self._file, self._path):
                self._path.unlink()

    def close(self) -> None:
        """Releases the upload."""
        with self._using:
            file, self._file = self._file, _CLOSED
            if file != _CLOSED:
                os.close(file)

    def __enter__(self) -> StagedFile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _write_behind(self) -> None:
        """Starts writing what has arrived, and drops written pages. This is advice that a file system can ignore."""
        start = max(self._begun - _LEFT_IN_MEMORY, 0)
        with suppress(OSError):
            os.posix_fadvise(self._file, start, self.size - start, os.POSIX_FADV_DONTNEED)
        self._begun = self.size


class FilesystemBlobs:
    """The blob store on directories; `roots` are by storage identifier."""

    def __init__(self, roots: Mapping[str, Path], reserve: int = 0, reserves: Mapping[str, DiskReserve] | None = None) -> None:
        self.directories = {storage: MarkedDirectory(storage, path) for storage, path in roots.items()}
        """The directories, by storage identifier."""
        self._reserves = {storage: DiskReserve(reserve) for storage in roots} | dict(reserves or {})
        self.boot = _boot()

    @property
    def places(self) -> Mapping[str, MarkedPlace]:
        """The same, for callers that treat all kinds of storages alike."""
        return self.directories

    def own(self, server: str) -> None:
        """Sets the server to which the storages must belong. Until then nothing is written to them."""
        for directory in self.directories.values():
            directory.server = server

    def of(self, storage: str) -> FilesystemBlobs:  # noqa: ARG002 - all of its storages are of this kind
        """Itself."""
        return self

    def make_parts(self, storage: str) -> None:
        """Creates the directories of a marked storage."""
        for part in _PARTS:
            (self._checked(storage) / part).mkdir(exist_ok=True, mode=0o750)

    def ping(self, storage: str | None = None) -> None:
        """Returns when a storage, or every one, can be written."""
        for each in self.directories if storage is None else (storage,):
            why = _unwritable(self._checked(each) / "staging")
            if why:
                raise OSError(f"storage {each} is not writable: {why}")

    def probe(self, storage: str) -> None:
        """Returns when a storage has taken a byte and given it back."""
        path = self._checked(storage) / f".probe-{os.getpid()}"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, b"?")
            os.pread(file, 1, 0)
            path.unlink(missing_ok=True)
        finally:
            os.close(file)

    def stage(self, storage: str, upload: str) -> StagedFile:
        """Opens an upload to append to."""
        self._checked(storage)
        return StagedFile(self._staged(storage, upload), self._reserves[storage])

    def space(self, storage: str) -> StorageSpace:
        """Returns the free bytes of a storage, and how many of them are reserved."""
        return self._reserves[storage].of(os.statvfs(self._checked(storage)))

    def staged_size(self, storage: str, upload: str) -> int:
        """Returns the number of stored bytes of an upload."""
        try:
            return self._staged(storage, upload).stat().st_size
        except FileNotFoundError:
            return 0

    def staged_path(self, storage: str, upload: str) -> Path:
        """Returns the path of an upload."""
        return self._staged(storage, upload)

    def staged_bytes(self, storage: str, upload: str) -> Iterator[bytes]:
        """The bytes of an upload, in pieces."""
        return _pieces(self._staged(storage, upload))

    def staged_start(self, storage: str, upload: str, most: int) -> bytes:
        """The first bytes of an upload."""
        try:
            with self._staged(storage, upload).open("rb", buffering=0) as file:
                return file.read(most)
        except FileNotFoundError:
            return b""

    def discard(self, storage: str, upload: str) -> None:
        """Drops an upload."""
        self._staged(storage, upload).unlink(missing_ok=True)

    def uploads(self, storage: str) -> list[str]:
        """The names of all uploads."""
        return [entry.name for entry in (self._checked(storage) / "staging").iterdir()]

    def keep(self, storage: str, upload: str, blob: str | None = None) -> NewBlob:
        """Turns a complete upload into a blob."""
        self._checked(storage)
        name = blob or new_identifier()
        target = self.path(storage, name)
        target.parent.mkdir(mode=0o750, exist_ok=True)
        source = self._staged(storage, upload)
        source.chmod(0o440)
        source.rename(target)
        return NewBlob(name, file_mark(target.stat()), self.boot)

    def keep_all(self, storage: str, contents: Sequence[bytes]) -> list[NewBlob]:
        """Stores small contents in one directory, so that they are flushed with few turns of the disk."""
        check_reserve(self._reserves[storage], self._checked(storage), sum(map(len, contents)))
        shard = new_identifier()[:2]
        names = [shard + new_identifier()[2:] for _ in contents]
        paths = [self.path(storage, name) for name in names]
        directory = paths[0].parent
        directory.mkdir(mode=0o750, exist_ok=True)
        try:
            marks = write_all(zip(paths, contents, strict=True), os.O_EXCL, 0o440)
            flush_directories([directory, directory.parent])
        except OSError:
            for path in paths:
                path.unlink(missing_ok=True)
            raise
        return [NewBlob(name, mark, None) for name, mark in zip(names, marks, strict=True)]

    def flush(self, storage: str, blob: str) -> None:
        """Flushes a blob. Its bytes are dropped if they could not be flushed.

        The kernel reports a failed write only once and then treats the bytes as written: a second fsync would succeed and prove
        nothing.
        """
        path = self.path(storage, blob)
        with ExitStack() as opened:
            files = []
            for each in (path, path.parent, path.parent.parent):
                files.append(os.open(each, os.O_RDONLY | os.O_CLOEXEC))
                opened.callback(os.close, files[-1])
            try:
                for file in files:
                    os.fsync(file)
            except OSError:
                path.unlink(missing_ok=True)
                raise

    def stat(self, storage: str, blob: str) -> Stat | None:
        """Size and mark of a blob; it is opened for them, so that one that cannot be read is found out."""
        try:
            file = os.open(self.path(storage, blob), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            if storage in self.directories:
                self._checked(storage)  # else it is not known whether the blob is gone, or only its disk
            return None
        try:
            found = os.fstat(file)
        finally:
            os.close(file)
        return Stat(found.st_size, file_mark(found))

    def read(self, storage: str, blob: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of a blob, in pieces."""
        return _pieces(self.path(storage, blob), start, end)

    def uri(self, storage: str, blob: str) -> str:
        """The address of a blob's file."""
        return self.path(storage, blob).absolute().as_uri()

    def remove(self, storage: str, blob: str) -> None:
        """Drops a blob."""
        if storage in self.directories:  # else it is no longer configured
            self._checked(storage)
            self.path(storage, blob).unlink(missing_ok=True)

    def blobs(self, storage: str) -> Iterator[str]:
        """The names of all blobs."""
        for _, name in _nested(self._checked(storage) / "blobs"):
            yield name

    def set_aside(self, storage: str, blob: str, now: int) -> None:
        """Sets aside a blob that the database does not know."""
        target = self._checked(storage) / "strays" / f"{now}-{check_key(blob)}"
        with suppress(FileNotFoundError):
            self.path(storage, blob).rename(target)

    def strays(self, storage: str) -> list[Stray]:
        """All blobs that were set aside."""
        found = (entry.name.partition("-") for entry in (self._checked(storage) / "strays").iterdir())
        return [Stray(blob, int(since)) for since, _, blob in found if since.isdigit()]

    def take_back(self, storage: str, stray: Stray) -> None:
        """Turns a stray into a blob again."""
        target = self.path(storage, stray.blob)
        target.parent.mkdir(mode=0o750, exist_ok=True)
        with suppress(FileNotFoundError):
            self._stray(storage, stray).rename(target)

    def remove_stray(self, storage: str, stray: Stray) -> None:
        """Drops a stray."""
        self._stray(storage, stray).unlink(missing_ok=True)

    def sweep(self, storage: str) -> Sweep:
        """The last sweep."""
        return self.directories[storage].sweep()

    def note_sweep(self, storage: str, sweep: Sweep) -> None:
        """Writes the number and token of a sweep."""
        self.directories[storage].note_sweep(sweep)

    def path(self, storage: str, blob: str) -> Path:
        """Returns the path of a blob."""
        key = check_key(blob)
        return self._root(storage) / "blobs" / key[:2] / key

    def describe(self, storage: str, item: str, version: str, content: bytes) -> None:
        """Writes the text of a content version."""
        self.describe_all(storage, [Description(item, version, content)])

    def describe_all(self, storage: str, texts: Sequence[Description]) -> None:
        """Writes the texts of several content versions."""
        root = self._checked(storage) / "items"
        places = [root / check_key(each.item) for each in texts]
        asides = [place / f".{check_key(each.version)}" for place, each in zip(places, texts, strict=True)]
        for place in places:
            place.mkdir(mode=0o750, exist_ok=True)
        write_all(zip(asides, [each.content for each in texts], strict=True), os.O_TRUNC, 0o666)
        for aside, each in zip(asides, texts, strict=True):
            aside.rename(aside.with_name(f"{each.version}.json"))
        flush_directories([*places, root])

    def described(self, storage: str) -> Iterator[tuple[str, str]]:
        """Item and version of all texts, also of those that a killed server has left unfinished."""
        for item, name in _nested(self._checked(storage) / "items"):
            yield item, name.removeprefix(".").removesuffix(".json")

    def undescribe(self, storage: str, item: str, version: str) -> None:
        """Drops the text of a content version."""
        directory = self._checked(storage) / "items" / check_key(item)
        for name in (f"{check_key(version)}.json", f".{version}"):  # the second is left when the server is killed in `describe`
            (directory / name).unlink(missing_ok=True)
        with suppress(OSError):  # other versions are still in it
            directory.rmdir()

    def _staged(self, storage: str, upload: str) -> Path:
        return self._root(storage) / "staging" / check_key(upload)

    def _stray(self, storage: str, stray: Stray) -> Path:
        return self._checked(storage) / "strays" / f"{stray.since}-{check_key(stray.blob)}"

    def _root(self, storage: str) -> Path:
        return self._directory(storage).path

    def _checked(self, storage: str) -> Path:
        """The directory, when it bears the mark of its server."""
        return self._directory(storage).check()

    def _directory(self, storage: str) -> MarkedDirectory:
        directory = self.directories.get(storage)
        if directory is None:
            raise FileNotFoundError(errno.ENOENT, f"storage {storage} is not configured")
        return directory


def _nested(directory: Path) -> Iterator[tuple[str, str]]:
    """Yields the directories in a directory and their files. Skips what disappears meanwhile."""
    with os.scandir(directory) as folders:
        names = [folder.name for folder in folders]
    for name in names:
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(directory / name) as entries:
            for entry in list(entries):
                yield name, entry.name


def _pieces(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while piece := file.read(_PIECE if end is None else min(_PIECE, end - file.tell())):
            yield piece


def _unwritable(directory: Path) -> str:
    """Returns why no files can be created in a directory, in the system's words; empty if they can."""
    try:
        flags = os.statvfs(directory).f_flag
    except OSError as error:
        return os.strerror(error.errno or 0)
    if os.access(directory, os.W_OK | os.X_OK):
        return ""
    return os.strerror(errno.EROFS if flags & os.ST_RDONLY else errno.EACCES)


def _boot() -> str:
    """Returns the boot id of the machine. If it is unknown, every run of the program has a different one."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return secrets.token_hex(8)
