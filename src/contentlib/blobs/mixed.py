"""Joins stores of several kinds: each storage is kept by one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from contentlib.blobs.marks import MarkedPlace
from contentlib.library.ports import BlobStore, NewBlob, Staged, Stat


class StorageBlobs(BlobStore, Protocol):
    """A blob store whose storages belong to a server."""

    @property
    def places(self) -> Mapping[str, MarkedPlace]:
        """The marked places, by storage identifier."""

    def own(self, server: str) -> None:
        """Sets the server to which the storages must belong. Until then nothing is written to them."""

    def make_parts(self, storage: str) -> None:
        """Prepares a marked storage for content."""


class MixedBlobs:
    """Calls the store that keeps a storage. The first store answers for storages that are not configured."""

    def __init__(self, stores: Sequence[StorageBlobs]) -> None:
        self._stores = stores
        self._by_storage = {storage: store for store in stores for storage in store.places}
        self.boot = stores[0].boot

    @property
    def places(self) -> Mapping[str, MarkedPlace]:
        """The marked places of all stores."""
        return {storage: place for store in self._stores for storage, place in store.places.items()}

    def of(self, storage: str) -> BlobStore:
        """The store that keeps a storage."""
        return self._keeper(storage).of(storage)

    def _keeper(self, storage: str) -> StorageBlobs:
        return self._by_storage.get(storage, self._stores[0])

    def own(self, server: str) -> None:
        """Sets the server to which the storages must belong."""
        for store in self._stores:
            store.own(server)

    def make_parts(self, storage: str) -> None:
        """Prepares a marked storage for content."""
        self._keeper(storage).make_parts(storage)

    def ping(self, storage: str | None = None) -> None:
        """Returns when a storage, or every one, can be written."""
        for store in self._stores if storage is None else (self._keeper(storage),):
            store.ping(storage)

    def probe(self, storage: str) -> None:
        """Returns when a storage has answered."""
        self._keeper(storage).probe(storage)

    def stage(self, storage: str, upload: str) -> Staged:
        """Opens an upload to append to."""
        return self._keeper(storage).stage(storage, upload)

    def staged_size(self, storage: str, upload: str) -> int:
        """Returns the number of stored bytes of an upload."""
        return self._keeper(storage).staged_size(storage, upload)

    def staged_bytes(self, storage: str, upload: str) -> Iterator[bytes]:
        """The bytes of an upload, in pieces."""
        return self._keeper(storage).staged_bytes(storage, upload)

    def staged_start(self, storage: str, upload: str, most: int) -> bytes:
        """The first bytes of an upload."""
        return self._keeper(storage).staged_start(storage, upload, most)

    def discard(self, storage: str, upload: str) -> None:
        """Drops an upload."""
        self._keeper(storage).discard(storage, upload)

    def uploads(self, storage: str) -> list[str]:
        """The names of all uploads."""
        return self._keeper(storage).uploads(storage)

    def keep(self, storage: str, upload: str, blob: str | None = None) -> NewBlob:
        """Turns a complete upload into a blob."""
        return self._keeper(storage).keep(storage, upload, blob)

    def flush(self, storage: str, blob: str) -> None:
        """Returns when a blob survives the loss of power."""
        self._keeper(storage).flush(storage, blob)

    def stat(self, storage: str, blob: str) -> Stat | None:
        """Size and mark of a blob."""
        return self._keeper(storage).stat(storage, blob)

    def read(self, storage: str, blob: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of a blob, in pieces."""
        return self._keeper(storage).read(storage, blob, start, end)

    def uri(self, storage: str, blob: str) -> str:
        """The address of a blob."""
        return self._keeper(storage).uri(storage, blob)

    def remove(self, storage: str, blob: str) -> None:
        """Drops a blob."""
        self._keeper(storage).remove(storage, blob)

    def blobs(self, storage: str) -> Iterator[str]:
        """The names of all blobs."""
        return self._keeper(storage).blobs(storage)
