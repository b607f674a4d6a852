"""Writes the documents of a published library: `lib.json`, `items.json` and `item.json`.

Versions are decimal integers in strings and only increase; sizes and generation numbers are numbers. References are relative to
the directory of `lib.json`, so they do not depend on names, ports and proxies. Knows no HTTP and no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

import msgspec

from contentlib.library.model import Item, Library, StoredFile, Version
from contentlib.vapi.types import DateTime

_TYPES = {"ovf": "vcsp.ovf", "iso": "vcsp.iso"}
_OTHER = "vcsp.other"
START, SEPARATOR, END = b'{"items":[', b",", b"]}"
"""What is before, between and after the items of `items.json`."""
_encode = msgspec.json.encode


class Published(msgspec.Struct, frozen=True):
    """An item with its current version (without files if it has no content), and whether its package has several machines."""

    item: Item
    version: Version
    is_vapp: bool = False


class Layout(Protocol):
    """Defines the paths of files below the directory of `lib.json`, not encoded."""

    def document(self, item: Item) -> str:
        """The path of an item's own document."""

    def file(self, item: Item, file: StoredFile) -> str:
        """The path of a file."""


class ByName:
    """Places all files of an item in one directory, as the server serves them."""

    def document(self, item: Item) -> str:
        """The path of an item's own document."""
        return f"{item.id}/item.json"

    def file(self, item: Item, file: StoredFile) -> str:
        """The path of a file."""
        return f"{item.id}/{file.name}"


_BY_NAME = ByName()


class Counters:
    """Computes the versions that subscribers see. A floor raises all of them after a restore from a backup."""

    def __init__(self, floor: int = 0) -> None:
        self._floor = floor

    def library(self, library: Library) -> str:
        """Rises with every change that a subscriber sees."""
        return str(self._floor + library.revision)

    def item(self, item: Item) -> str:
        """Rises with every change of an item, of its properties and of its files."""
        return str(self._floor + item.metadata_version + item.content_version - 1)

    def content(self, item: Item) -> str:
        """Rises with every change of an item's files."""
        return str(self._floor + item.content_version)

    def generation(self, generation: int) -> int:
        """Rises with every new content of a file."""
        return self._floor + generation

    def tag(self, version: Version) -> str:
        """One for all files of an item; a decimal number, because vCenter parses it as one."""
        return str(self._floor + version.created)


def lib_json(library: Library, counters: Counters) -> bytes:
    """The document that a subscription's URL names."""
    return _encode(
        {
            "vcspVersion": "2",
            "version": counters.library(library),
            "contentVersion": "1",
            "name": library.name,
            "description": library.description,
            "id": _urn(library.id),
            "created": str(DateTime(library.created)),
            "selfHref": "lib.json",
            "capabilities": {"transferIn": ["httpGet"], "transferOut": ["httpGet"]},
            "itemsHref": "items.json",
        }
    )


def items_json(library: Library, published: Sequence[Published], counters: Counters, layout: Layout = _BY_NAME) -> bytes:
    """All items, whole."""
    return START + SEPARATOR.join(item_json(library, each, counters, layout) for each in published) + END


def item_json(library: Library, published: Published, counters: Counters, layout: Layout = _BY_NAME) -> bytes:
    """Returns the document of one item, as in `items_json`."""
    return _encode(_item(library, published, counters, layout))


def wire_type(kind: str) -> str:
    """The type of an item as subscribers know it."""
    return _TYPES.get(kind.lower(), _OTHER)


def _item(library: Library, published: Published, counters: Counters, layout: Layout) -> dict[str, object]:
    item, version = published.item, published.version
    kind = wire_type(item.type)
    document: dict[str, object] = {
        "id": _urn(item.id),
        "name": item.name,
        "description": item.description,
        "type": kind,
        "version": counters.item(item),
        "contentVersion": counters.content(item),
        "created": str(DateTime(item.created)),
        "selfHref": layout.document(item),
        "properties": {},
        "files": [
            {
                "name": file.name,
                "size": file.size,
                "etag": counters.tag(version),
                "generationNum": counters.generation(file.generation),
                "hrefs": ["/".join(quote(step, safe="") for step in layout.file(item, file).split("/"))],
            }
            for file in version.files
        ],
    }
    if kind == "vcsp.ovf":
        document["metadata"] = [_type_metadata(library, published, counters)]
    return document


def _type_metadata(library: Library, published: Published, counters: Counters) -> dict[str, object]:
    """Returns metadata that distinguishes a machine from a vApp before the descriptor is read: JSON in a string."""
    value: dict[str, object] = {
        "id": _urn(published.item.id),
        "version": counters.item(published.item),
        "libraryIdParent": _urn(library.id),
        "isVappTemplate": "true" if published.is_vapp else "false",
        "vmTemplate": None,
        "vappTemplate": None,
        "networks": [],
        "storagePolicyGroups": None,
    }
    return {
        "key": "type-metadata",
        "type": "String",
        "domain": "SYSTEM",
        "visibility": "READONLY",
        "value": _encode(value).decode(),
    }


def _urn(identifier: str) -> str:
    return f"urn:uuid:{identifier}"
