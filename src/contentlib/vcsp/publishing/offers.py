"""Reads what a library publishes, in one state of the database."""

from __future__ import annotations

import msgspec

from contentlib.library.bytes.storages import Storages
from contentlib.library.catalog.current_items import current_items
from contentlib.library.errors import Missing
from contentlib.library.model import Blob, Item, Library, StoredFile, Version
from contentlib.library.packages import ovf
from contentlib.library.ports import BlobStore, MetadataStore
from contentlib.vcsp.publishing.documents import Published


class LibraryOffer(msgspec.Struct, frozen=True):
    """A library, its items, and the blobs of their files by identifier."""

    library: Library
    published: tuple[Published, ...]
    blobs: dict[str, Blob]


async def read_offer(metadata: MetadataStore, storages: Storages, library_id: str) -> LibraryOffer:
    """Reads what a library publishes, published or not. Writes nothing."""
    async with metadata.reading() as transaction:
        library = await transaction.libraries.get(library_id)
        if library is None:
            raise Missing("library", library_id)
        found = await current_items(transaction, library_id)
        blobs: dict[str, Blob] = {}
        for _, version in found:
            for file in version.files:
                blob = await transaction.blobs.get(file.blob)
                if blob is not None:
                    blobs[file.blob] = blob
    published = [await _published(storages, blobs, *each) for each in found]
    return LibraryOffer(library, tuple(published), blobs)


async def read_unchanged(metadata: MetadataStore, library_id: str, revision: int) -> set[str]:
    """Returns the contents that a subscriber at a revision already has, as ITEM/BLOB of its files."""
    async with metadata.reading() as transaction:
        changed = await transaction.versions.since(library_id, revision)
        found = set()
        for item, version in await current_items(transaction, library_id):
            base = changed.get(item.id)
            before = version if item.id not in changed else None if base is None else await transaction.versions.get(base)
            found |= set() if before is None else {f"{item.id}/{file.blob}" for file in before.files}
    return found


def descriptor_of(version: Version) -> StoredFile | None:
    """Returns the descriptor of a package, unless it is too large."""
    found = next((file for file in version.files if ovf.is_descriptor(file.name)), None)
    return None if found is None or found.size > ovf.LARGEST_DESCRIPTOR else found


def is_collection(store: BlobStore, blob: Blob, name: str) -> bool:
    """Whether a descriptor holds several machines; one that cannot be read holds none."""
    try:
        return ovf.read_descriptor(name, b"".join(store.read(blob.storage, blob.id))).collection
    except (FileNotFoundError, ovf.BadPackage):  # the file itself will say what is wrong with it
        return False


async def _published(storages: Storages, blobs: dict[str, Blob], item: Item, version: Version) -> Published:
    descriptor = descriptor_of(version) if item.folded_type == ovf.TYPE else None
    blob = None if descriptor is None else blobs.get(descriptor.blob)
    if descriptor is None or blob is None:
        return Published(item, version, False)
    lane = storages.on(blob.storage)
    return Published(item, version, await lane.run(is_collection, storages.store, blob, descriptor.name))
