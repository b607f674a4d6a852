"""Removes versions, blobs and uploads that nobody needs any more.

A row goes before its bytes, and bytes without a row go only when they have been seen without one for a grace period: a
call may be about to add the row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from contentlib.library.clock import Clock
from contentlib.library.ports import FileBlobStore, MetadataStore, Transaction

Name = TypeVar("Name", bound=Hashable)
Thing = TypeVar("Thing")
_AT_ONCE = 200


class Suspects(Generic[Name]):
    """Things that nothing names, and since when; time in milliseconds."""

    def __init__(self, grace: int) -> None:
        self._grace = grace
        self._since: dict[Name, int] = {}

    def condemned(self, unnamed: Collection[Name], now: int) -> list[Name]:
        """Those that have been unnamed for the grace period; one that is named again starts anew."""
        self._since = {name: self._since.get(name, now) for name in unnamed}
        return [name for name, since in self._since.items() if now - since >= self._grace]


class Collector:
    """The sweep of content; `kept` is how many versions of an item stay, `grace` is in milliseconds."""

    def __init__(
        self,
        metadata: MetadataStore,
        store: FileBlobStore,
        clock: Clock,
        storages: Iterable[str],
        kept: int,
        grace: int,
    ) -> None:
        self._metadata = metadata
        self._store = store
        self._clock = clock
        self._storages = tuple(storages)
        self._kept = kept
        self._grace = grace
        self._uploads: Suspects[tuple[str, str]] = Suspects(grace)
        self._blobs: Suspects[tuple[str, str]] = Suspects(grace)
        self._texts: Suspects[tuple[str, tuple[str, str]]] = Suspects(grace)

    async def run(self) -> None:
        """One sweep."""
        await self._remove_versions()
        await self._remove_blobs()
        await self._remove_uploads()
        await self._remove_strays()
        await self._remove_texts()

    async def _remove_versions(self) -> None:
        async with self._metadata.reading() as transaction:
            surplus = await transaction.versions.surplus(self._kept)
        for batch in _batches(surplus):
            async with self._metadata.transaction(durable=False) as transaction:
                needless = set(await transaction.versions.surplus(self._kept))
                for version_id in batch:
                    if version_id in needless:
                        await transaction.versions.remove(version_id)
            await asyncio.sleep(0)

    async def _remove_blobs(self) -> None:
        """Durably: a row must not come back after its bytes are gone."""
        now = self._clock.now()
        async with self._metadata.transaction(durable=True) as transaction:
            await transaction.blobs.unreference(now)
            unreferenced = await transaction.blobs.unreferenced(now - self._grace)
            for blob in unreferenced:
                await transaction.blobs.remove(blob.id)
        for blob in unreferenced:
            await asyncio.to_thread(self._store.remove, blob.storage, blob.id)

    async def _remove_uploads(self) -> None:
        found = await self._listed(self._store.uploads)
        async with self._metadata.reading() as transaction:
            named = await transaction.update_files.uploads()
        unnamed = [each for each in found if each[1] not in named]
        for storage, name in self._uploads.condemned(unnamed, self._clock.now()):
            await asyncio.to_thread(self._store.discard, storage, name)

    async def _remove_strays(self) -> None:
        unnamed = await self._unnamed(await self._listed(self._store.blobs), lambda rows, each: rows.blobs.get(each[1]))
        for storage, name in self._blobs.condemned(unnamed, self._clock.now()):
            await asyncio.to_thread(self._store.remove, storage, name)

    async def _remove_texts(self) -> None:
        found = await self._listed(self._store.described)
        unnamed = await self._unnamed(found, lambda rows, each: rows.versions.get(each[1][1]))
        for storage, (item, version) in self._texts.condemned(unnamed, self._clock.now()):
            await asyncio.to_thread(self._store.undescribe, storage, item, version)

    async def _listed(self, names: Callable[[str], Iterable[Name]]) -> list[tuple[str, Name]]:
        """The names on all storages, each with its storage."""
        return [
            (storage, name) for storage in self._storages for name in await asyncio.to_thread(lambda at: [*names(at)], storage)
        ]

    async def _unnamed(
        self,
        found: list[tuple[str, Name]],
        row: Callable[[Transaction, tuple[str, Name]], Awaitable[object | None]],
    ) -> list[tuple[str, Name]]:
        """What has no row; other calls get their turn in between."""
        unnamed = []
        for batch in _batches(found):
            async with self._metadata.reading() as transaction:
                unnamed += [each for each in batch if await row(transaction, each) is None]
            await asyncio.sleep(0)
        return unnamed


def _batches(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    return (things[start : start + _AT_ONCE] for start in range(0, len(things), _AT_ONCE))
