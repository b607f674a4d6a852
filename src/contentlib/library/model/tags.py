"""Defines tags, their categories, and the objects that can have tags."""

from __future__ import annotations

import enum
from typing import NamedTuple

import msgspec

LIBRARY = "com.vmware.content.Library"
ITEM = "com.vmware.content.library.Item"
"""The resource types of libraries and items."""


class TaggedObject(NamedTuple):
    """An object that can have tags: its resource type and its identifier."""

    type: str
    id: str


class Cardinality(enum.StrEnum):
    """How many tags of a category an object can have."""

    SINGLE = "SINGLE"
    MULTIPLE = "MULTIPLE"


class Category(msgspec.Struct, frozen=True):
    """A category of tags; `types` are the resource types that its tags can be attached to, any type if it is empty.

    Time in milliseconds since 1970 UTC.
    """

    id: str
    name: str
    description: str
    cardinality: Cardinality
    types: tuple[str, ...]
    created: int

    def admits(self, kind: str) -> bool:
        """Whether tags of the category can be attached to objects of a resource type."""
        return not self.types or kind in self.types


class Tag(msgspec.Struct, frozen=True):
    """A tag; its name is unique in its category. Time in milliseconds since 1970 UTC."""

    id: str
    category: str
    name: str
    description: str
    created: int
