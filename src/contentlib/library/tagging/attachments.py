"""Attaches tags to objects, and finds which objects have which tags."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import TypeVar

from contentlib.library.errors import Fault, Invalid, LibraryError, Missing
from contentlib.library.model import Cardinality, Category, Tag, TaggedObject
from contentlib.library.model.tags import ITEM, LIBRARY
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.tagging import messages
from contentlib.library.tagging.categories import find_category
from contentlib.library.tagging.tags import KIND, find_tag

Thing = TypeVar("Thing")
_TAG = "tag_id"
MOST_AT_ONCE = 2000
_BETWEEN_TURNS = 50  # after so many of a call's tags or objects, other calls get their turn


class Attachments:
    """The operations on what tags are attached to; `inventory` are the objects that are no rows and never change."""

    def __init__(self, metadata: MetadataStore, inventory: Collection[TaggedObject]) -> None:
        self._metadata = metadata
        self._inventory = frozenset(inventory)

    async def attach(self, tag_id: str, target: TaggedObject) -> None:
        """Attaches a tag to an object; a second time has no effect. Raises Invalid if the category does not allow it."""
        async with self._metadata.transaction(durable=True) as transaction:
            tag = await find_tag(transaction, tag_id)
            refusal = await self._attach(transaction, tag, target)
            if refusal is not None:
                raise refusal

    async def attach_many(self, tag_ids: Sequence[str], target: TaggedObject) -> list[Fault]:
        """Attaches tags to an object and returns the failures."""
        check_count("tag_ids", tag_ids)
        faults = []
        async with self._metadata.transaction(durable=True) as transaction:
            async for tag_id in in_turns(tag_ids):
                tag = await transaction.tags.get(tag_id)
                refusal = Missing(KIND, tag_id) if tag is None else await self._attach(transaction, tag, target)
                if refusal is not None:
                    faults.append(refusal.fault)
        return faults

    async def attach_to_many(self, tag_id: str, targets: Sequence[TaggedObject]) -> list[Fault]:
        """Attaches a tag to objects and returns the failures."""
        check_count("object_ids", targets)
        faults = []
        async with self._metadata.transaction(durable=True) as transaction:
            tag = await find_tag(transaction, tag_id)
            async for target in in_turns(targets):
                refusal = await self._attach(transaction, tag, target)
                if refusal is not None:
                    faults.append(refusal.fault)
        return faults

    async def _attach(self, transaction: Transaction, tag: Tag, target: TaggedObject) -> LibraryError | None:
        """Attaches a tag, or returns the reason why not."""
        if not await self._exists(transaction, target):
            unknown = messages.OBJECT_UNKNOWN(field="object_id", object=target.id[:80], type=target.type[:80])
            return Invalid(unknown)
        if await transaction.attachments.has(tag.id, target):
            return None
        category = await find_category(transaction, tag.category)
        refusal = _wrong_type(category, tag, target) or await _rival(transaction, category, target)
        if refusal is None:
            await transaction.attachments.add(tag.id, target)
        return refusal

    async def _exists(self, transaction: Transaction, target: TaggedObject) -> bool:
        if target.type == LIBRARY:
            return await transaction.libraries.get(target.id) is not None
        if target.type == ITEM:
            return await transaction.items.get(target.id) is not None
        return target in self._inventory

    async def detach(self, tag_id: str, target: TaggedObject) -> None:
        """Detaches a tag from an object; one that it does not have stays away."""
        await self.detach_from_many(tag_id, [target])

    async def detach_many(self, tag_ids: Sequence[str], target: TaggedObject) -> list[Fault]:
        """Detaches tags from an object and returns a failure for each unknown tag."""
        check_count("tag_ids", tag_ids)
        faults = []
        async with self._metadata.transaction(durable=True) as transaction:
            async for tag_id in in_turns(tag_ids):
                if await transaction.tags.get(tag_id) is None:
                    faults.append(Missing(KIND, tag_id).fault)
                else:
                    await _detach(transaction, tag_id, target)
        return faults

    async def detach_from_many(self, tag_id: str, targets: Sequence[TaggedObject]) -> None:
        """Detaches a tag from objects."""
        check_count("object_ids", targets)
        async with self._metadata.transaction(durable=True) as transaction:
            await find_tag(transaction, tag_id)
            async for target in in_turns(targets):
                await _detach(transaction, tag_id, target)

    async def targets(self, tag_id: str) -> list[TaggedObject]:
        """The objects that have a tag, in the order in which it was attached."""
        async with self._metadata.reading() as transaction:
            await find_tag(transaction, tag_id)
            return await transaction.attachments.targets(tag_id)

    async def targets_of_each(self, tag_ids: Sequence[str]) -> list[list[TaggedObject]]:
        """For each tag the objects that have it; none for a tag that does not exist."""
        check_count("tag_ids", tag_ids)
        async with self._metadata.reading() as transaction:
            return [await transaction.attachments.targets(each) async for each in in_turns(tag_ids)]

    async def tags_of_each(self, targets: Sequence[TaggedObject]) -> list[list[str]]:
        """For each object the identifiers of its tags; none for an object that does not exist."""
        check_count("object_ids", targets)
        async with self._metadata.reading() as transaction:
            return [await transaction.attachments.tags(each) async for each in in_turns(targets)]

    async def attachable(self, target: TaggedObject) -> list[str]:
        """The identifiers of the tags that could be attached to an object; none if the object does not exist."""
        async with self._metadata.reading() as transaction:
            if not await self._exists(transaction, target):
                return []
            admitted = {each.id for each in await transaction.categories.all() if each.admits(target.type)}
            return [each.tag for each in await transaction.tags.free(target) if each.category in admitted]


async def _detach(transaction: Transaction, tag_id: str, target: TaggedObject) -> None:
    if await transaction.attachments.has(tag_id, target):
        await transaction.attachments.remove(tag_id, target)


async def in_turns(things: Sequence[Thing]) -> AsyncIterator[Thing]:
    """The things one by one; other calls get their turn in between."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % _BETWEEN_TURNS == 0:
            await asyncio.sleep(0)


def check_count(field: str, things: Sequence[object]) -> None:
    """Raises Invalid if a call has too many tags or objects."""
    if len(things) > MOST_AT_ONCE:
        raise Invalid(messages.TOO_MANY_ENTRIES(field=field, count=len(things), most=MOST_AT_ONCE))


def _wrong_type(category: Category, tag: Tag, target: TaggedObject) -> LibraryError | None:
    if category.admits(target.type):
        return None
    allowed = messages.TYPE_NOT_ALLOWED(
        field=_TAG, tag=tag.name, type=target.type, category=category.name, allowed=category.types
    )
    return Invalid(allowed)


async def _rival(transaction: Transaction, category: Category, target: TaggedObject) -> LibraryError | None:
    """Why an object cannot have a second tag of a SINGLE category."""
    if category.cardinality is not Cardinality.SINGLE:
        return None
    other = await transaction.attachments.rival(category.id, target)
    if other is None:
        return None
    taken = messages.SINGLE_TAG(field=_TAG, type=target.type, object=target.id, other=other, category=category.name)
    return Invalid(taken)
