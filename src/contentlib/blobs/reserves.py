"""Computes how many bytes of a disk stay free of content."""

from __future__ import annotations

import os
from typing import NamedTuple

from contentlib.library.ports import StorageSpace

_LARGEST_PART = 20


class DiskReserve(NamedTuple):
    """Bytes of a disk, or a percentage of it; a `limited` reserve is at most 1/20 of the disk."""

    size: int = 0
    percent: int = 0
    limited: bool = True

    def of(self, disk: os.statvfs_result) -> StorageSpace:
        """The space of a disk."""
        total = disk.f_blocks * disk.f_frsize
        reserved = max(self.size, total * self.percent // 100)
        return StorageSpace(disk.f_bavail * disk.f_frsize, min(reserved, total // _LARGEST_PART) if self.limited else reserved)
