"""Maintains libraries with `persist_json` as trees beside their content, for subscribers that can reach the storage.

    STORAGE/contentlib-LIBRARY/lib.json …

In directories, content is hard-linked to the blobs; buckets copy it. A tree is removed when its library is unpublished, no
longer persisted, moved to another storage or deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from contentlib.library.bytes.storages import Storages
from contentlib.library.errors import LibraryError
from contentlib.library.model import Library
from contentlib.library.ports import MetadataStore
from contentlib.vcsp.publishing.documents import Counters
from contentlib.vcsp.publishing.offers import read_offer
from contentlib.vcsp.trees.places import TreePlace
from contentlib.vcsp.trees.static import UnusableTree, static_library

_NO_REVISION = -1
OnFailure = Callable[[str, BaseException], None]


class Persisting:
    """The job; `places` are where the trees are, by storage."""

    def __init__(
        self,
        metadata: MetadataStore,
        storages: Storages,
        counters: Counters,
        places: Mapping[str, TreePlace],
        on_failure: OnFailure,
    ) -> None:
        self._metadata = metadata
        self._storages = storages
        self._counters = counters
        self._places = places
        self._on_failure = on_failure
        self._done: dict[str, int] | None = None

    async def run(self) -> None:
        """Brings all trees up to date; costs one statement where no library has changed."""
        async with self._metadata.reading() as transaction:
            revisions = await transaction.libraries.revisions()
        before = await self._sweep(revisions) if self._done is None else self._done
        self._done = {**before}
        for library in before.keys() - revisions.keys():
            await self._take_away(library, self._done)
        for library, revision in revisions.items():
            if before.get(library) != revision:
                await self._bring(library, revision, self._done)

    async def _sweep(self, revisions: Mapping[str, int]) -> dict[str, int]:
        """Finds trees of libraries that no longer exist, which other processes may have left."""
        found: set[str] = set()
        for storage, place in self._places.items():
            try:
                found |= await self._storages.on(storage).long(place.libraries)
            except OSError as error:  # what is left there is removed after the next start
                self._on_failure("persist", error)
        return dict.fromkeys(found - revisions.keys(), _NO_REVISION)

    async def _take_away(self, library_id: str, done: dict[str, int]) -> None:
        """Removes the trees of a library that no longer exists. Where the storage fails, it is tried again."""
        try:
            await self._remove(library_id)
        except OSError as error:
            done[library_id] = _NO_REVISION  # part of it may be gone, and the library can come back
            self._on_failure("persist", error)
        else:
            del done[library_id]

    async def _bring(self, library_id: str, revision: int, done: dict[str, int]) -> None:
        """Brings one up to date; where the storage fails it is tried again, where the content is damaged when that changes."""
        try:
            async with self._metadata.reading() as transaction:
                library = await transaction.libraries.get(library_id)
            if library is None:
                return
            await self._persist(library)
            done[library_id] = revision
        except (LibraryError, UnusableTree) as error:
            done[library_id] = revision
            self._on_failure("persist", error)
        except OSError as error:
            self._on_failure("persist", error)

    async def _persist(self, library: Library) -> None:
        wanted = library.publishing.published and library.publishing.persist_json
        place = self._places.get(library.storage) if wanted else None
        if place is not None:
            offered = static_library(await read_offer(self._metadata, self._storages, library.id), self._counters)
            await self._storages.on(library.storage).long(place.publish, offered)
        await self._remove(library.id, place)

    async def _remove(self, library_id: str, but: TreePlace | None = None) -> None:
        """Removes the trees of a library on all storages but one; one that cannot be removed is removed the next time."""
        failures = []
        for storage, place in self._places.items():
            if place is not but:
                try:
                    await self._storages.on(storage).long(place.remove, library_id)
                except OSError as error:
                    failures.append(error)
        if failures:
            raise failures[0]
