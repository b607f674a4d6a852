"""Describes publishers' libraries to subscribers, independent of the wire format."""

from __future__ import annotations

import hashlib
from typing import Protocol

import msgspec

from contentlib.library.errors import Fault
from contentlib.library.model import Seen, Subscription

__all__ = ["Arrival", "Catalog", "Catalogs", "ItemOffer", "OfferedFile", "OfferedItem", "Seen", "upload_of"]


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
    """A publisher's whole library in one state. `warnings` describe what was skipped or renamed.

    `unread` are the ids of items that exist but could not be read. `left_out` describes them with the cause, up to a limit;
    `lost` is their number.
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


class ItemOffer(msgspec.Struct, frozen=True):
    """A publisher's offer of an item that exists here.

    `held` is the offer whose content is stored, None if there is none. `fault` is why the content differs from the offer.
    """

    item: str
    library: str
    offered: OfferedItem
    held: OfferedItem | None = None
    fault: Fault | None = None


class Arrival(msgspec.Struct, frozen=True):
    """A file that is being fetched for a subscribed library. `id` is also the name of its upload.

    `etag`, `modified` and `total` are the publisher's metadata of the received bytes, for resuming. `blob` is set when the file
    is complete and waits for the others of its item.
    """

    id: str
    library: str
    etag: str | None = None
    modified: str | None = None
    total: int | None = None
    blob: str | None = None


def upload_of(library: str, offered: OfferedItem, file: OfferedFile) -> str:
    """Returns the name of the upload of a library's file, which is unique for its content.

    If a file has a token of its own, it does not depend on other properties of its item.
    """
    version = offered.content_version or offered.version
    token = (file.tag, version) if file.generation is None else ("generation", str(file.generation))
    parts = (library, offered.id, file.name, str(file.size), *token)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:40]


class Catalogs(Protocol):
    """Reads the libraries of publishers."""

    async def read(self, subscription: Subscription, seen: Seen | None = None) -> tuple[Catalog, Seen] | None:
        """Reads the catalog; the password is not encrypted. Returns None if it is unchanged, which costs one request.

        Raises NotFetched with the cause (unreachable, refused, no catalog) and whether it is temporary.
        """
