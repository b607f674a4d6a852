"""The backends that must pass the contracts, one line each, and what they must leave behind: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from backends import BACKENDS, SERVERS
from contentlib.library.ports import FileBlobStore, MetadataStore

Open = Callable[[], MetadataStore]
STORAGE = "datastore-1"
OTHER = "datastore-2"
_ALL = [pytest.param(name, marks=pytest.mark.slow if name in SERVERS else ()) for name in BACKENDS]
_OF_FILES = [name for name in BACKENDS if name not in SERVERS]  # the others keep the same files


@pytest.fixture(params=_ALL)
async def another(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    """Opens one more store on the database of the test, as another process would."""
    backend = BACKENDS[request.param]
    database = backend.new_rows(tmp_path)
    async with AsyncExitStack() as stack:

        def open_one() -> MetadataStore:
            store = backend.open_rows(database)
            stack.push_async_callback(store.close)
            return store

        yield open_one
    assert backend.leftovers(tmp_path) == []


@pytest.fixture
def store(another: Open) -> MetadataStore:
    return another()


@pytest.fixture(params=_OF_FILES)
def another_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], FileBlobStore]]:
    """Opens one more store on the storages of the test, as another process would."""
    backend, roots = BACKENDS[request.param], {storage: tmp_path / storage for storage in (STORAGE, OTHER)}
    yield partial(backend.open_bytes, roots)
    store = backend.open_bytes(roots)
    for storage in (STORAGE, OTHER):
        for upload in store.uploads(storage):
            store.discard(storage, upload)
        for blob in list(store.blobs(storage)):
            store.remove(storage, blob)
        for item, version in list(store.described(storage)):
            store.undescribe(storage, item, version)
    assert backend.leftovers(tmp_path) == []


@pytest.fixture
def blobs(another_blobs: Callable[[], FileBlobStore]) -> FileBlobStore:
    return another_blobs()
