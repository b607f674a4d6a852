"""Specifies rows of tags, their categories and their attachments."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from contentlib.library.model import Category, Tag, TaggedObject


class FreeTag(NamedTuple):
    """A tag that an object does not have and has room for, with the tag's category."""

    tag: str
    category: str


class CategoryRows(Protocol):
    """Categories of tags, one of a name."""

    async def add(self, row: Category) -> None:
        """Adds a category; its identifier and its name are new."""

    async def get(self, identifier: str) -> Category | None:
        """The category, or None."""

    async def put(self, row: Category) -> None:
        """Replaces the category of the same identifier."""

    async def remove(self, identifier: str) -> None:
        """Removes the category with its tags, their attachments, and the names of those who use them."""

    async def all(self) -> list[Category]:
        """All categories."""

    async def named(self, name: str) -> str | None:
        """The identifier of the category of that name; names are compared character by character."""


class TagRows(Protocol):
    """Tags, one of a name in a category."""

    async def add(self, row: Tag) -> None:
        """Adds a tag; its identifier, and its name in its category, are new."""

    async def get(self, identifier: str) -> Tag | None:
        """The tag, or None."""

    async def put(self, row: Tag) -> None:
        """Replaces the tag of the same identifier."""

    async def remove(self, identifier: str) -> None:
        """Removes the tag with its attachments, and the names of those who use it."""

    async def all(self) -> list[str]:
        """The identifiers of all tags."""

    async def of(self, category: str) -> list[str]:
        """The identifiers of the tags of a category."""

    async def named(self, category: str, name: str) -> str | None:
        """The identifier of the tag of that name in a category; names are compared character by character."""

    async def free(self, target: TaggedObject) -> list[FreeTag]:
        """The tags that are not attached to an object, without those of SINGLE categories of which it has another tag."""


class AttachmentRows(Protocol):
    """Which tags are attached to which objects.

    Those of a library or an item are removed with it. While it is in the trash, only `crowded` sees them; they are there
    again when it is restored.
    """

    async def add(self, tag: str, target: TaggedObject) -> None:
        """Attaches a tag to an object, which does not have it."""

    async def has(self, tag: str, target: TaggedObject) -> bool:
        """Whether a tag is attached to an object."""

    async def remove(self, tag: str, target: TaggedObject) -> None:
        """Detaches a tag from an object."""

    async def tags(self, target: TaggedObject) -> list[str]:
        """The identifiers of the tags of an object, in the order in which they were attached."""

    async def targets(self, tag: str) -> list[TaggedObject]:
        """The objects that have a tag, in the order in which it was attached."""

    async def rival(self, category: str, target: TaggedObject) -> str | None:
        """The identifier of a tag of a category that an object has."""

    async def crowded(self, category: str) -> TaggedObject | None:
        """An object that has several tags of a category."""


class UsedByRows(Protocol):
    """Who uses categories, or tags, by names that their users choose; removed with the category or tag."""

    async def add(self, thing: str, user: str) -> None:
        """Adds a name; the thing does not have it."""

    async def remove(self, thing: str, user: str) -> None:
        """Removes a name."""

    async def of(self, thing: str) -> list[str]:
        """The names of those who use a thing, in alphabetical order."""

    async def by(self, user: str) -> list[str]:
        """The identifiers of the things that a user uses, in order of their creation."""
