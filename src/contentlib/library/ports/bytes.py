"""Specifies the blob store and its optional abilities. The methods block and are called in threads."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable


class StorageAway(OSError):
    """A storage cannot be reached, or is too busy.

    `again` tells that the call has changed nothing that matters, so that it can be repeated until the storage answers.
    """

    def __init__(self, number: int, text: str, *, again: bool = True) -> None:
        super().__init__(number, text)
        self.again = again

    def for_good(self) -> StorageAway:
        """The same after all repetitions."""
        return StorageAway(self.errno or errno.EIO, self.strerror or str(self), again=False)


class Stat(NamedTuple):
    """Size in bytes, and a text that changes when the blob is modified."""

    size: int
    mark: str


class NewBlob(NamedTuple):
    """The name and mark of a blob that was just stored."""

    id: str
    mark: str
    unflushed: str | None
    """The boot in which its bytes may still be lost, until they are flushed; None if they survive a power loss already."""


class Staged(Protocol):
    """The bytes of an upload, aside, open for one writer at a time; a context manager."""

    @property
    def size(self) -> int:
        """How many bytes are there."""

    @property
    def is_new(self) -> bool:
        """Whether nothing was stored of it when it was opened, not even remains of earlier writers, so that it is empty."""

    @property
    def mark(self) -> str:
        """Is what `stamp` answered last, exactly when no writer of any process has changed the bytes since."""

    def stamp(self) -> str:
        """Returns a mark of the bytes that stays the same while they are unchanged."""

    def append(self, data: bytes) -> None:
        """Adds bytes at the end; OSError when the storage is full or broken, and the bytes may be there in part."""

    def save(self) -> None:
        """Returns when every process that opens the upload finds all bytes. OSError if some could not be stored."""

    def empty(self) -> None:
        """Drops all bytes."""

    def drop(self) -> None:
        """Removes the upload, unless it has become a blob or is gone. Another upload of the same name is not affected."""

    def close(self) -> None:
        """Saves and releases the upload, after calls that still use it in other threads. Can be called again."""

    def __enter__(self) -> Staged:
        """Itself."""

    def __exit__(self, *exception: object) -> None:
        """Releases the upload."""


@runtime_checkable
class BackgroundSending(Protocol):
    """Bytes of an upload that are stored in the background, so that no thread has to wait for it."""

    def busy(self) -> Future[None] | None:
        """Returns what to wait for before more bytes are appended, which would need more memory; None if they may be."""

    def unsent(self) -> Future[None] | None:
        """Returns what to wait for before `save` or `keep`, which would wait in their thread; None if they have not to."""


class StorageSpace(NamedTuple):
    """The free bytes of a storage, and how many of them stay free of content."""

    free: int
    reserved: int

    @property
    def room(self) -> int:
        """The number of bytes that can be stored; 0 or less if there is no space."""
        return self.free - self.reserved


class BlobStore(Protocol):
    """Keeps bytes, on one or more storages. What only some stores can do are separate abilities, asked for by storage."""

    boot: str
    """The boot id of the machine. Bytes that were not flushed in an earlier boot may be lost."""

    def of(self, storage: str) -> BlobStore:
        """Returns the store that keeps the bytes of a storage, which may have further abilities."""

    def ping(self, storage: str | None = None) -> None:
        """Returns when a storage, or every one, can be written; OSError, naming the storage, when one cannot."""

    def probe(self, storage: str) -> None:
        """Returns when a storage has answered a small request; OSError when it has refused."""

    def stage(self, storage: str, upload: str) -> Staged:
        """Opens an upload for appending, creating it if necessary. Raises BlockingIOError while another writer has it open."""

    def staged_size(self, storage: str, upload: str) -> int:
        """Returns the number of bytes of an upload, 0 if there is none."""

    def staged_bytes(self, storage: str, upload: str) -> Iterator[bytes]:
        """Yields the bytes of an upload in pieces. Raises FileNotFoundError if there is none."""

    def staged_start(self, storage: str, upload: str, most: int) -> bytes:
        """The first bytes of an upload, no more than `most`; empty where there are none."""

    def discard(self, storage: str, upload: str) -> None:
        """Removes an upload, if it exists."""

    def uploads(self, storage: str) -> list[str]:
        """The names of all uploads."""

    def keep(self, storage: str, upload: str, blob: str | None = None) -> NewBlob:
        """Turns an upload into a blob, atomically. The store names it, unless it is to replace the bytes of a blob.

        Raises FileNotFoundError if the upload does not exist.
        """

    def flush(self, storage: str, blob: str) -> None:
        """Returns when a blob's bytes survive the loss of power; FileNotFoundError when they are gone.

        Any other OSError means that they may be lost: then they are dropped, and have to be sent again.
        """

    def stat(self, storage: str, blob: str) -> Stat | None:
        """Size and mark of a blob, cheaply; None when its bytes are gone, OSError when they cannot be read."""

    def read(self, storage: str, blob: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of a blob from a position to another one, in pieces; FileNotFoundError when they are gone."""

    def uri(self, storage: str, blob: str) -> str:
        """The address at which a blob is stored, for people; it does not have to exist."""

    def remove(self, storage: str, blob: str) -> None:
        """Removes a blob, if it exists."""

    def blobs(self, storage: str) -> Iterator[str]:
        """The names of all blobs."""


class Sweep(NamedTuple):
    """A sweep: its number, and a text by which two databases tell their sweeps of the same number apart."""

    number: int
    token: str = ""

    @property
    def text(self) -> str:
        """As a storage stores it."""
        return f"{self.number:20} {self.token}"

    @classmethod
    def of(cls, text: str) -> Sweep:
        """Reads a stored sweep; number 0 if there is none. Earlier versions wrote no token."""
        number, _, token = text.strip().partition(" ")
        return cls(int(number), token) if number.isdigit() else cls(0)


class Stray(NamedTuple):
    """A blob that no row names, and since when it is set aside, in milliseconds."""

    blob: str
    since: int


@runtime_checkable
class Strays(Protocol):
    """A blob store that sets aside blobs without a row before it removes them: the database may be an older copy.

    It also stores the last sweep. A number higher than the database's means that the database is older than the content. The
    same number with another token means that a copy of the database has swept too.
    """

    def set_aside(self, storage: str, blob: str, now: int) -> None:
        """Sets aside a blob, if it exists."""

    def strays(self, storage: str) -> list[Stray]:
        """All blobs that were set aside."""

    def take_back(self, storage: str, stray: Stray) -> None:
        """Turns a stray into a blob again, if it exists."""

    def remove_stray(self, storage: str, stray: Stray) -> None:
        """Removes a stray, if it exists."""

    def sweep(self, storage: str) -> Sweep:
        """The last sweep; number 0 before the first one."""

    def note_sweep(self, storage: str, sweep: Sweep) -> None:
        """Writes the number and token of a sweep."""


@runtime_checkable
class Descriptions(Protocol):
    """A blob store that can store a description beside the bytes."""

    def describe(self, storage: str, item: str, version: str, content: bytes) -> None:
        """Writes the text of a content version, or replaces it, so that it survives the loss of power."""

    def described(self, storage: str) -> Iterator[tuple[str, str]]:
        """Item and version of all texts."""

    def undescribe(self, storage: str, item: str, version: str) -> None:
        """Removes the description of a content version, if it exists."""


class Description(NamedTuple):
    """The text of a content version."""

    item: str
    version: str
    content: bytes


@runtime_checkable
class SmallFiles(Protocol):
    """A blob store that stores many small files at once faster than one after the other."""

    def keep_all(self, storage: str, contents: Sequence[bytes]) -> list[NewBlob]:
        """Stores each content as a new blob that survives the loss of power. OSError if one cannot be stored: then none is."""

    def describe_all(self, storage: str, texts: Sequence[Description]) -> None:
        """Writes the texts of several content versions, as `describe` writes one."""


@runtime_checkable
class LocalFiles(Protocol):
    """A blob store whose blobs are files of this machine."""

    def path(self, storage: str, blob: str) -> Path:
        """Returns the path of a blob."""

    def staged_path(self, storage: str, upload: str) -> Path:
        """Returns the path of an upload while it exists."""


@runtime_checkable
class FilesBeside(Protocol):
    """A blob store that is no directory and keeps files beside its content, by path, for readers of the storage itself."""

    def beside(self, storage: str, prefix: str) -> dict[str, int]:
        """The paths that begin with a prefix, and the sizes of their files."""

    def read_beside(self, storage: str, path: str) -> bytes | None:
        """The bytes of a small file, None if there is none."""

    def write_beside(self, storage: str, path: str, body: bytes) -> None:
        """Writes a small file, or replaces it, whole."""

    def copy_beside(self, storage: str, path: str, blob: str) -> None:
        """Copies a blob to a path, whole; FileNotFoundError if its bytes are gone."""

    def remove_beside(self, storage: str, path: str) -> None:
        """Removes a file, if it exists."""


@runtime_checkable
class Links(Protocol):
    """A blob store that gives its blobs addresses from which clients read them directly."""

    def link(self, storage: str, blob: str, headers: Mapping[str, str]) -> str | None:
        """Returns an address at which anyone can GET a blob for a few minutes; None if the storage does not give any.

        The answer there has those of the `headers`, named in lower case, that the store can set.
        """


@runtime_checkable
class LimitedSpace(Protocol):
    """A blob store that knows how many bytes it can still store."""

    def space(self, storage: str) -> StorageSpace:
        """Returns the free bytes of a storage, and how many of them are reserved."""


def strays_of(store: BlobStore, storage: str) -> Strays | None:
    """The ability of a storage to set blobs aside, if it has it."""
    found = store.of(storage)
    return found if isinstance(found, Strays) else None


def descriptions_of(store: BlobStore, storage: str) -> Descriptions | None:
    """The ability of a storage to store descriptions, if it has it."""
    found = store.of(storage)
    return found if isinstance(found, Descriptions) else None


def small_files_of(store: BlobStore, storage: str) -> SmallFiles | None:
    """The ability of a storage to store many small files at once, if it has it."""
    found = store.of(storage)
    return found if isinstance(found, SmallFiles) else None


def local_path(store: BlobStore, storage: str, blob: str) -> Path | None:
    """The path of a blob, if its storage keeps it as a file of this machine."""
    found = store.of(storage)
    return found.path(storage, blob) if isinstance(found, LocalFiles) else None


def links_of(store: BlobStore, storage: str) -> Links | None:
    """The ability of a storage to give addresses to its blobs, if it has it."""
    found = store.of(storage)
    return found if isinstance(found, Links) else None


def space_of(store: BlobStore, storage: str) -> StorageSpace | None:
    """The space of a storage, if it is known to be limited. Blocks."""
    found = store.of(storage)
    return found.space(storage) if isinstance(found, LimitedSpace) else None
