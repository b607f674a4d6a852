"""Records who reads published libraries: when, from where, and which versions.

What is seen is noted in memory of a fixed size and saved at intervals, so a request costs no writing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from contentlib.library.catalog.libraries import find_library
from contentlib.library.clock import Clock
from contentlib.library.following.subscriber_credentials import find_credential
from contentlib.library.model import FetchedItem, Library, SubscriberContact
from contentlib.library.ports import MetadataStore, Transaction

MOST_ADDRESSES = 1000
"""The most addresses without a credential of which a library keeps a record."""
_MOST_NOTED = 10_000
_MOST_ITEMS = 50_000
_AT_ONCE = 200
_LONGEST_ADDRESS = 64
_Row = TypeVar("_Row")


class Visitor(msgspec.Struct, frozen=True):
    """Who reads a published library: a subscriber by its credential, or else all those at an address.

    `network` is what addresses are told apart by: an IPv6 subscriber can have any address of its network.
    """

    library: str
    address: str
    network: str = ""
    credential: str | None = None

    @property
    def contact(self) -> str:
        """The identifier of the record."""
        return self.credential or f"{self.library}/{self.network[:_LONGEST_ADDRESS]}"


class ItemProgress(msgspec.Struct, frozen=True):
    """The version of an item that a subscriber has last fetched, and the current one."""

    fetched: FetchedItem
    current: int


class Contacts:
    """Records of the readers of published libraries."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock
        self._contacts: dict[str, SubscriberContact] = {}
        self._items: dict[tuple[str, str], FetchedItem] = {}

    def note(self, visitor: Visitor, *, told: int | None = None, listed: int | None = None) -> None:
        """A visitor has read: of a revision of the library, or the list of items of one."""
        now, known = self._clock.now(), self._contacts.get(visitor.contact)
        if known is None and len(self._contacts) >= _MOST_NOTED:
            return
        seen = SubscriberContact(
            visitor.contact,
            visitor.library,
            visitor.address[:_LONGEST_ADDRESS],
            now,
            now,
            visitor.credential,
            told,
            listed,
            None if listed is None else now,
        )
        self._contacts[visitor.contact] = seen if known is None else merged(known, seen)

    def note_file(self, visitor: Visitor, item: str, version: int) -> None:
        """A visitor has requested a file of a version of an item, which is recorded for those with a credential."""
        self.note(visitor)
        key = visitor.contact, item
        if visitor.credential is not None and (key in self._items or len(self._items) < _MOST_ITEMS):
            self._items[key] = FetchedItem(*key, version, self._clock.now())

    async def of(self, library_id: str) -> tuple[Library, list[SubscriberContact]]:
        """A library, and the records of its readers, the latest first; those of other processes with some delay."""
        async with self._metadata.reading() as transaction:
            library = await find_library(transaction, library_id)
            found = {each.id: each for each in await transaction.subscriber_contacts.of(library_id)}
        for each in self._contacts.values():
            if each.library == library_id:
                found[each.id] = merged(found[each.id], each) if each.id in found else each
        return library, sorted(found.values(), key=lambda each: each.last_seen, reverse=True)

    async def items(self, library_id: str, subscriber: str) -> list[ItemProgress]:
        """What a subscriber has fetched of the items that the library has, the latest first."""
        async with self._metadata.reading() as transaction:
            await find_credential(transaction, library_id, subscriber)
            found = {each.item: each for each in await transaction.fetched_items.of(subscriber)}
            found |= {item: each for (contact, item), each in self._items.items() if contact == subscriber}
            progress = [each async for each in _progress(transaction, found.values())]
        return sorted(progress, key=lambda each: each.fetched.time, reverse=True)

    async def save(self) -> None:
        """Saves what was noted since the last time. If that fails, it is kept for the next time."""
        contacts, self._contacts = self._contacts, {}
        items, self._items = self._items, {}
        try:
            for batch in _batches([*contacts.values()]):
                async with self._metadata.transaction(durable=False) as transaction:
                    await _keep(transaction, batch)
            for some in _batches([*items.values()]):
                async with self._metadata.transaction(durable=False) as transaction:
                    await _keep_items(transaction, some)
        except OSError:
            self._items = items | self._items
            for each in contacts.values():
                later = self._contacts.get(each.id)
                self._contacts[each.id] = each if later is None else merged(each, later)
            raise


def merged(one: SubscriberContact, other: SubscriberContact) -> SubscriberContact:
    """Combines two records of the same reader, as two processes may have seen it; of equal times the other one is later."""
    early, late = sorted((one, other), key=lambda each: each.last_seen)
    listing = max((other, one), key=lambda each: each.listed_at or 0)
    return replace(
        late,
        first_seen=min(one.first_seen, other.first_seen),
        told=early.told if late.told is None else late.told,
        listed=listing.listed,
        listed_at=listing.listed_at,
    )


async def _progress(transaction: Transaction, fetched: Iterable[FetchedItem]) -> AsyncIterator[ItemProgress]:
    """Compares what was fetched with the items that are there; other calls get a turn in between."""
    for n, each in enumerate(fetched, 1):
        item = await transaction.items.get(each.item)
        if item is not None:
            yield ItemProgress(each, item.content_version)
        if n % _AT_ONCE == 0:
            await asyncio.sleep(0)


def _batches(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """A few rows at a time: other writers wait for a batch."""
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))


async def _keep(transaction: Transaction, contacts: Sequence[SubscriberContact]) -> None:
    added = set()
    for each in contacts:
        if await transaction.libraries.get(each.library) is None:
            continue
        if each.credential is not None and await transaction.subscriber_credentials.get(each.credential) is None:
            continue
        before = await transaction.subscriber_contacts.get(each.id)
        if before is None:
            await transaction.subscriber_contacts.add(each)
            added.add(each.library)
        else:
            await transaction.subscriber_contacts.put(merged(before, each))
    for library in added:
        await transaction.subscriber_contacts.trim(library, MOST_ADDRESSES)


async def _keep_items(transaction: Transaction, items: Sequence[FetchedItem]) -> None:
    for each in items:
        known = await transaction.subscriber_contacts.get(each.contact)
        if known is not None and await transaction.items.get(each.item) is not None:
            await transaction.fetched_items.note(each)
