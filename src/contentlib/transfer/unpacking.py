"""Receives one OVA: its files become files of the session while it arrives."""

from __future__ import annotations

from contentlib.library.packages.tar import BadArchive
from contentlib.library.ports import BlobStore, Staged
from contentlib.library.sessions import unpacking
from contentlib.library.sessions.archive_members import TooLarge
from contentlib.transfer.receiving import RECEIVED, Memory, Upload, Wrong


class ArchiveUpload(Upload):
    """An upload that holds the lock on an archive, of whose own bytes only the frame is kept."""

    async def there(self, staged: Staged, store: BlobStore) -> int:  # noqa: ARG002 - what is staged is a part of it
        """Number of stored bytes of the archive."""
        return await self._made(store).arrived()

    async def receive(self, staged: Staged, store: BlobStore, known: Memory | None) -> bool:
        """Receives the bytes of the request. Files are READY when the archive is complete. Raises Wrong if it is invalid."""
        self._check_size()
        await self._begin()
        self._archive = self._made(store)  # not before: what another request has completed is not dropped
        self.incoming.start()
        await self._go_on(staged, known)
        try:
            return await self._unpack()
        except BadArchive as error:
            raise Wrong(RECEIVED, error.fault, keep=False) from error
        except TooLarge as error:
            raise Wrong(413, error.fault, keep=False) from error

    @property
    def size(self) -> int:
        """Number of stored bytes of the archive."""
        return 0 if self._archive is None else self._archive.size

    def received(self, staged: Staged) -> int:  # noqa: ARG002 - what is staged is a part of it
        """Number of stored bytes of the archive."""
        return self.size

    def memory(self, staged: Staged) -> Memory | None:  # noqa: ARG002 - what is staged is a part of it
        """State of the stored bytes."""
        return self._archive if self._archive is not None and self._archive.exact else None

    async def stamp(self, staged: Staged) -> str:
        """Marks the frame of the archive, and the file in it that is being written."""
        if self._archive is not None:
            await self._archive.stamp()
        return await super().stamp(staged)

    async def leave(self) -> None:
        """Closes the file that was being written."""
        if self._archive is not None:
            await self._archive.leave()

    async def discard(self) -> None:
        """Drops the files of the archive that have come."""
        if self._archive is not None:
            await self._archive.drop()

    def told(self) -> dict[str, object]:
        """Message for the client about the result."""
        told: dict[str, object] = {"name": self.file.name, "size": self.size, "status": "READY"}
        return told if self._archive is None or self._archive.plain else {**told, "files": self._archive.names}

    _archive: unpacking.ArchiveReceiver | None = None

    def _made(self, store: BlobStore) -> unpacking.ArchiveReceiver:
        return unpacking.ArchiveReceiver(self._transfers, self.session, self.file, store, self._threads)

    async def _go_on(self, staged: Staged, known: Memory | None) -> None:
        """Gets the bytes that are there already out of the way, or read."""
        archive = self._archive
        if archive is None:
            return
        if self.part.start is not None and isinstance(known, unpacking.ArchiveReceiver) and await known.go_on(staged):
            self._archive = known
            return
        await archive.begin(staged, anew=self.part.start is None)

    async def _unpack(self) -> bool:
        archive = self._archive
        if archive is None:
            raise RuntimeError("the archive was not begun")
        async for block in self._blocks(archive.size):
            await archive.feed(block)
        if self.part.start is not None:
            self._check_part(archive.size - self.part.start)
            if archive.size != self.total:
                await archive.save()
                await self._transfers.pause(self.file, archive.size)
                return False
        fault = await archive.finish()
        if fault is not None:
            raise Wrong(RECEIVED, fault, keep=False)
        return True
