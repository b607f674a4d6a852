"""Specifies the blob store and its optional abilities. The methods block and are called in threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol


class Stat(NamedTuple):
    """Size in bytes, and a text that changes when somebody writes to the blob."""

    size: int
    mark: str


class Staged(Protocol):
    """The bytes of an upload, aside, open for one writer at a time; a context manager."""

    size: int
    """How many bytes are there."""

    mark: str
    """Is what `stamp` answered last, exactly when no writer of any process has changed the bytes since."""

    def stamp(self) -> str:
        """Gives the bytes a mark that they have as long as they stay as they are."""

    def append(self, data: bytes) -> None:
        """Adds bytes at the end; OSError when the storage is full or broken, and the bytes may be there in part."""

    def empty(self) -> None:
        """Drops all bytes."""

    def drop(self) -> None:
        """Drops the upload, unless it has become a blob or is gone: another one of its name is left alone."""

    def close(self) -> None:
        """Lets go of the upload, after a call that is still at work on it in another thread; a second time is no error."""

    def __enter__(self) -> Staged:
        """Itself."""

    def __exit__(self, *exception: object) -> None:
        """Lets go of the upload."""


class BlobStore(Protocol):
    """Keeps bytes, on one or more storages."""

    boot: str
    """What this run of the machine is called: bytes that were not flushed in another one may be lost."""

    def stage(self, storage: str, upload: str) -> Staged:
        """Opens an upload to append to, made empty if there is none; BlockingIOError while another writer has it open."""

    def staged_size(self, storage: str, upload: str) -> int:
        """How many bytes of an upload are there; 0 if there is none."""

    def staged_bytes(self, storage: str, upload: str) -> Iterator[bytes]:
        """The bytes of an upload, in pieces; FileNotFoundError when there is none."""

    def room(self, storage: str) -> int:
        """How many bytes may still be stored beside what is kept in reserve; not more than 0 where there is no room."""

    def staged_start(self, storage: str, upload: str, most: int) -> bytes:
        """The first bytes of an upload, no more than `most`; empty where there are none."""

    def discard(self, storage: str, upload: str) -> None:
        """Drops an upload; one that is not there is no error."""

    def uploads(self, storage: str) -> list[str]:
        """The names of all uploads."""

    def keep(self, storage: str, upload: str, blob: str) -> str:
        """Makes an upload a blob, at once, instead of a blob of that name if there is one; answers the blob's mark.

        FileNotFoundError when there is no such upload.
        """

    def flush(self, storage: str, blob: str) -> None:
        """Returns when a blob's bytes survive the loss of power; FileNotFoundError when they are gone.

        Any other OSError means that they may be lost: then they are dropped, and have to be sent again.
        """

    def stat(self, storage: str, blob: str) -> Stat | None:
        """Size and mark of a blob, cheaply; None when its bytes are gone, OSError when they cannot be read."""

    def read(self, storage: str, blob: str) -> Iterator[bytes]:
        """The bytes of a blob, in pieces; FileNotFoundError when they are gone."""

    def remove(self, storage: str, blob: str) -> None:
        """Drops a blob; one that is not there is no error."""

    def blobs(self, storage: str) -> Iterator[str]:
        """The names of all blobs."""


class Stray(NamedTuple):
    """A blob that no row names, and since when it is set aside, in milliseconds."""

    blob: str
    since: int


class Strays(Protocol):
    """A blob store that sets blobs without a row aside before it removes them: the database may be an older copy.

    It also keeps the number of the last sweep. One that is higher than the database's tells that the database is older than
    what is stored.
    """

    def set_aside(self, storage: str, blob: str, now: int) -> None:
        """Takes a blob out of the way; one that is not there is no error."""

    def strays(self, storage: str) -> list[Stray]:
        """All blobs that were set aside."""

    def take_back(self, storage: str, stray: Stray) -> None:
        """Makes a stray a blob again; one that is not there is no error."""

    def remove_stray(self, storage: str, stray: Stray) -> None:
        """Drops a stray; one that is not there is no error."""

    def sweep(self, storage: str) -> int:
        """The number of the last sweep; 0 before the first one."""

    def note_sweep(self, storage: str, number: int) -> None:
        """Writes the number of a sweep."""


class Descriptions(Protocol):
    """A blob store that can keep, beside the bytes, a text that says what they are."""

    def describe(self, storage: str, item: str, version: str, content: bytes) -> None:
        """Writes the text of a content version, or replaces it, so that it survives the loss of power."""

    def described(self, storage: str) -> Iterator[tuple[str, str]]:
        """Item and version of all texts."""

    def undescribe(self, storage: str, item: str, version: str) -> None:
        """Drops the text of a content version; one that is not there is no error."""


class LocalFiles(Protocol):
    """A blob store whose blobs are files of this machine."""

    def path(self, storage: str, blob: str) -> Path:
        """Returns the path of a blob."""

    def staged_path(self, storage: str, upload: str) -> Path:
        """Where the bytes of an upload are, while it is one."""


class FileBlobStore(BlobStore, Strays, Descriptions, LocalFiles, Protocol):
    """A blob store with all abilities."""

    def ping(self, storage: str | None = None) -> None:
        """Returns when a storage, or every one, can be written; OSError, naming the storage, when one cannot."""

    def probe(self, storage: str) -> None:
        """Returns when a storage has done something with a file of its own; OSError when it has refused."""
