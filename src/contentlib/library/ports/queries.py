"""Specifies notes, labels, and the queries that find libraries and items by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from contentlib.library.model import (
    Annotation,
    FoundPage,
    ItemLine,
    ItemQuery,
    LabelCount,
    LibraryLine,
    LibraryQuery,
    SeenLibraries,
    StoredAmount,
)


class AnnotationRows(Protocol):
    """Notes and labels. They go with the library or the item, also into the trash and back."""

    async def get(self, thing: str) -> Annotation:
        """The notes and labels of a library or an item; empty where there are none."""

    async def put_library(self, annotation: Annotation) -> None:
        """Replaces the notes and labels of a library, which must exist."""

    async def put_item(self, annotation: Annotation) -> None:
        """Replaces the notes and labels of an item, which must exist."""

    async def labels(self, seen: SeenLibraries, most: int) -> list[LabelCount]:
        """The labels of libraries and items that are not in the trash, in order of key and value."""


class QueryRows(Protocol):
    """Finds libraries and items. What is in the trash, or in a library that is not seen, is not found, and not counted.

    A query sees the texts as they are at the same time: name, description, notes, labels, names of current files and of tags.
    """

    async def items(self, query: ItemQuery) -> FoundPage:
        """A page of items. It can have fewer than wanted, or none, and still a place to go on from.

        A page looks at a limited number of items that the caller may see, however many there are.
        """

    async def libraries(self, query: LibraryQuery) -> FoundPage:
        """A page of libraries."""


class LineRows(Protocol):
    """Libraries and items as tables show them."""

    async def items(self, ids: Sequence[str]) -> list[ItemLine]:
        """The items with these identifiers that exist, in this order."""

    async def libraries(self, ids: Sequence[str]) -> list[LibraryLine]:
        """The libraries with these identifiers that exist, in this order."""


class FigureRows(Protocol):
    """Sums over libraries, items and blobs."""

    async def counts(self, seen: SeenLibraries) -> tuple[int, int]:
        """The number of libraries and of items, without those in the trash or in a library that is not seen."""

    async def stored(self, since: int) -> list[StoredAmount]:
        """What is stored on each storage, by its identifier. Reads all blobs."""

    async def held(self) -> int:
        """The bytes that all libraries hold by their quotas: what several items share is counted for each."""

    async def troubled(self, seen: SeenLibraries, most: int) -> list[str]:
        """The identifiers of libraries whose last synchronization failed, or that are in maintenance, in order of name."""
