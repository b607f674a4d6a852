"""Tests uploads in a bucket that another machine takes over, while their first writer may go on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import pytest

import object_stores
from contentlib.blobs.bucket import Bucket, BucketAddress
from contentlib.blobs.s3 import S3Blobs
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import ClaimLost
from storages import claimed

pytestmark = pytest.mark.slow
A = "datastore-1"
MIB = 1 << 20


@dataclass
class Claim:
    """The claim of a writer, which is lost when a later one is made."""

    claims: Claims
    number: int
    alone: bool

    def settle(self) -> None:
        self.claims.settled += 1

    def check(self) -> None:
        if self.number != self.claims.last:
            raise ClaimLost

    def release(self) -> None:
        """Nothing waits for it."""


@dataclass
class Claims:
    """Claims that all writers get at once, as if the one before had stood still for too long."""

    last: int = 0
    settled: int = 0
    alone: list[bool] = field(default_factory=list)

    def claim(self, storage: str, upload: str) -> Claim:
        self.last += 1
        return Claim(self, self.last, self.alone.pop() if self.alone else self.last == 1)

    def forget(self) -> None:
        """Has nothing to forget."""

    def close(self) -> None:
        """Has nothing to close."""


@pytest.fixture
def address() -> BucketAddress:
    return object_stores.seaweedfs().address("taken", new_identifier())


@pytest.fixture
def claims() -> Claims:
    return Claims()


@pytest.fixture
def one(address: BucketAddress, claims: Claims) -> S3Blobs:
    return claimed(S3Blobs({A: address}, claims))


@pytest.fixture
def two(address: BucketAddress, claims: Claims) -> S3Blobs:
    return claimed(S3Blobs({A: address}, claims))


def of(store: S3Blobs, upload: str = "u") -> bytes:
    return b"".join(store.staged_bytes(A, upload))


@pytest.mark.parametrize("before", [0, 3, 9 * MIB])
@pytest.mark.parametrize("late", [4, 17 * MIB])
def test_a_late_writer_changes_nothing_for_the_one_that_took_over(one: S3Blobs, two: S3Blobs, before: int, late: int) -> None:
    first = one.stage(A, "u")
    first.append(b"a" * before)
    first.save()
    second = two.stage(A, "u")
    assert second.size == before
    first.append(b"late" * late)
    with pytest.raises(ClaimLost):
        first.save()
    second.append(b"b" * 5)
    second.save()
    first.close()
    assert of(two) == b"a" * before + b"b" * 5
    first.empty()
    first.drop()
    one.discard(A, "other")
    assert of(two) == b"a" * before + b"b" * 5
    new = two.keep(A, "u")
    second.close()
    assert b"".join(two.read(A, new.id)) == b"a" * before + b"b" * 5


def test_a_late_writer_cannot_make_a_blob_of_its_bytes(one: S3Blobs, two: S3Blobs) -> None:
    first = one.stage(A, "u")
    first.append(b"first")
    first.save()
    second = two.stage(A, "u")
    with pytest.raises(ClaimLost):
        one.keep(A, "u")
    first.close()
    assert of(two) == b"first"
    second.close()


def test_bytes_of_a_late_writer_do_not_come_back_when_the_upload_begins_anew(
    one: S3Blobs, two: S3Blobs, claims: Claims
) -> None:
    first = one.stage(A, "u")
    first.append(b"first")
    first.save()
    second = two.stage(A, "u")
    first.append(b"late")
    with pytest.raises(ClaimLost):
        first.save()
    second.empty()
    assert two.staged_size(A, "u") == 0
    second.close()
    claims.alone.append(True)
    with two.stage(A, "u") as third:
        assert third.size == 0
        third.empty()
        assert third.size == 0
    claims.alone.append(True)
    with two.stage(A, "u") as fourth:
        assert fourth.size == 0
        fourth.append(b"new")
    assert of(two) == b"new"


def test_what_was_taken_over_is_swept_with_the_upload(one: S3Blobs, two: S3Blobs, address: BucketAddress) -> None:
    first = one.stage(A, "u")
    first.append(b"a" * 20 * MIB)
    second = two.stage(A, "u")
    second.append(b"b")
    second.close()
    with suppress(FileNotFoundError):  # the other has completed its segment
        first.close()
    two.discard(A, "u")
    assert list(Bucket(address).keys("")) == ["storage.json"]
    assert list(Bucket(address).unfinished("")) == []


def test_a_late_writer_that_is_discarded_takes_nothing_from_the_other(one: S3Blobs, two: S3Blobs) -> None:
    first = one.stage(A, "u")
    first.append(b"first")
    first.save()
    with two.stage(A, "u") as second:
        second.append(b"second")
        second.save()
        with pytest.raises(ClaimLost):  # its caller may be about to acknowledge equal bytes
            one.discard(A, "u")
        assert of(two) == b"firstsecond"


def test_a_writer_settles_once_it_shares_nothing(one: S3Blobs, two: S3Blobs, claims: Claims) -> None:
    one.stage(A, "u")
    assert claims.settled == 0
    two.stage(A, "u")
    assert claims.settled == 1
