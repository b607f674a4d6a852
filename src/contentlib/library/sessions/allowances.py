"""Reserves room in quotas for the bytes of one transfer while they arrive."""

from __future__ import annotations

from contentlib.library.errors import QuotaExceeded
from contentlib.library.model import UpdateFile
from contentlib.library.sessions.file_transfers import FileTransfers

_AHEAD = 64 << 20  # bytes that are reserved at once where the size of the file is unknown


class TransferAllowance:
    """The room for one file; so many bytes are `reserved` for it already."""

    def __init__(self, transfers: FileTransfers, file: UpdateFile, reserved: int = 0) -> None:
        self._transfers = transfers
        self._file = file
        self._reserved = reserved
        self._expected = 0

    def expect(self, size: int) -> None:
        """Notes the announced size of the file, for which room is reserved with its first bytes."""
        self._expected = size

    async def cover(self, size: int) -> None:
        """Makes sure that room for so many bytes of the file is reserved. Raises QuotaExceeded if there is not so much."""
        if size <= self._reserved:
            return
        if not self._reserved:
            self._reserved = await self._transfers.reserve(self._file, max(size, self._expected))
            return
        try:
            self._reserved = await self._transfers.reserve(self._file, size + _AHEAD)
        except QuotaExceeded:
            self._reserved = await self._transfers.reserve(self._file, size)
