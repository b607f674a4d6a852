"""Tests uploads in buckets: what is written once, what an interruption leaves, and what is swept."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import object_stores
from contentlib.blobs.bucket import Bucket, BucketAddress
from contentlib.blobs.locks import FileClaims
from contentlib.blobs.s3 import S3Blobs
from contentlib.blobs.segments import Segment, blob_key, chain, part_size, pointers
from contentlib.library.identifiers import new_identifier
from processes import PATIENCE_SECONDS, eventually
from storages import claimed

A = "datastore-1"
MIB = 1 << 20
OpenStore = Callable[[], S3Blobs]

# Writes 20 MiB to an upload, of which two parts are sent, tells that they have arrived, and waits to be killed.
_KILLED = """
import sys, time
from pathlib import Path
from contentlib.blobs.bucket import BucketAddress
from contentlib.blobs.locks import FileClaims
from contentlib.blobs.s3 import S3Blobs
bucket, prefix, endpoint, credentials, locks, server = sys.argv[1:]
address = BucketAddress(bucket, prefix, endpoint, "us-east-1", path_style=True, credentials=Path(credentials))
store = S3Blobs({"datastore-1": address}, FileClaims(Path(locks)))
store.own(server)
staged = store.stage("datastore-1", "u")
for number in range(20):
    staged.append(bytes([number]) * (1 << 20))
while S3Blobs({"datastore-1": address}, FileClaims(Path(locks))).staged_size("datastore-1", "u") < 16 << 20:
    time.sleep(0.01)
print("sent", flush=True)
time.sleep(3600)
"""


@pytest.fixture
def address() -> BucketAddress:
    return object_stores.seaweedfs().address("uploads", new_identifier())


@pytest.fixture
def opened(address: BucketAddress, tmp_path: Path) -> OpenStore:
    return lambda: claimed(S3Blobs({A: address}, FileClaims(tmp_path / "locks")))


@pytest.fixture
def store(opened: OpenStore) -> S3Blobs:
    return opened()


def pattern(size: int) -> bytes:
    return b"".join(bytes([number % 251]) * MIB for number in range(size // MIB + 1))[:size]


def written(store: S3Blobs, data: bytes, step: int = MIB) -> None:
    with store.stage(A, "u") as staged:
        for start in range(0, len(data), step):
            staged.append(data[start : start + step])


def read(store: S3Blobs, blob: str) -> bytes:
    return b"".join(store.read(A, blob))


@pytest.mark.slow
def test_an_upload_that_is_not_interrupted_is_one_object_from_the_start(store: S3Blobs, address: BucketAddress) -> None:
    data = pattern(21 * MIB)
    with store.stage(A, "u") as staged:
        staged.append(data)
        assert eventually(lambda: len(pointers(Bucket(address))) == 1)  # a part is sent beside the next bytes
        (pointer,) = pointers(Bucket(address))
        assert store.keep(A, "u").id == pointer.id
    assert read(store, pointer.id) == data
    assert list(Bucket(address).unfinished("")) == []


@pytest.mark.slow
def test_a_small_file_takes_one_object(store: S3Blobs, address: BucketAddress) -> None:
    with store.stage(A, "u") as staged:
        staged.append(b"small")
        assert store.staged_start(A, "u", 100) == b"small"
        new = store.keep(A, "u")
    assert sorted(Bucket(address).keys("")) == [blob_key(new.id), "storage.json"]


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(9 * MIB, 1, 6 * MIB), (3, 4, 5), (17 * MIB, 2 * MIB), (1, 12 * MIB, 5 * MIB, 0, 2)])
def test_an_upload_that_goes_on_in_other_processes_has_all_bytes(opened: OpenStore, sizes: tuple[int, ...]) -> None:
    data, end = pattern(sum(sizes)), 0
    for size in sizes:
        written(opened(), data[end : end + size])
        end += size
        assert opened().staged_size(A, "u") == end
    assert b"".join(opened().staged_bytes(A, "u")) == data
    new = opened().keep(A, "u")
    assert read(opened(), new.id) == data
    assert (opened().uploads(A), list(opened().blobs(A))) == ([], [new.id])


@pytest.mark.slow
def test_segments_of_an_upload_are_not_blobs(store: S3Blobs) -> None:
    written(store, pattern(9 * MIB))
    assert list(store.blobs(A)) == []
    assert store.uploads(A) == ["u"]


@pytest.mark.slow
def test_an_upload_goes_on_after_its_process_was_killed(opened: OpenStore, address: BucketAddress, tmp_path: Path) -> None:
    opened()
    told = [
        address.bucket,
        address.prefix,
        address.endpoint,
        address.credentials,
        tmp_path / "locks",
        opened().places[A].server,
    ]
    command = [sys.executable, "-c", _KILLED, *map(str, told)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"sent\n"
        with pytest.raises(BlockingIOError):
            opened().stage(A, "u")
        writer.kill()
        writer.wait(PATIENCE_SECONDS)
    data = pattern(20 * MIB)
    assert opened().staged_size(A, "u") == 16 * MIB
    store = opened()
    with store.stage(A, "u") as staged:
        assert staged.size == 16 * MIB
        assert b"".join(store.staged_bytes(A, "u")) == data[: 16 * MIB]
        staged.append(data[16 * MIB :])
        new = store.keep(A, "u")
    assert read(store, new.id) == data
    assert list(Bucket(address).unfinished("")) == []


@pytest.mark.slow
def test_a_server_that_is_away_breaks_an_upload_off_where_its_bytes_end(tmp_path: Path) -> None:
    server = object_stores.new_seaweedfs()
    server.start()
    try:
        address = server.address("away")
        store = claimed(S3Blobs({A: address}, FileClaims(tmp_path / "locks")))
        staged = store.stage(A, "u")
        staged.append(pattern(8 * MIB))
        staged.save()
        server.kill()
        with pytest.raises(OSError, match="s3://away"):
            staged.append(pattern(9 * MIB))
            staged.save()
        assert staged.size == 8 * MIB
        with pytest.raises(OSError, match="s3://away"):
            staged.append(b"more")
        staged.close()
        server.start()
        assert store.staged_size(A, "u") == 8 * MIB
        written(store, b"rest")
        assert read(store, store.keep(A, "u").id) == pattern(8 * MIB) + b"rest"
    finally:
        server.remove()


@pytest.mark.slow
def test_a_multipart_upload_that_nothing_names_is_swept_as_an_upload(store: S3Blobs, address: BucketAddress) -> None:
    bucket = Bucket(address)
    bucket.begin(blob_key("lost"))
    assert store.uploads(A) == ["lost"]
    with store.stage(A, "lost"):
        store.discard(A, "lost")
    assert (store.uploads(A), list(bucket.unfinished(""))) == ([], [])


@pytest.mark.slow
@pytest.mark.parametrize("server", [object_stores.seaweedfs, object_stores.moto])
def test_a_completion_that_is_repeated_finds_the_object(server: Callable[[], object_stores.ObjectServer]) -> None:
    bucket = Bucket(server().address("repeated", new_identifier()))
    upload = bucket.begin("object")
    parts = [bucket.send("object", upload, 1, b"bytes")]
    for _ in range(2):
        bucket.complete("object", upload, parts)
    assert bucket.get("object") == b"bytes"


@pytest.mark.slow
def test_a_discarded_upload_leaves_nothing(store: S3Blobs, address: BucketAddress) -> None:
    written(store, pattern(9 * MIB))
    with store.stage(A, "u") as staged:
        staged.append(pattern(17 * MIB))
        store.discard(A, "u")
        staged.append(pattern(17 * MIB))
    assert list(Bucket(address).keys("")) == ["storage.json"]
    assert list(Bucket(address).unfinished("")) == []


@pytest.mark.slow
def test_a_blob_whose_pointer_was_removed_is_not_removed_with_an_upload(opened: OpenStore) -> None:
    written(opened(), b"bytes")
    late = opened()._bucket(A)
    named = pointers(late, "u")
    new = opened().keep(A, "u")
    assert named[0].id == new.id
    with opened().stage(A, "u") as staged:
        staged._named = named
        staged.drop()
    assert read(opened(), new.id) == b"bytes"


@pytest.mark.slow
def test_a_bucket_of_another_server_is_not_written(address: BucketAddress, opened: OpenStore, tmp_path: Path) -> None:
    opened()
    other = S3Blobs({A: address}, FileClaims(tmp_path / "other"))
    other.own("another")
    with pytest.raises(OSError, match="belongs to server"):
        other.stage(A, "u")
    assert not other.places[A].is_marked()


@pytest.mark.slow
def test_bytes_of_an_upload_are_found_while_its_writer_replaces_a_small_segment(
    opened: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(opened(), pattern(MIB))
    other = opened()
    bucket, keys = other._bucket(A), other._bucket(A).keys
    with opened().stage(A, "u") as writer:
        writer.append(b"more")

        def replaced(prefix: str) -> Iterator[str]:
            found = list(keys(prefix))
            writer.save()
            return iter(found)

        monkeypatch.setattr(bucket, "keys", replaced)
        assert other.staged_size(A, "u") == MIB + len(b"more")
        writer.append(b"and more")
        assert b"".join(other.staged_bytes(A, "u")) == pattern(MIB) + b"moreand more"


def test_a_chain_ends_at_a_gap_and_takes_the_longest() -> None:
    first, longer, second, after_gap = Segment(0, "a", 5), Segment(0, "b", 7), Segment(7, "c", 1), Segment(9, "d", 1)
    assert chain([after_gap, second, first, longer]) == [longer, second]
    assert chain([after_gap]) == []


def test_parts_grow_with_the_file_so_that_their_number_has_room() -> None:
    position = count = 0
    while position < 400 << 30:
        size = part_size(position)
        assert 8 * MIB <= size <= 64 * MIB
        position, count = position + size, count + 1
    assert count < 10_000


@pytest.mark.slow
def test_an_upload_whose_part_cannot_be_sent_is_not_completed_without_it(
    store: S3Blobs, address: BucketAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with store.stage(A, "u") as staged:
        staged.append(pattern(9 * MIB))
        with monkeypatch.context() as exhausted:
            exhausted.setattr("contentlib.blobs.sending.threading.Thread.start", refuse)
            staged.append(pattern(9 * MIB))
        staged.append(pattern(9 * MIB))
        with pytest.raises(OSError, match="did not receive part 2"):
            staged.save()
        assert staged.size == 8 * MIB
    assert store.staged_size(A, "u") == 8 * MIB
    assert list(Bucket(address).keys("blobs/")) == []


def test_a_link_leads_to_the_endpoint_that_clients_reach(tmp_path: Path) -> None:
    keys = tmp_path / "credentials"
    keys.write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    address = BucketAddress("images", "p", "http://inside:1", path_style=True, credentials=keys)
    assert Bucket(address).link("key", {}) is None
    link = Bucket(replace(address, redirect=True, redirect_endpoint="https://outside")).link("key", {"content-type": "a/b"})
    assert link is not None
    assert link.startswith("https://outside/images/p/key?response-content-type=a%2Fb&X-Amz-Algorithm=AWS4-HMAC-SHA256")
