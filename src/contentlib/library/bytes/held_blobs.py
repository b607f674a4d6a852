"""Keeps the blobs of long-running commands, which store many files before a version refers to the first of them."""

from __future__ import annotations

from contentlib.library.bytes.blobs import Blobs, NameBlob, Received, unnamed
from contentlib.library.bytes.holding import Hold
from contentlib.library.clock import Clock
from contentlib.library.model import Blob
from contentlib.library.ports import BlobStore, MetadataStore


class HeldBlobs(Blobs):
    """Protects its blobs while `hold` runs; otherwise the server would collect them after the grace period."""

    def __init__(self, metadata: MetadataStore, store: BlobStore, clock: Clock) -> None:
        super().__init__(metadata, store, clock)
        self._hold = Hold(metadata, clock)

    async def keep(self, received: Received, name: NameBlob = unnamed) -> Blob:
        """Turns received bytes into a blob and protects it."""
        blob = await super().keep(received, name)
        self._hold.add(blob.id)
        return blob

    async def hold(self, seconds: float) -> None:
        """Renews the protection of all blobs every so often until it is cancelled, regardless of database errors."""
        await self._hold.renew(seconds)
