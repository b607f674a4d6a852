"""One upload of an OVA: the files in it become files of the session while its bytes come."""

from __future__ import annotations

import asyncio

from contentlib.library import unpacking
from contentlib.library.checksums import Hasher
from contentlib.library.ports import BlobStore, Staged
from contentlib.library.tar import BadArchive
from contentlib.transfer.receiving import RECEIVED, Upload, Wrong


class Unpacking(Upload):
    """An upload that holds the lock on an archive, whose own bytes are not kept."""

    async def receive(self, staged: Staged, store: BlobStore, known: Hasher | None) -> bool:  # noqa: ARG002 - nothing of an archive is kept
        """Takes the bytes of the request; the files of the archive are READY when it is whole. Wrong when it is not."""
        self._check_size()
        self._archive = unpacking.Unpacking(self._sessions, self.session, self.file, store, self._threads, self._limit)
        self.hasher = self._archive.hasher
        await self._sessions.begin(self.file)
        self.incoming.start()
        try:
            await self._unpack()
        except BaseException:
            await asyncio.shield(self._archive.drop())
            raise
        await self._threads.stored(store.discard, self.session.storage, self.file.id)
        return True

    def received(self, staged: Staged) -> int:  # noqa: ARG002 - nothing of an archive is staged
        """How many bytes of the archive have come."""
        return self.hasher.size

    def told(self) -> dict[str, object]:
        """What came of it, for the client."""
        return {"name": self.file.name, "size": self.hasher.size, "status": "READY", "files": self._archive.names}

    async def _unpack(self) -> None:
        try:
            async for block in self._blocks(0):
                await self._archive.feed(block)
            fault = await self._archive.close()
        except BadArchive as error:
            raise Wrong(RECEIVED, error.fault, keep=False) from error
        except unpacking.TooLarge as error:
            raise Wrong(413, error.fault, keep=False) from error
        if fault is not None:
            raise Wrong(RECEIVED, fault, keep=False)
