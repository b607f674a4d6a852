"""Reads the first bytes of files once, for several checks of the same package."""

from __future__ import annotations

from contentlib.library.bytes.readable_blobs import ReadableBlobs
from contentlib.library.model import StoredFile
from contentlib.library.packages.recognition import ENOUGH


class Starts:
    """The first bytes of files, as many as tell what a file is. Lives as long as one check of a package."""

    def __init__(self, blobs: ReadableBlobs) -> None:
        self._blobs = blobs
        self._read: dict[str, bytes] = {}

    async def of(self, file: StoredFile) -> bytes:
        """The first bytes of a file."""
        start = self._read.get(file.blob)
        if start is None:
            start = self._read[file.blob] = await self._blobs.start(file, ENOUGH)
        return start
