"""The backends that must pass the contracts, one line each, and what they must leave behind: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.library.ports import FileBlobStore, MetadataStore
from contentlib.metadata.sqlite import SqliteMetadata
from databases import new_database
from storages import LASTING, claimed

Open = Callable[[], MetadataStore]
STORAGE = "datastore-1"
OTHER = "datastore-2"


class SqliteBackend:
    def __init__(self, directory: Path) -> None:
        self._path = new_database(directory / "contentlib.db")

    def open(self) -> MetadataStore:
        return SqliteMetadata(self._path)

    def leftovers(self) -> list[str]:
        lasting = {self._path.name, f"{self._path.name}-generations", f"{self._path.name}-users"}
        return [each.name for each in self._path.parent.iterdir() if each.name not in lasting]


class FilesystemBackend:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._roots = {storage: directory / storage for storage in (STORAGE, OTHER)}

    def open(self) -> FileBlobStore:
        return claimed(FilesystemBlobs(self._roots))

    def leftovers(self) -> list[str]:
        found = [each for each in self._directory.rglob("*") if each.is_file() and each.name not in LASTING]
        return [str(each.relative_to(self._directory)) for each in found]


METADATA = {"sqlite": SqliteBackend}
BLOBS = {"filesystem": FilesystemBackend}


@pytest.fixture(params=METADATA)
async def another(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens one more store on the database of the test, as another process would."""
    backend = METADATA[request.param](tmp_path)
    async with AsyncExitStack() as stack:

        def open_one() -> MetadataStore:
            store = backend.open()
            stack.push_async_callback(store.close)
            return store

        yield open_one
    assert backend.leftovers() == []


@pytest.fixture
def store(another: Open) -> MetadataStore:
    return another()


@pytest.fixture(params=BLOBS)
def another_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], FileBlobStore]]:
    """Opens one more store on the storages of the test, as another process would."""
    backend = BLOBS[request.param](tmp_path)
    yield backend.open
    store = backend.open()
    for storage in (STORAGE, OTHER):
        for upload in store.uploads(storage):
            store.discard(storage, upload)
        for blob in list(store.blobs(storage)):
            store.remove(storage, blob)
        for item, version in list(store.described(storage)):
            store.undescribe(storage, item, version)
    assert backend.leftovers() == []


@pytest.fixture
def blobs(another_blobs: Callable[[], FileBlobStore]) -> FileBlobStore:
    return another_blobs()
