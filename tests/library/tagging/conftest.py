"""The rules of tags over the stores of a world."""

from __future__ import annotations

import pytest

from contentlib.library.model import Cardinality, TaggedObject
from contentlib.library.tagging.attachments import Attachments
from contentlib.library.tagging.categories import Categories, NewCategory
from contentlib.library.tagging.tags import NewTag, Tags
from library.world import World

STORE = TaggedObject("Datastore", "datastore-1")


class Labels:
    """The rules of tags, and shorthands for what tests do again and again."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.categories = Categories(world.metadata, world.clock)
        self.tags = Tags(world.metadata, world.clock)
        self.attachments = Attachments(world.metadata, [STORE])

    async def category(self, name: str = "system", *types: str, single: bool = False, id: str | None = None) -> str:
        self.world.wait(1)
        cardinality = Cardinality.SINGLE if single else Cardinality.MULTIPLE
        return await self.categories.create(NewCategory(name, "of all kinds", cardinality, types, id))

    async def tag(self, category: str, name: str = "linux", id: str | None = None) -> str:
        self.world.wait(1)
        return await self.tags.create(NewTag(name, "a tag", category, id))


@pytest.fixture
def labels(world: World) -> Labels:
    return Labels(world)
