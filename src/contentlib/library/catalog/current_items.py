"""Reads the items of a library that have their content here, with their current versions."""

from __future__ import annotations

import asyncio

from contentlib.library.catalog.items import current_version
from contentlib.library.model import Item, Version
from contentlib.library.ports import Transaction

_AT_ONCE = 100


async def current_items(transaction: Transaction, library_id: str) -> list[tuple[Item, Version]]:
    """The items of a library with their current versions."""
    found = []
    for n, item_id in enumerate(await transaction.items.find(library=library_id, cached=True)):
        if n % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)  # other calls get their turn
        current = await current_item(transaction, item_id)
        if current is not None:
            found.append(current)
    return found


async def current_item(transaction: Transaction, item_id: str) -> tuple[Item, Version] | None:
    """An item with its current version; one without content has no files. None where its content is at its own publisher."""
    item = await transaction.items.get(item_id)
    return None if item is None or not item.cached else (item, await current_version(transaction, item))
