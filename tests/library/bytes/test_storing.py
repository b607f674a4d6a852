"""Bytes of an upload that are hashed while they are written."""

from __future__ import annotations

import hashlib
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contentlib.blobs.filesystem import FilesystemBlobs
from contentlib.library.bytes.storages import Storages
from contentlib.library.bytes.storing import store
from contentlib.library.checksums import Algorithm, Hasher
from contentlib.library.threads import NotStored
from storages import claimed


@contextmanager
def _largest(size: int) -> Iterator[None]:
    """No file of this process grows beyond a size."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.fixture
def blobs(tmp_path: Path) -> FilesystemBlobs:
    return claimed(FilesystemBlobs({"s": tmp_path}))


@pytest.mark.parametrize("size", [1, 1000, 1 << 16, (1 << 20) + 1])
@pytest.mark.parametrize("pieces", [1, 3, 40])
async def test_what_is_stored_and_what_is_hashed_are_the_pieces_in_their_order(
    blobs: FilesystemBlobs, size: int, pieces: int
) -> None:
    sent = [bytes([number]) * size for number in range(pieces)]
    hasher = Hasher(Algorithm.MD5)
    with blobs.stage("s", "upload") as staged:
        await store(Storages(blobs).on("s"), staged, hasher, sent)
        await store(Storages(blobs).on("s"), staged, hasher, sent)
        assert staged.size == hasher.size == 2 * size * pieces
    there = b"".join(blobs.staged_bytes("s", "upload"))
    assert there == b"".join(sent) * 2
    assert hasher.digests() == {
        Algorithm.SHA256: hashlib.sha256(there).hexdigest(),
        Algorithm.MD5: hashlib.md5(there, usedforsecurity=False).hexdigest(),
    }


@pytest.mark.parametrize("size", [20_000, 200_000])
async def test_a_storage_that_takes_only_a_part_is_told_when_nothing_is_at_work_any_more(
    blobs: FilesystemBlobs, size: int
) -> None:
    hasher = Hasher()
    with blobs.stage("s", "upload") as staged:
        with _largest(10_000), pytest.raises(NotStored):
            await store(Storages(blobs).on("s"), staged, hasher, [bytes(size)])
        assert staged.size == 10_000
        assert hasher.size == (0 if size < 1 << 16 else size)
    assert blobs.staged_size("s", "upload") == 10_000
