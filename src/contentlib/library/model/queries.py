"""Defines what is asked of libraries and items, and the rows that answer it."""

from __future__ import annotations

import enum

import msgspec

from contentlib.library.model.annotations import Annotation
from contentlib.library.model.items import Item
from contentlib.library.model.libraries import Library
from contentlib.library.model.signatures import PackageSignature


class SeenLibraries(msgspec.Struct, frozen=True):
    """The libraries that a caller may see: all but some of them or, if not `others`, only these."""

    libraries: tuple[str, ...] = ()
    others: bool = True

    def has(self, library: str) -> bool:
        """Whether a library is among them."""
        return (library in self.libraries) is not self.others


class SortKey(enum.StrEnum):
    """The property by which an answer is sorted, and the identifier where it is equal."""

    NAME = "NAME"
    TYPE = "TYPE"
    CREATED = "CREATED"
    MODIFIED = "MODIFIED"
    SIZE = "SIZE"


class Position(msgspec.Struct, frozen=True, array_like=True):
    """A place in a sorted answer: that of a row with this value of the sort key, and this identifier."""

    value: str | int
    id: str


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What both queries have in common: the words that must be found, the labels, the order, and the place to go on from.

    Each word must be the beginning of a word of the thing. A label without a value must only be there.
    """

    seen: SeenLibraries = SeenLibraries()
    words: tuple[str, ...] = ()
    labels: tuple[tuple[str, str | None], ...] = ()
    sort: SortKey = SortKey.NAME
    descending: bool = False
    after: Position | None = None
    most: int = 50


class ItemQuery(Selection, frozen=True, kw_only=True):
    """A question for items; None does not narrow it."""

    library: str | None = None
    folded_type: str | None = None
    cached: bool | None = None
    since: int | None = None
    until: int | None = None
    least: int | None = None


class LibraryQuery(Selection, frozen=True, kw_only=True):
    """A question for libraries; None does not narrow it."""

    type: str | None = None
    storage: str | None = None
    published: bool | None = None


class StoredAmount(msgspec.Struct, frozen=True):
    """The bytes of content on a storage, and those that are there since a time."""

    storage: str
    bytes: int
    new: int


class FoundPage(msgspec.Struct, frozen=True):
    """A page of identifiers, and the place from which the query goes on; None where nothing is left."""

    ids: tuple[str, ...]
    after: Position | None = None


class ItemLine(msgspec.Struct, frozen=True):
    """An item as a table shows it; `user` made its current version."""

    item: Item
    library_name: str
    annotation: Annotation
    user: str | None = None
    signature: PackageSignature | None = None
    usages: int = 0


class LibraryLine(msgspec.Struct, frozen=True):
    """A library as a table shows it.

    `held` are the bytes of all kept versions of its items, `unique` those that files with equal content share counted once,
    None where these are too many to compare.
    """

    library: Library
    annotation: Annotation
    items: int = 0
    held: int = 0
    unique: int | None = None
    subscribers: int = 0
