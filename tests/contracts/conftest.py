"""The backends that must pass the contracts, one line each, and what they must leave behind: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from backends import BACKEND, BACKENDS, SERVERS
from byte_stores import BYTE_SERVERS, BYTES
from contentlib.library.ports import BlobStore, MetadataStore, descriptions_of

Open = Callable[[], MetadataStore]
STORAGE = "datastore-1"
OTHER = "datastore-2"
_DATABASES = ("embedded", "postgresql")  # each of the others has one of these
_ALL = [pytest.param(name, marks=pytest.mark.slow if name in SERVERS else ()) for name in _DATABASES]
_BYTES = [pytest.param(name, marks=pytest.mark.slow if name in BYTE_SERVERS else ()) for name in BYTES]


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


@pytest.fixture(params=_BYTES)
def another_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], BlobStore]]:
    """Opens one more store on the storages of the test, as another process would."""
    yield from _opened(request, tmp_path)


@pytest.fixture(params=[each for each in _BYTES if each.values != ("memory",)])
def able_blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], BlobStore]]:
    """The same, of the stores that set blobs aside and store descriptions."""
    yield from _opened(request, tmp_path)


def _opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], BlobStore]]:
    opener, roots = BYTES[request.param], {storage: tmp_path / storage for storage in (STORAGE, OTHER)}
    with opener(roots) as open_one:
        yield open_one
        store = open_one()
        for storage in (STORAGE, OTHER):
            for upload in store.uploads(storage):
                store.discard(storage, upload)
            for blob in list(store.blobs(storage)):
                store.remove(storage, blob)
            texts = descriptions_of(store, storage)
            if texts is not None:
                for item, version in list(texts.described(storage)):
                    texts.undescribe(storage, item, version)
    assert BACKEND.leftovers(tmp_path) == []


@pytest.fixture
def able(able_blobs: Callable[[], BlobStore]) -> BlobStore:
    return able_blobs()


@pytest.fixture
def blobs(another_blobs: Callable[[], BlobStore]) -> BlobStore:
    return another_blobs()
