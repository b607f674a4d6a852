"""Specifies rows of items."""

from __future__ import annotations

from typing import Protocol

from contentlib.library.model import Item
from contentlib.library.ports.rows import Rows


class ItemRows(Rows[Item], Protocol):
    """Items. Removing one leaves its content versions, which download sessions may still serve."""

    async def remove_of(self, library: str, most: int) -> int:
        """Removes at most so many items of a library, deleted ones too; how many they were."""

    async def size_of(self, library: str) -> int:
        """Returns the total size of the current contents of a library's items, also for a deleted library."""

    async def reached(self, library: str) -> tuple[int, int]:
        """Returns the highest version of a library's items, as subscribers see it, and the highest generation of their files.

        Includes deleted items and all versions that are kept. 0 if there are none.
        """

    async def find(
        self,
        *,
        library: str | None = None,
        folded_name: str | None = None,
        folded_type: str | None = None,
        source: str | None = None,
        cached: bool | None = None,
    ) -> list[str]:
        """The identifiers of the items that match all that is given."""

    async def marks(self, library: str) -> list[tuple[str, str]]:
        """Of each item of a library whose content is here, its identifier and a text that changes with the item; as listed.

        Answered in one go, and without holding up others, however many there are.
        """

    async def names(self, library: str) -> list[tuple[str, str]]:
        """Of each item of a library whose content is here, its identifier and its name; answered as `marks` is."""
