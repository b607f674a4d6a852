"""Defines the items of a publisher, as the library that follows it has them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contentlib.library.catalogs import ItemOffer, OfferedItem
from contentlib.library.model import Item, StoredFile


class KnownItem(msgspec.Struct, frozen=True):
    """An existing item with the last offer of its publisher."""

    item: Item
    offer: ItemOffer


class ArrivedItem(msgspec.Struct, frozen=True):
    """An item of a publisher whose files are all stored."""

    offered: OfferedItem
    files: Sequence[StoredFile]


class AppliedCatalog(msgspec.Struct, frozen=True):
    """The applied part of a catalog, and the items whose content is missing."""

    removed: int
    changed: int
    wanted: tuple[OfferedItem, ...]
