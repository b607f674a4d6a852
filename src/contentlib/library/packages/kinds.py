"""Derives the type of an item from its file names and the first bytes of its largest file."""

from __future__ import annotations

from collections.abc import Sequence

from contentlib.library.model import StoredFile
from contentlib.library.packages import ovf
from contentlib.library.packages.starts import Starts

_SIGNATURES = (
    (0x8001, b"CD001", "iso"),
    (0, b"KDMV", "vmdk"),
    (0, b"# Disk DescriptorFile", "vmdk"),
    (0, b"QFI\xfb", "qcow2"),
    (0, b"vhdxfile", "vhdx"),
    (0, b"conectix", "vhd"),
)


async def detect(files: Sequence[StoredFile], starts: Starts) -> str:
    """The type of an item with these files; empty where they are of no known kind."""
    if any(ovf.is_descriptor(file.name) for file in files):
        return ovf.TYPE
    largest = max(files, key=lambda file: file.size, default=None)
    if largest is None:
        return ""
    start = await starts.of(largest)
    for offset, signature, kind in _SIGNATURES:
        if start[offset : offset + len(signature)] == signature:
            return kind
    return "iso" if largest.name.lower().endswith(".iso") else ""
