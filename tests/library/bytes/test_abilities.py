"""Tests that content can be kept by a store without any ability."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends import BACKEND
from bare_blobs import BareBlobs, BareMemory
from contentlib.jobs.collect import Collector, GracePeriods
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.model import Blob, Retention, StoredFile
from contentlib.library.ports import AccessStore
from whole import HandClock

A, B = "datastore-1", "datastore-2"
DATA = bytes(range(256)) * 10_000


@pytest.fixture
async def metadata(tmp_path: Path) -> AsyncIterator[AccessStore]:
    store = BACKEND.open_rows(BACKEND.new_rows(tmp_path))
    yield store
    await store.close()


@pytest.fixture
def store() -> BareBlobs:
    return BareBlobs(BareMemory((A, B)))


@pytest.fixture
def blobs(metadata: AccessStore, store: BareBlobs) -> Blobs:
    return Blobs(metadata, store, HandClock())


async def kept(blobs: Blobs, storage: str, data: bytes) -> Blob:
    async def pieces() -> AsyncIterator[bytes]:
        yield data[:1000]
        yield data[1000:]

    return await blobs.keep(await blobs.receive(storage, pieces()))


def file_of(blob: Blob) -> StoredFile:
    return StoredFile("a.iso", blob.id, blob.size, 1, None)


async def test_bytes_are_kept_and_read_in_part(blobs: Blobs) -> None:
    blob = await kept(blobs, A, DATA)
    assert await blobs.check(blob.id, "a.iso") == blob
    assert blobs.path(blob) is None
    assert await blobs.start(file_of(blob), 10) == DATA[:10]
    assert b"".join([piece async for piece in blobs.pieces(blob, 5, 1_500_000)]) == DATA[5:1_500_000]
    assert (await blobs.place(file_of(blob))).uri == f"memory://{A}/{blob.id}"


async def test_bytes_that_end_too_early_are_an_error(blobs: Blobs) -> None:
    blob = await kept(blobs, A, DATA)
    with pytest.raises(OSError, match="ended 1 bytes too early"):
        [piece async for piece in blobs.pieces(blob, 0, len(DATA) + 1)]


async def test_bytes_are_safe_without_a_flush(blobs: Blobs) -> None:
    assert (await kept(blobs, A, DATA)).unflushed is None


async def test_bytes_are_copied_to_a_storage_of_unknown_space(blobs: Blobs) -> None:
    blob = await kept(blobs, A, DATA)
    copied = await blobs.at(B, file_of(blob))
    assert (await blobs.check(copied.blob, "a.iso")).storage == B


async def test_a_sweep_removes_uploads_and_leaves_blobs_that_cannot_be_set_aside(
    blobs: Blobs, metadata: AccessStore, store: BareBlobs
) -> None:
    clock = HandClock()
    collector = Collector(metadata, blobs.storages, clock, (A, B), Retention(versions=1), GracePeriods(1000, 1000))
    for upload in ("left", "unknown"):
        with store.stage(A, upload) as staged:
            staged.append(b"bytes")
    unknown = store.keep(A, "unknown").id
    for _ in range(3):
        await collector.run()
        clock.pass_seconds(2)
    assert (store.uploads(A), list(store.blobs(A))) == ([], [unknown])
