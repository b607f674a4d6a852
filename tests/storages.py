"""Storages of the tests."""

from __future__ import annotations

from typing import TypeVar

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.blobs.mixed import MixedBlobs
from contentlib.blobs.s3 import S3Blobs

Store = TypeVar("Store", bound=FilesystemBlobs | S3Blobs | MixedBlobs)
LASTING = {"storage.json", "storage.lock"}
"""The files that an empty storage has."""
SERVER = "5e7f0000-0000-4000-8000-000000000000"


def claimed(store: Store) -> Store:
    """The store, its directories made storages of a server where they are not yet."""
    store.own(SERVER)
    for storage, place in store.places.items():
        if not place.is_marked():
            place.claim()
        store.make_parts(storage)
    return store
