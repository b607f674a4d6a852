"""Describes publishers' libraries to subscribers, independent of the wire format."""

from __future__ import annotations

import hashlib
from typing import Protocol

import msgspec

from contentlib.library.errors import Fault
from contentlib.library.model import Seen, Subscription

__all__ = ["Arrival", "Catalog", "Catalogs", "Offer", "OfferedFile", "OfferedItem", "Seen", "upload_of"]


UNREADABLE = ("catalog.", "publisher.", "subscription.")
"""How the identifiers of faults begin that say why a publisher's catalog cannot be read."""


class OfferedFile(msgspec.Struct, frozen=True):
    """A file as it is published; `uris` are whole addresses of the same bytes, the first is asked first.

    `tag` and `generation` change with the bytes, as far as the publisher gives them.
    """

    name: str
    size: int | None
    uris: tuple[str, ...]
    tag: str = ""
    generation: int | None = None


class OfferedItem(msgspec.Struct, frozen=True):
    """An item as it is published; `id` is a bare UUID, `type` an item type of the contract, `created` milliseconds UTC.

    Names are such as ours may be, and no two items of a catalog have one. An item may have no files.
    """

    id: str
    name: str
    type: str
    version: str
    files: tuple[OfferedFile, ...]
    content_version: str | None = None
    description: str = ""
    created: int | None = None


class Catalog(msgspec.Struct, frozen=True):
    """A whole library as it is published, in one state; `warnings` say what of it was left out or named otherwise.

    `unread` are the ids of items that are there, but in no form that could be read: they are not gone. `left_out` says of each
    that it is lacking, and why, as far as there are not too many; `lost` is how many there are.
    """

    id: str
    name: str
    version: str
    items: tuple[OfferedItem, ...]
    warnings: tuple[Fault, ...] = ()
    description: str = ""
    created: int | None = None
    unread: tuple[str, ...] = ()
    left_out: tuple[Fault, ...] = ()
    lost: int = 0


class Offer(msgspec.Struct, frozen=True):
    """What a publisher says of an item that is here too.

    `held` is what it said when the item's content was fetched; None while that is not here. The `fault` says why the content
    is not what is offered.
    """

    item: str
    library: str
    offered: OfferedItem
    held: OfferedItem | None = None
    fault: Fault | None = None


class Arrival(msgspec.Struct, frozen=True):
    """A file that is being fetched for a subscribed library; `id` is also the name of its upload.

    `etag`, `modified` and `total` are what the publisher said of the bytes that have come, so that their rest can be asked
    for. The `blob` is there when the file has come and waits for the other ones of its item.
    """

    id: str
    library: str
    etag: str | None = None
    modified: str | None = None
    total: int | None = None
    blob: str | None = None


def upload_of(library: str, offered: OfferedItem, file: OfferedFile) -> str:
    """The name of the upload of a file that a library fetches: the same for the same content of it, and for no other.

    Where a file has a token of its own, what else becomes of its item does not matter.
    """
    version = offered.content_version or offered.version
    token = (file.tag, version) if file.generation is None else ("generation", str(file.generation))
    parts = (library, offered.id, file.name, str(file.size), *token)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]


class Catalogs(Protocol):
    """Reads what publishers have."""

    async def read(self, subscription: Subscription, seen: Seen | None = None) -> tuple[Catalog, Seen] | None:
        """The catalog; None when it is the one that was seen, which costs one request.

        NotFetched says why there is none: the publisher cannot be reached, refuses, or has written no catalog; and whether that
        may pass.
        """
