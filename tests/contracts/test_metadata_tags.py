"""What every metadata store must do: tags, their categories and users, and what they are attached to."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Cardinality, Category, Tag, TaggedObject
from contentlib.library.model.tags import ITEM, LIBRARY
from contentlib.library.ports import FreeTag, MetadataStore, Transaction
from contracts import made

STORE = TaggedObject("Datastore", "datastore-1")


def category(name: str, **changes: Any) -> Category:
    return replace(Category(new_identifier(), name, "of all kinds", Cardinality.MULTIPLE, ("Datastore", LIBRARY), 1), **changes)


def tag(of: Category, name: str, **changes: Any) -> Tag:
    return replace(Tag(new_identifier(), of.id, name, "a tag", 1), **changes)


async def add(rows: Transaction, *values: Category | Tag) -> None:
    for each in values:
        if isinstance(each, Category):
            await rows.categories.add(each)
        else:
            await rows.tags.add(each)


async def test_a_category_is_kept_whole_and_changed_whole(store: MetadataStore) -> None:
    first, second = category("system", created=2), category("System", created=1, types=())
    async with store.transaction(durable=False) as rows:
        await add(rows, first, second)
        await rows.categories.put(replace(first, name="os", cardinality=Cardinality.SINGLE))
        await rows.categories.put(category("nobody"))
    async with store.reading() as rows:
        assert await rows.categories.all() == [second, replace(first, name="os", cardinality=Cardinality.SINGLE)]
        assert await rows.categories.get(second.id) == second
        assert await rows.categories.named("os") == first.id
        assert await rows.categories.named("System") == second.id
        assert await rows.categories.named("system") is None
        assert await rows.categories.get("a\ud800") is None
        assert await rows.categories.named("a\ud800") is None


async def test_a_tag_is_found_by_its_category_and_its_name(store: MetadataStore) -> None:
    system, owner = category("system"), category("owner")
    linux, ann, other = tag(system, "linux", created=2), tag(owner, "linux"), tag(system, "other", created=3)
    async with store.transaction(durable=False) as rows:
        await add(rows, system, owner, linux, ann, other)
        await rows.tags.put(replace(other, name="bsd", description=""))
    async with store.reading() as rows:
        assert await rows.tags.all() == [ann.id, linux.id, other.id]
        assert await rows.tags.of(system.id) == [linux.id, other.id]
        assert await rows.tags.named(system.id, "linux") == linux.id
        assert await rows.tags.named(owner.id, "linux") == ann.id
        assert await rows.tags.named(owner.id, "bsd") is None
        assert await rows.tags.get(other.id) == replace(other, name="bsd", description="")


async def test_a_category_goes_with_its_tags_their_attachments_and_users(store: MetadataStore) -> None:
    system, owner = category("system"), category("owner")
    linux, ann = tag(system, "linux"), tag(owner, "ann")
    async with store.transaction(durable=False) as rows:
        await add(rows, system, owner, linux, ann)
        for each in (linux, ann):
            await rows.attachments.add(each.id, STORE)
            await rows.tag_users.add(each.id, "backup")
        await rows.category_users.add(system.id, "backup")
    async with store.reading() as rows:  # a store may remember them
        assert await rows.tags.get(linux.id) == linux
        assert await rows.categories.get(system.id) == system
    async with store.transaction(durable=False) as rows:
        await rows.categories.remove(system.id)
        await rows.categories.remove("nobody")
    async with store.reading() as rows:
        assert await rows.tags.get(linux.id) is None
        assert await rows.tags.all() == await rows.attachments.tags(STORE) == await rows.tag_users.by("backup") == [ann.id]
        assert await rows.category_users.by("backup") == await rows.tag_users.of(linux.id) == []


async def test_users_are_kept_by_thing_and_found_by_name(store: MetadataStore) -> None:
    system, owner = category("system", created=2), category("owner", created=1)
    async with store.transaction(durable=False) as rows:
        await add(rows, system, owner)
        for thing, user in ((system, "b"), (system, "a"), (owner, "b")):
            await rows.category_users.add(thing.id, user)
        await rows.category_users.remove(owner.id, "a")
    async with store.reading() as rows:
        assert await rows.category_users.of(system.id) == ["a", "b"]
        assert await rows.category_users.by("b") == [owner.id, system.id]
        assert await rows.category_users.by("nobody") == await rows.category_users.of("nobody") == []
    async with store.transaction(durable=False) as rows:
        await rows.category_users.remove(system.id, "b")
    async with store.reading() as rows:
        assert await rows.category_users.of(system.id) == ["a"]


async def test_attachments_are_listed_in_their_order(store: MetadataStore) -> None:
    system = category("system")
    linux, bsd = tag(system, "linux"), tag(system, "bsd")
    folder = TaggedObject("Folder", "group-d1")
    async with store.transaction(durable=False) as rows:
        await add(rows, system, linux, bsd)
        for each, target in ((bsd, STORE), (linux, folder), (linux, STORE)):
            await rows.attachments.add(each.id, target)
    async with store.reading() as rows:
        assert await rows.attachments.tags(STORE) == [bsd.id, linux.id]
        assert await rows.attachments.targets(linux.id) == [folder, STORE]
        assert await rows.attachments.tags(TaggedObject("Folder", STORE.id)) == []
        assert await rows.attachments.has(bsd.id, STORE)
        assert not await rows.attachments.has(bsd.id, folder)
    async with store.transaction(durable=False) as rows:
        for _ in range(2):
            await rows.attachments.remove(bsd.id, STORE)
        await rows.tags.remove(linux.id)
    async with store.reading() as rows:
        assert await rows.attachments.tags(STORE) == []
        assert await rows.attachments.targets(linux.id) == []


@pytest.mark.parametrize("kind", [LIBRARY, ITEM])
async def test_the_attachments_of_what_is_in_the_trash_return_with_it(store: MetadataStore, kind: str) -> None:
    item, _ = await made.add_item(store)
    target = TaggedObject(kind, item.library if kind == LIBRARY else item.id)
    system = category("system")
    linux = tag(system, "linux")
    async with store.transaction(durable=False) as rows:
        await add(rows, system, linux)
        await rows.attachments.add(linux.id, target)
        await rows.attachments.add(linux.id, STORE)
        library = await rows.libraries.get(item.library)
        assert library is not None
        await rows.deleted_libraries.add(item.library, "ann", 1, 2)  # which hides its items too
    async with store.reading() as rows:
        assert await rows.attachments.targets(linux.id) == [STORE]
        assert await rows.attachments.tags(target) == []
        assert await rows.attachments.rival(system.id, target) is None
        assert not await rows.attachments.has(linux.id, target)
    async with store.transaction(durable=False) as rows:
        await rows.deleted_libraries.restore(library)
    async with store.reading() as rows:
        assert await rows.attachments.targets(linux.id) == [target, STORE]
        assert await rows.attachments.has(linux.id, target)


async def test_the_attachments_of_what_is_removed_are_gone(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    system = category("system")
    linux = tag(system, "linux")
    async with store.transaction(durable=False) as rows:
        await add(rows, system, linux)
        for target in (TaggedObject(LIBRARY, item.library), TaggedObject(ITEM, item.id), STORE):
            await rows.attachments.add(linux.id, target)
        await rows.deleted_items.add(item.id, "ann", 1, 2)
        assert len(await rows.attachments.targets(linux.id)) == 2
        await rows.items.remove(item.id)
        await rows.libraries.remove(item.library)
        assert await rows.attachments.targets(linux.id) == [STORE]


async def test_what_an_object_has_room_for(store: MetadataStore) -> None:
    single, multiple = category("system", cardinality=Cardinality.SINGLE), category("owner")
    linux, bsd, ann, bob = tag(single, "linux"), tag(single, "bsd"), tag(multiple, "ann", created=2), tag(multiple, "bob")
    other = TaggedObject("Datastore", "datastore-2")
    async with store.transaction(durable=False) as rows:
        await add(rows, single, multiple, linux, bsd, ann, bob)
        assert {each.tag for each in await rows.tags.free(STORE)} == {linux.id, bsd.id, ann.id, bob.id}
        await rows.attachments.add(linux.id, STORE)
        await rows.attachments.add(bob.id, STORE)
        await rows.attachments.add(bsd.id, other)
        assert await rows.tags.free(STORE) == [FreeTag(ann.id, multiple.id)]
        assert await rows.attachments.rival(single.id, STORE) == linux.id
        assert await rows.attachments.rival(single.id, TaggedObject("Folder", STORE.id)) is None
        assert await rows.attachments.crowded(multiple.id) is None
        await rows.attachments.add(ann.id, STORE)
        assert await rows.attachments.crowded(multiple.id) == STORE
        assert await rows.attachments.crowded(single.id) is None
