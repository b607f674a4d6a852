"""Protects blobs from collection until a version refers to them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from msgspec.structs import replace

from contentlib.library.clock import Clock
from contentlib.library.ports import MetadataStore

_AT_ONCE = 100  # rows between two turns of others


class Hold:
    """Renews the grace period of its blobs, which the server would collect otherwise while the other files are stored."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock
        self._held: list[str] = []

    def add(self, blob_id: str) -> None:
        """Protects one more blob."""
        self._held.append(blob_id)

    async def renew(self, seconds: float) -> None:
        """Renews the protection of all blobs every so often until it is cancelled, regardless of database errors."""
        while True:
            await asyncio.sleep(seconds)
            with suppress(OSError):
                for start in range(0, len(self._held), _AT_ONCE):
                    await self._renew(self._held[start : start + _AT_ONCE])

    async def _renew(self, held: list[str]) -> None:
        async with self._metadata.transaction(durable=False) as transaction:
            for blob_id in held:
                blob = await transaction.blobs.get(blob_id)
                if blob is not None and blob.unreferenced is not None:
                    await transaction.blobs.put(replace(blob, unreferenced=self._clock.now()))
