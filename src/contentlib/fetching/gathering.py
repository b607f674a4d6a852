"""Gathers small items that were fetched: those that arrive while others are being stored are stored together.

To store an item costs several turns of the disk, whatever its size, and so do a hundred items that share them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from contentlib.library.catalogs import OfferedItem
from contentlib.library.following.own_catalogs import BLOB
from contentlib.library.packages.checks import is_package
from contentlib.outbound.sources import is_local

_MOST = 25  # items that are stored together; the audit log names about so many in an entry
_MOST_FILES = 8
_MOST_BYTES = 1 << 17
"""Of one item: what is gathered is in memory."""


class GatheredItem(NamedTuple):
    """A small item and the contents of its files."""

    offered: OfferedItem
    contents: Sequence[bytes]


class Gathering:
    """The items that were fetched and are to be stored. Who adds one waits while there are too many."""

    def __init__(self) -> None:
        self._items: asyncio.Queue[GatheredItem | None] = asyncio.Queue(_MOST)

    async def add(self, item: GatheredItem) -> None:
        """Adds an item."""
        await self._items.put(item)

    async def end(self) -> None:
        """Says that no more items will come."""
        await self._items.put(None)

    async def take(self) -> list[GatheredItem]:
        """Waits for an item, and returns all that are there; none at the end."""
        taken: list[GatheredItem] = []
        while (item := await self._items.get()) is not None:
            taken.append(item)
            if self._items.empty() or len(taken) == _MOST:
                return taken
        if taken:
            self._items.put_nowait(None)
        return taken


def can_be_gathered(offered: OfferedItem) -> bool:
    """Whether an item can be gathered. Packages cannot: their descriptors are read before they are stored."""
    sizes = [file.size for file in offered.files if file.size is not None]
    if len(sizes) != len(offered.files) or len(sizes) > _MOST_FILES or sum(sizes) > _MOST_BYTES:
        return False
    names = [file.name for file in offered.files]
    elsewhere = not any(uri.startswith(BLOB) or is_local(uri) for file in offered.files for uri in file.uris)
    return elsewhere and not is_package(offered.type, names)
