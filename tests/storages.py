"""Storages of the tests."""

from __future__ import annotations

from typing import TypeVar

from contentlib.blobs.filesystem import FilesystemBlobs

Store = TypeVar("Store", bound=FilesystemBlobs)
LASTING = {"storage.json", "storage.lock"}
"""The files that an empty storage has."""
SERVER = "5e7f0000-0000-4000-8000-000000000000"


def claimed(store: Store) -> Store:
    """The store, its directories made storages of a server where they are not yet."""
    store.own(SERVER)
    for storage, directory in store.directories.items():
        if not directory.is_marked():
            directory.claim()
        store.make_parts(storage)
    return store
