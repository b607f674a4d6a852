"""Protects the blobs of long-running commands from collection until a version refers to them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from msgspec.structs import replace

from contentlib.library.bytes.blobs import Blobs, Received
from contentlib.library.clock import Clock
from contentlib.library.model import Blob
from contentlib.library.ports import FileBlobStore, MetadataStore

_AT_ONCE = 100  # rows between two turns of others


class HeldBlobs(Blobs):
    """Protects its blobs while `hold` runs; otherwise the server would collect them after the grace period."""

    def __init__(self, metadata: MetadataStore, store: FileBlobStore, clock: Clock) -> None:
        super().__init__(metadata, store, clock)
        self._rows = metadata
        self._now = clock.now
        self._held: list[str] = []

    async def keep(self, received: Received) -> Blob:
        """Turns received bytes into a blob and protects it."""
        blob = await super().keep(received)
        self._held.append(blob.id)
        return blob

    async def hold(self, seconds: float) -> None:
        """Renews the protection of all blobs until it is cancelled, regardless of database errors."""
        while True:
            await asyncio.sleep(seconds)
            with suppress(OSError):
                for start in range(0, len(self._held), _AT_ONCE):
                    await self._renew(self._held[start : start + _AT_ONCE])

    async def _renew(self, held: list[str]) -> None:
        async with self._rows.transaction(durable=False) as transaction:
            for blob_id in held:
                blob = await transaction.blobs.get(blob_id)
                if blob is not None and blob.unreferenced is not None:
                    await transaction.blobs.put(replace(blob, unreferenced=self._now()))
