"""Describes the bytes of a content version in a text, to identify them without the database."""

from __future__ import annotations

import msgspec

from contentlib.library.model import Item, Library, Version
from contentlib.library.ports import Description, Transaction


async def description_of(transaction: Transaction, library: Library, item: Item, version: Version) -> Description:
    """The text of a content version."""
    blobs = [(file, await transaction.blobs.get(file.blob)) for file in version.files]
    described = {
        "library": {"id": library.id, "name": library.name},
        "item": {"id": item.id, "name": item.name, "type": item.type, "description": item.description},
        "version": {"id": version.id, "number": version.number, "created": version.created},
        "files": [
            {"name": file.name, "size": file.size, "blob": file.blob, "checksums": blob.digests, "storage": blob.storage}
            for file, blob in blobs
            if blob is not None
        ],
    }
    return Description(item.id, version.id, msgspec.json.format(msgspec.json.encode(described)))
