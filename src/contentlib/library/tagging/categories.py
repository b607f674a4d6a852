"""Manages categories of tags: their cardinality and the types of objects."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from msgspec.structs import replace

from contentlib.library.clock import Clock
from contentlib.library.errors import Invalid, Missing, TagExists
from contentlib.library.model import Cardinality, Category
from contentlib.library.names import check_description
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.tagging import messages
from contentlib.library.tagging.texts import check_label, check_types, check_urn, new_urn
from contentlib.library.tagging.users import add_used_by, remove_used_by

KIND = "tag category"
_URN = "Category"
_TYPES = "update_spec.associable_types"


class NewCategory(msgspec.Struct, frozen=True):
    """What a client says of a new category."""

    name: str
    description: str
    cardinality: Cardinality
    types: Collection[str]
    id: str | None = None


class CategoryChange(msgspec.Struct, frozen=True):
    """Changes of a category; None keeps a field."""

    name: str | None = None
    description: str | None = None
    cardinality: Cardinality | None = None
    types: Collection[str] | None = None


class Categories:
    """The operations on categories."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    async def create(self, new: NewCategory) -> str:
        """Creates a category and returns its identifier. Raises TagExists if its name or identifier is taken."""
        category = Category(
            new_urn(_URN) if new.id is None else check_urn("create_spec.category_id", _URN, new.id),
            check_label("create_spec.name", new.name),
            check_description("create_spec.description", new.description),
            new.cardinality,
            check_types("create_spec.associable_types", new.types),
            self._clock.now(),
        )
        async with self._metadata.transaction(durable=True) as transaction:
            await _check_name(transaction, category.name)
            if await transaction.categories.get(category.id) is not None:
                raise TagExists(messages.CATEGORY_IDENTIFIER_TAKEN(category=category.id))
            await transaction.categories.add(category)
        return category.id

    async def get(self, category_id: str) -> tuple[Category, list[str]]:
        """The category, and the names of those who use it."""
        async with self._metadata.reading() as transaction:
            return await find_category(transaction, category_id), await transaction.category_users.of(category_id)

    async def all(self) -> list[str]:
        """The identifiers of all categories, in order of creation."""
        async with self._metadata.reading() as transaction:
            return [each.id for each in await transaction.categories.all()]

    async def used_by(self, user: str) -> list[str]:
        """The identifiers of the categories that a user uses, in order of creation."""
        async with self._metadata.reading() as transaction:
            return await transaction.category_users.by(user)

    async def update(self, category_id: str, change: CategoryChange) -> None:
        """Changes a category; its resource types can become more, and its cardinality SINGLE where no object has two tags."""
        async with self._metadata.transaction(durable=True) as transaction:
            category = await find_category(transaction, category_id)
            changed = _changed(category, change)
            if changed.name != category.name:
                await _check_name(transaction, changed.name)
            if changed.cardinality is Cardinality.SINGLE and category.cardinality is Cardinality.MULTIPLE:
                await _check_single(transaction, category)
            await transaction.categories.put(changed)

    async def delete(self, category_id: str) -> None:
        """Deletes a category with its tags; no object has them any more."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_category(transaction, category_id)
            await transaction.categories.remove(category_id)

    async def add_user(self, category_id: str, user: str) -> None:
        """Adds a user of a category; a second time has no effect."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_category(transaction, category_id)
            await add_used_by(transaction.category_users, category_id, user)

    async def remove_user(self, category_id: str, user: str) -> None:
        """Removes a user of a category."""
        async with self._metadata.transaction(durable=True) as transaction:
            await find_category(transaction, category_id)
            await remove_used_by(transaction.category_users, category_id, user)

    async def check(self, category_id: str) -> None:
        """Raises Missing if the category does not exist."""
        async with self._metadata.reading() as transaction:
            await find_category(transaction, category_id)


async def find_category(transaction: Transaction, category_id: str) -> Category:
    """Returns a category. Raises Missing if it does not exist."""
    category = await transaction.categories.get(category_id)
    if category is None:
        raise Missing(KIND, category_id)
    return category


def _changed(category: Category, change: CategoryChange) -> Category:
    types = category.types
    if change.types is not None:
        types = _grown(category, check_types(_TYPES, change.types))
    return replace(
        category,
        name=category.name if change.name is None else check_label("update_spec.name", change.name),
        description=category.description
        if change.description is None
        else check_description("update_spec.description", change.description),
        cardinality=change.cardinality or category.cardinality,
        types=types,
    )


def _grown(category: Category, types: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the new types of a category. Raises Invalid if it would lose one; a category without types allows all."""
    if types and not category.types:
        raise Invalid(messages.ALL_TYPES_REMOVED(field=_TYPES, category=category.name))
    if not set(types).issuperset(category.types):
        raise Invalid(messages.TYPES_REMOVED(field=_TYPES, category=category.name, types=category.types))
    return types


async def _check_name(transaction: Transaction, name: str) -> None:
    other = await transaction.categories.named(name)
    if other is not None:
        raise TagExists(messages.CATEGORY_NAME_TAKEN(name=name, category=other))


async def _check_single(transaction: Transaction, category: Category) -> None:
    crowded = await transaction.attachments.crowded(category.id)
    if crowded is not None:
        field, name = "update_spec.cardinality", category.name
        raise Invalid(messages.SEVERAL_TAGS(field=field, type=crowded.type, object=crowded.id, category=name))
