"""Defines a library as a tree of static files, for a web server, an object store or a bundle.

    lib.json, items.json         as the server publishes them
    ITEM/VERSION/item.json
    ITEM/CONTENT/FILE            the content of a file; CONTENT is the start of its SHA-256

The content of a path below an item never changes. It is written first, then `items.json`, then `lib.json`, each atomically, and
unreferenced files are removed last: if the writer is killed, every reference still leads to what it describes. Existing files
do not need to be written again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Protocol

import msgspec

from contentlib.library.errors import Damaged
from contentlib.library.messages import FILE_GONE
from contentlib.library.model import Blob, Item, StoredFile
from contentlib.vcsp.publishing.documents import Counters, item_json, items_json, lib_json
from contentlib.vcsp.publishing.offers import LibraryOffer
from contentlib.vcsp.reading.lenient import BadDocument
from contentlib.vcsp.reading.parsing import read_library

LIB, ITEMS, ITEM = "lib.json", "items.json", "item.json"
_DIGITS = 16
_OURS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.+", re.DOTALL)


class Payload(msgspec.Struct, frozen=True):
    """The bytes of a file in a tree."""

    name: str
    blob: Blob


class StaticLibrary(msgspec.Struct, frozen=True):
    """The content of a tree: documents and content by path. `documents` ends with `items.json` and `lib.json`."""

    id: str
    name: str
    version: str
    documents: dict[str, bytes]
    payload: dict[str, Payload]


class Tree(Protocol):
    """A place for a tree; everything that is written there appears whole or not at all."""

    def __str__(self) -> str:
        """Name of the tree in messages."""

    def sizes(self) -> dict[str, int]:
        """The paths of all files, and their sizes."""

    def read(self, path: str) -> bytes | None:
        """The document at a path."""

    def write(self, path: str, body: bytes) -> None:
        """Puts a document in the place of another."""

    def keep(self, path: str, payload: Payload) -> int:
        """Stores the content of a file and returns the number of copied bytes. Raises Damaged if it does not match."""

    def remove(self, paths: Iterable[str]) -> None:
        """Removes files, and folders that are empty then."""


class Watcher(Protocol):
    """Receives the progress of writing in bytes."""

    def expect(self, total: int) -> None:
        """Adds to the expected number of bytes."""

    def advance(self, count: int) -> None:
        """So many more were written."""


class Unwatched:
    """For those who do not want to know."""

    def expect(self, total: int) -> None:
        """Adds to the expected number of bytes."""

    def advance(self, count: int) -> None:
        """So many more were written."""


class Written(msgspec.Struct, frozen=True):
    """The changes made by publishing."""

    files: int = 0
    documents: int = 0
    removed: int = 0


class UnusableTree(RuntimeError):
    """The tree must not be used for the library."""


class _Immutable:
    """Marks a target where existing files are never replaced."""

    def __init__(self, offer: LibraryOffer, counters: Counters) -> None:
        self._offer = offer
        self._counters = counters

    def document(self, item: Item) -> str:
        return f"{item.id}/{self._counters.item(item)}/{ITEM}"

    def file(self, item: Item, file: StoredFile) -> str:
        return f"{item.id}/{_blob(self._offer, file).sha256[:_DIGITS]}/{file.name}"


def static_library(offer: LibraryOffer, counters: Counters) -> StaticLibrary:
    """The tree of a library."""
    library, published, layout = offer.library, offer.published, _Immutable(offer, counters)
    documents = {layout.document(each.item): item_json(library, each, counters, layout) for each in published}
    documents[ITEMS] = items_json(library, published, counters, layout)
    documents[LIB] = lib_json(library, counters)
    payload = {
        layout.file(each.item, file): Payload(file.name, _blob(offer, file))
        for each in published
        for file in each.version.files
    }
    return StaticLibrary(library.id, library.name, counters.library(library), documents, payload)


def publish(library: StaticLibrary, tree: Tree, watcher: Watcher | None = None) -> Written:
    """Brings a tree up to date; writes nothing where nothing has changed."""
    watcher = watcher or Unwatched()
    _check(library, tree)
    there = tree.sizes()
    missing = {path: each for path, each in library.payload.items() if there.get(path) != each.blob.size}
    watcher.expect(sum(each.blob.size for each in missing.values()))
    for path, payload in missing.items():
        tree.keep(path, payload)
        watcher.advance(payload.blob.size)
    changed = [path for path, body in library.documents.items() if there.get(path) != len(body) or tree.read(path) != body]
    for path in changed:
        tree.write(path, library.documents[path])
    gone = [path for path in there if _OURS.fullmatch(path) and path not in library.payload and path not in library.documents]
    tree.remove(gone)
    return Written(len(missing), len(changed), len(gone))


def _check(library: StaticLibrary, tree: Tree) -> None:
    """A tree is of one library, and its version never falls."""
    body = tree.read(LIB)
    if body is None:
        return
    try:
        found = read_library(body, f"file:///{LIB}")
    except BadDocument as error:
        raise UnusableTree(f"{LIB} in {tree} {error}; move it away to publish there") from error
    if found.id != library.id:
        raise UnusableTree(f"{tree} contains library {found.name!r} ({found.id}), not {library.name!r} ({library.id})")
    if found.version.isdigit() and int(found.version) > int(library.version):
        raise UnusableTree(
            f"{tree} contains version {found.version} of library {library.name!r}, which is at {library.version} here; "
            "versions must not decrease: raise the setting published_version_floor"
        )


def _blob(offer: LibraryOffer, file: StoredFile) -> Blob:
    blob = offer.blobs.get(file.blob)
    if blob is None:
        raise Damaged(FILE_GONE(name=file.name))
    return blob
