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
_AT_ONCE = 100  # rows between two turns of other calls


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
        self._uploads: Suspects[tuple[str, tuple[str, int]]] = Suspects(grace)
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
        """The blobs that they named are unreferenced from then on."""
        removed = _AT_ONCE
        while removed == _AT_ONCE:
            async with self._metadata.transaction(durable=False) as transaction:
                surplus = await transaction.versions.surplus(self._kept, _AT_ONCE)
                for version_id in surplus:
                    await transaction.versions.remove(version_id)
                await transaction.blobs.unreference(self._clock.now())
            removed = len(surplus)

    async def _remove_blobs(self) -> None:
        """Durably: a row must not come back after its bytes are gone."""
        removed = _AT_ONCE
        while removed == _AT_ONCE:
            async with self._metadata.transaction(durable=True) as transaction:
                unreferenced = await transaction.blobs.unreferenced(self._clock.now() - self._grace, _AT_ONCE)
                for blob in unreferenced:
                    await transaction.blobs.remove(blob.id)
            for blob in unreferenced:
                await asyncio.to_thread(self._store.remove, blob.storage, blob.id)
            removed = len(unreferenced)

    async def _remove_uploads(self) -> None:
        """Those that grow stay: a copy from storage to storage is named by nothing until it is complete."""
        found = await self._listed(self._sized_uploads)
        async with self._metadata.reading() as transaction:
            named = await transaction.update_files.uploads()
        unnamed = [each for each in found if each[1][0] not in named]
        for storage, (name, _) in self._uploads.condemned(unnamed, self._clock.now()):
            await asyncio.to_thread(self._store.discard, storage, name)

    def _sized_uploads(self, storage: str) -> list[tuple[str, int]]:
        return [(name, self._store.staged_size(storage, name)) for name in self._store.uploads(storage)]

    async def _remove_strays(self) -> None:
        found = await self._listed(self._store.blobs)
        unnamed = await self._unnamed(found, lambda blob: blob, lambda rows: rows.blobs.known)
        for storage, name in self._blobs.condemned(unnamed, self._clock.now()):
            await asyncio.to_thread(self._store.remove, storage, name)

    async def _remove_texts(self) -> None:
        found = await self._listed(self._store.described)
        unnamed = await self._unnamed(found, lambda text: text[1], lambda rows: rows.versions.known)
        for storage, (item, version) in self._texts.condemned(unnamed, self._clock.now()):
            await asyncio.to_thread(self._store.undescribe, storage, item, version)

    async def _listed(self, names: Callable[[str], Iterable[Name]]) -> list[tuple[str, Name]]:
        """The names on all storages, each with its storage."""
        return await asyncio.to_thread(lambda: [(storage, name) for storage in self._storages for name in names(storage)])

    async def _unnamed(
        self,
        found: list[tuple[str, Name]],
        identifier: Callable[[Name], str],
        known: Callable[[Transaction], Callable[[Collection[str]], Awaitable[set[str]]]],
    ) -> list[tuple[str, Name]]:
        """What has no row; other calls get their turn in between."""
        unnamed = []
        for batch in _batches(found):
            async with self._metadata.reading() as transaction:
                named = await known(transaction)([identifier(name) for _, name in batch])
            unnamed += [each for each in batch if identifier(each[1]) not in named]
            await asyncio.sleep(0)
        return unnamed


def _batches(things: Sequence[Thing]) -> Iterator[Sequence[Thing]]:
    return (things[start : start + _AT_ONCE] for start in range(0, len(things), _AT_ONCE))
