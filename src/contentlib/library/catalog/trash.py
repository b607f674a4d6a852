"""Manages the trash: keeps deleted libraries and items for a time, and restores them."""

from __future__ import annotations

import enum
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from contentlib.library.catalog import messages
from contentlib.library.catalog.items import Items, note_change
from contentlib.library.catalog.library_names import LibraryNames
from contentlib.library.clock import Clock
from contentlib.library.errors import Missing, NotRestorable
from contentlib.library.model import Deleted, Item, Library
from contentlib.library.names import check_name, fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.protection import check_changeable
from contentlib.library.signals import unheard

KIND = "deleted library or item"


class ThingType(enum.StrEnum):
    """Type of an object in the trash."""

    ITEM = "ITEM"
    LIBRARY = "LIBRARY"


class Thing(msgspec.Struct, frozen=True):
    """A library or item in the trash: who deleted it when, until when it can be restored, and the bytes of its content."""

    type: ThingType
    id: str
    name: str
    library: str
    size: int
    user: str
    time: int
    until: int


class Trash:
    """The operations of the trash. `purged` is called when an entry has expired."""

    def __init__(
        self,
        metadata: MetadataStore,
        items: Items,
        clock: Clock,
        purged: Callable[[], None] = unheard,
        names: LibraryNames | None = None,
    ) -> None:
        self._names = names or LibraryNames()
        self._metadata = metadata
        self._items = items
        self._clock = clock
        self._purged = purged

    async def all(self) -> list[Thing]:
        """All that can be restored, in the order in which it was deleted."""
        now = self._clock.now()
        async with self._metadata.reading() as transaction:
            items = [await _thing(transaction, each) for each in await transaction.deleted_items.all(now)]
            libraries = [await _thing(transaction, each) for each in await transaction.deleted_libraries.all(now)]
        return sorted([*items, *libraries], key=lambda thing: (thing.time, thing.id))

    async def get(self, identifier: str) -> Thing:
        """The thing; Missing when it is not in the trash, or not any more."""
        async with self._metadata.reading() as transaction:
            return await _thing(transaction, await self._find(transaction, identifier))

    async def restore(self, identifier: str, name: str | None) -> None:
        """Restores an entry completely, under its name or another one.

        Raises Taken or NameTaken if another item or library has the name now.

        Its versions increase, so that subscribers notice that it has returned.
        """
        if name is not None:
            check_name("name", name)
        async with self._metadata.transaction(durable=True) as transaction:
            found = (await self._find(transaction, identifier)).row
            renamed = replace(found, name=name, folded_name=fold(name)) if name is not None else found
            now = max(self._clock.now(), found.modified)
            if isinstance(renamed, Item):
                await self._restore_item(transaction, renamed, now)
            else:
                await self._names.check(transaction, renamed, "name")
                counted = replace(renamed, modified=now, version=renamed.version + 1, revision=renamed.revision + 1)
                await transaction.deleted_libraries.restore(counted)

    async def _restore_item(self, transaction: Transaction, item: Item, now: int) -> None:
        library = await transaction.libraries.get(item.library)
        if library is None:
            raise NotRestorable(messages.TRASHED_LIBRARY(library=item.library, item=item.id))
        check_changeable(library)
        await self._items.check_name_free(transaction, item, "name")
        counted = replace(
            item, abandoned=False, modified=now, version=item.version + 1, metadata_version=item.metadata_version + 1
        )
        await transaction.deleted_items.restore(counted)
        await note_change(transaction, counted)

    async def purge(self, identifier: str) -> None:
        """Ends the retention of an entry: it can no longer be restored, and its content is collected.

        Purging a library includes its items that were deleted before, because they cannot be restored without it.
        """
        now = self._clock.now()
        async with self._metadata.transaction(durable=True) as transaction:
            found = (await self._find(transaction, identifier)).row
            if isinstance(found, Item):
                await transaction.deleted_items.hasten(identifier, now)
            else:
                for each in await transaction.deleted_items.all(now):
                    if each.row.library == identifier:
                        await transaction.deleted_items.hasten(each.row.id, now)
                await transaction.deleted_libraries.hasten(identifier, now)
        self._purged()

    async def _find(self, transaction: Transaction, identifier: str) -> Deleted[Item] | Deleted[Library]:
        found: Deleted[Item] | Deleted[Library] | None = await transaction.deleted_items.get(identifier)
        if found is None:
            found = await transaction.deleted_libraries.get(identifier)
        if found is None or found.until <= self._clock.now():
            raise Missing(KIND, identifier)
        return found


async def _thing(transaction: Transaction, deleted: Deleted[Item] | Deleted[Library]) -> Thing:
    row = deleted.row
    if isinstance(row, Item):
        kind, library, size = ThingType.ITEM, row.library, row.size
    else:
        kind, library, size = ThingType.LIBRARY, row.id, await transaction.items.size_of(row.id)
    return Thing(kind, row.id, row.name, library, size, deleted.user, deleted.time, deleted.until)
