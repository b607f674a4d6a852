"""What of a library is published, read in one state of the database and kept until the library changes."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from contentlib.library import ovf
from contentlib.library.blobs import Blobs
from contentlib.library.errors import Damaged
from contentlib.library.model import Item, Library, StoredFile, Version
from contentlib.library.ports import MetadataStore
from contentlib.vcsp.documents import Counters, Published, item_json, items_json, lib_json
from contentlib.vcsp.offers import descriptor_of, is_collection, items_with_content

_KEPT = 64


@dataclass(frozen=True, slots=True)
class Document:
    """A document, and the tag by which a client knows it again."""

    body: bytes
    tag: str

    @classmethod
    def of(cls, body: bytes) -> Document:
        """The document with its tag."""
        return cls(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of a library at one revision."""

    library: Library
    lib: Document
    items: Document
    item: dict[str, Document]

    def cover(self, library: Library) -> bool:
        """Whether they are not older than the library; one that was made anew under its identifier counts anew."""
        return self.library.modified == library.modified and self.library.revision >= library.revision


class Shelf:
    """Makes the documents of libraries, once a revision.

    A reader that sees a version in `lib.json` finds `items.json` at that version or a later one, because both are of the
    state that was read last.
    """

    def __init__(self, metadata: MetadataStore, blobs: Blobs, counters: Counters) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._counters = counters
        self._documents: dict[str, Documents] = {}
        self._vapps: dict[str, dict[str, bool]] = {}
        self._making = asyncio.Lock()

    async def library(self, library_id: str) -> Library | None:
        """The library, if it is published."""
        async with self._metadata.reading() as transaction:
            library = await transaction.libraries.get(library_id)
        return library if library is not None and library.publishing.published else None

    async def documents(self, library: Library) -> Documents:
        """The documents of a library, not older than the library as it was read."""
        known = self._documents.get(library.id)
        if known is not None and known.cover(library):
            return known
        async with self._making:
            known = self._documents.get(library.id)
            if known is not None and known.cover(library):
                return known
            return await self._make(library)

    async def file(self, library_id: str, item_id: str, name: str) -> StoredFile | None:
        """A file of the current version of an item of the library."""
        async with self._metadata.reading() as transaction:
            item = await transaction.items.get(item_id)
            if item is None or item.library != library_id or item.version_id is None:
                return None
            version = await transaction.versions.get(item.version_id)
        return None if version is None else version.file(name)

    async def _make(self, library: Library) -> Documents:
        async with self._metadata.reading() as transaction:
            current = await transaction.libraries.get(library.id) or library
            found = await items_with_content(transaction, library.id)
        vapps = await self._read_vapps(library.id, found)
        published = [Published(item, version, vapps.get(version.id, False)) for item, version in found]
        documents = await asyncio.to_thread(self._written, current, published)
        if len(self._documents) >= _KEPT:
            oldest = next(iter(self._documents))
            del self._documents[oldest], self._vapps[oldest]
        self._documents[library.id] = documents
        self._vapps[library.id] = vapps
        return documents

    def _written(self, library: Library, published: list[Published]) -> Documents:
        return Documents(
            library,
            Document.of(lib_json(library, self._counters)),
            Document.of(items_json(library, published, self._counters)),
            {each.item.id: Document.of(item_json(library, each, self._counters)) for each in published},
        )

    async def _read_vapps(self, library_id: str, found: list[tuple[Item, Version]]) -> dict[str, bool]:
        """Of each version that is a package, whether it holds several machines; read once a version."""
        known = self._vapps.get(library_id, {})
        return {
            version.id: known[version.id] if version.id in known else await self._reads_as_vapp(version)
            for item, version in found
            if item.folded_type == ovf.TYPE
        }

    async def _reads_as_vapp(self, version: Version) -> bool:
        descriptor = descriptor_of(version)
        if descriptor is None:
            return False
        try:
            blob = await self._blobs.check(descriptor.blob, descriptor.name)
            return await asyncio.to_thread(is_collection, self._blobs.store, blob, descriptor.name)
        except Damaged:  # the file itself will say what is wrong with it
            return False
