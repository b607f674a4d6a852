"""Tests how much of a disk stays free of content."""

from __future__ import annotations

import os

import pytest

from contentlib.blobs.reserves import DiskReserve
from contentlib.library.ports import StorageSpace

DISK = os.statvfs_result((10, 10, 1000, 500, 400, 0, 0, 0, 0, 255))  # blocks of 10 bytes, 400 of them are free


@pytest.mark.parametrize(
    ("reserve", "expected"),
    [
        (DiskReserve(), StorageSpace(4000, 0)),
        (DiskReserve(300), StorageSpace(4000, 300)),
        (DiskReserve(3000), StorageSpace(4000, 500)),
        (DiskReserve(3000, limited=False), StorageSpace(4000, 3000)),
        (DiskReserve(percent=25, limited=False), StorageSpace(4000, 2500)),
        (DiskReserve(percent=90, limited=False), StorageSpace(4000, 9000)),
    ],
)
def test_a_reserve_is_in_bytes_or_a_part_of_the_disk(reserve: DiskReserve, expected: StorageSpace) -> None:
    assert reserve.of(DISK) == expected
    assert expected.room == expected.free - expected.reserved
