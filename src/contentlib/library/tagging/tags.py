"""Manages tags, which are names in a category."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from contentlib.library.clock import Clock
from contentlib.library.errors import Missing, TagExists
from contentlib.library.model import Category, Tag
from contentlib.library.names import check_description
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.tagging import messages
from contentlib.library.tagging.categories import find_category
from contentlib.library.tagging.texts import check_label, check_urn, new_urn
from contentlib.library.tagging.users import add_used_by, remove_used_by

KIND = "tag"
_URN = "Tag"


class NewTag(msgspec.Struct, frozen=True):
    """What a client says of a new tag."""

    name: str
    description: str
    category: str
    id: str | None = None


class TagChange(msgspec.Struct, frozen=True):
    """Changes of a tag; None keeps a field."""

    name: str | None = None
    description: str | None = None


class Tags:
    """The operations on tags."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    async def create(self, new: NewTag) -> str:
        """Creates a tag and returns its identifier. Raises TagExists if its name in the category or its identifier is taken."""
        tag = Tag(
            new_urn(_URN) if new.id is None else check_urn("create_spec.tag_id", _URN, new.id),
            new.category,
            check_label("create_spec.name", new.name),
            check_description("create_spec.description", new.description),
            self._clock.now(),
        )
        async with self._metadata.transaction(durable=True) as transaction:
            category = await find_category(transaction, new.category)
            await _check_name(transaction, category, tag.name)
            if await transaction.tags.get(tag.id) is not None:
                raise TagExists(messages.TAG_IDENTIFIER_TAKEN(tag=tag.id))
            await transaction.tags.add(tag)
        return tag.id

    async def get(self, tag_id: str) -> tuple[Tag, list[str]]:
        """The tag, and the names of those who use it."""
        async with self._metadata.reading() as transaction:
            return await find_tag(transaction, tag_id), await transaction.tag_users.of(tag_id)

    async def all(self) -> list[str]:
        """The identifiers of all tags, in order of creation."""
        async with self._metadata.reading() as transaction:
            return await transaction.tags.all()

    async def of(self, category_id: str) -> list[str]:
        """The identifiers of the tags of a category, in order of creation."""
        async with self._metadata.reading() as transaction:
            await find_category(transaction, category_id)
            return await transaction.tags.of(category_id)

    async def used_by(self, user: str) -> list[str]:
        """The identifiers of the tags that a user uses, in order of creation."""
        async with self._metadata.reading() as transaction:
            return await transaction.tag_users.by(user)

    async def update(self, tag_id: str, change: TagChange) -> None:
        """Changes a tag."""
        async with self._metadata.transaction(durable=True) as transaction:
            tag = await find_tag(transaction, tag_id)
            changed = _changed(tag, change)
            if changed.name != tag.name:
                await _check_name(transaction, await find_category(transaction, tag.category), changed.name)
            await transaction.tags.put(changed)

    async def delete(self, tag_id: str) -> None:
        """Deletes a tag; no object has it any more."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_tag(transaction, tag_id)
            await transaction.tags.remove(tag_id)

    async def add_user(self, tag_id: str, user: str) -> None:
        """Adds a user of a tag; a second time has no effect."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_tag(transaction, tag_id)
            await add_used_by(transaction.tag_users, tag_id, user)

    async def remove_user(self, tag_id: str, user: str) -> None:
        """Removes a user of a tag."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_tag(transaction, tag_id)
            await remove_used_by(transaction.tag_users, tag_id, user)

    async def check(self, tag_id: str) -> None:
        """Raises Missing if the tag does not exist."""
        async with self._metadata.reading() as transaction:
            await find_tag(transaction, tag_id)


async def find_tag(transaction: Transaction, tag_id: str) -> Tag:
    """Returns a tag. Raises Missing if it does not exist."""
    tag = await transaction.tags.get(tag_id)
    if tag is None:
        raise Missing(KIND, tag_id)
    return tag


def _changed(tag: Tag, change: TagChange) -> Tag:
    if change.name is not None:
        tag = replace(tag, name=check_label("update_spec.name", change.name))
    if change.description is not None:
        tag = replace(tag, description=check_description("update_spec.description", change.description))
    return tag


async def _check_name(transaction: Transaction, category: Category, name: str) -> None:
    other = await transaction.tags.named(category.id, name)
    if other is not None:
        raise TagExists(messages.TAG_NAME_TAKEN(category=category.name, name=name, tag=other))
