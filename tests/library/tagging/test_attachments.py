"""What tags are attached to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from contentlib.library.catalog.trash import Trash
from contentlib.library.errors import Invalid
from contentlib.library.model import TaggedObject
from contentlib.library.model.tags import ITEM, LIBRARY
from contentlib.library.tagging.attachments import MOST_AT_ONCE
from library.tagging.conftest import STORE, Labels
from library.world import World

NOBODY = "urn:vmomi:InventoryServiceTag:b8a2a2e3-2314-43cd-a871-000000000001:GLOBAL"


async def objects(world: World) -> tuple[TaggedObject, TaggedObject]:
    """A library and an item in it."""
    library = await world.library()
    return TaggedObject(LIBRARY, library), TaggedObject(ITEM, await world.item(library))


async def test_a_tag_is_attached_to_libraries_items_and_the_inventory(world: World, labels: Labels) -> None:
    library, item = await objects(world)
    tag = await labels.tag(await labels.category())
    for _ in range(2):
        for target in (library, item, STORE):
            await labels.attachments.attach(tag, target)
    assert await labels.attachments.targets(tag) == [library, item, STORE]
    for _ in range(2):
        await labels.attachments.detach(tag, item)
    assert await labels.attachments.targets_of_each([tag, NOBODY]) == [[library, STORE], []]
    assert await labels.attachments.tags_of_each([STORE, item, TaggedObject("Folder", "nobody")]) == [[tag], [], []]


@pytest.mark.parametrize(
    "target",
    [
        TaggedObject(LIBRARY, "nobody"),
        TaggedObject(ITEM, "nobody"),
        TaggedObject("VirtualMachine", "vm-12"),
        TaggedObject("", "\ud800"),
    ],
)
async def test_an_object_that_does_not_exist_is_invalid(labels: Labels, target: TaggedObject) -> None:
    tag = await labels.tag(await labels.category())
    with pytest.raises(Invalid, match=r"object_id .* does not exist"):
        await labels.attachments.attach(tag, target)
    assert len(await labels.attachments.attach_to_many(tag, [target, STORE, target])) == 2
    await labels.attachments.detach(tag, target)
    assert await labels.attachments.attachable(target) == []
    assert await labels.attachments.targets(tag) == [STORE]


async def test_the_type_of_an_object_belongs_to_it(world: World, labels: Labels) -> None:
    library, item = await objects(world)
    tag = await labels.tag(await labels.category())
    for target in (TaggedObject(ITEM, library.id), TaggedObject(LIBRARY, item.id), TaggedObject("Folder", STORE.id)):
        with pytest.raises(Invalid, match="object_id"):
            await labels.attachments.attach(tag, target)


async def test_a_category_says_which_objects_have_its_tags(world: World, labels: Labels) -> None:
    library, item = await objects(world)
    tag = await labels.tag(await labels.category("system", ITEM, "VirtualMachine"))
    message = f"tag_id 'linux' cannot be attached to {LIBRARY}: category 'system' allows VirtualMachine, {ITEM}"
    with pytest.raises(Invalid) as refused:
        await labels.attachments.attach(tag, library)
    assert str(refused.value) == message
    await labels.attachments.attach(tag, item)
    assert await labels.attachments.attachable(library) == []


async def test_an_object_has_one_tag_of_a_single_category(labels: Labels) -> None:
    category = await labels.category(single=True)
    first, second = await labels.tag(category, "linux"), await labels.tag(category, "bsd")
    await labels.attachments.attach(first, STORE)
    await labels.attachments.attach(first, STORE)
    with pytest.raises(Invalid, match=f"already has tag {first} of category 'system', which allows one"):
        await labels.attachments.attach(second, STORE)
    await labels.attachments.detach(first, STORE)
    await labels.attachments.attach(second, STORE)


async def test_of_many_tags_of_a_single_category_at_once_one_is_attached(labels: Labels) -> None:
    category = await labels.category(single=True)
    tags = [await labels.tag(category, f"tag {number}") for number in range(8)]
    done = await asyncio.gather(*(labels.attachments.attach(tag, STORE) for tag in tags), return_exceptions=True)
    assert sum(each is None for each in done) == 1
    assert len((await labels.attachments.tags_of_each([STORE]))[0]) == 1


async def test_of_many_tags_those_that_can_be_are_attached_and_the_others_told(labels: Labels) -> None:
    category, other = await labels.category(single=True), await labels.category("owner")
    first, second, third = await labels.tag(category), await labels.tag(category, "bsd"), await labels.tag(other)
    faults = await labels.attachments.attach_many([first, second, NOBODY, third, first], STORE)
    assert [fault.id for fault in faults] == ["invalid.tag_id", "tag.not_found"]
    assert await labels.attachments.tags_of_each([STORE]) == [[first, third]]
    faults = await labels.attachments.detach_many([first, NOBODY, second], STORE)
    assert [fault.id for fault in faults] == ["tag.not_found"]
    assert await labels.attachments.tags_of_each([STORE]) == [[third]]


async def test_a_tag_is_attached_to_and_detached_from_many_objects(world: World, labels: Labels) -> None:
    library, item = await objects(world)
    tag = await labels.tag(await labels.category())
    assert await labels.attachments.attach_to_many(tag, [library, item, STORE, item]) == []
    await labels.attachments.detach_from_many(tag, [library, STORE, STORE, TaggedObject("Folder", "nobody")])
    assert await labels.attachments.targets(tag) == [item]


async def test_what_can_be_attached_is_what_attaching_takes(labels: Labels) -> None:
    """Each tag that is listed can be attached, and each other one is there already or is refused."""
    single, typed, any_type = (
        await labels.category(single=True),
        await labels.category("b", "Folder"),
        await labels.category("c"),
    )
    tags = [await labels.tag(category, name) for category in (single, typed, any_type) for name in ("x", "y")]
    await labels.attachments.attach(tags[0], STORE)
    await labels.attachments.attach(tags[5], STORE)
    assert await labels.attachments.attachable(STORE) == [tags[4]]
    assert len(await labels.attachments.attach_many(tags, STORE)) == 3
    assert await labels.attachments.attachable(STORE) == []


async def test_what_is_deleted_has_its_tags_again_when_it_is_restored(tmp_path: Path) -> None:
    kept = World(tmp_path, kept=1000)
    labels = Labels(kept)
    library, item = await objects(kept)
    tag = await labels.tag(await labels.category())
    await labels.attachments.attach_to_many(tag, [library, item])
    await kept.items.delete(item.id)
    assert await labels.attachments.targets(tag) == [library]
    assert await labels.attachments.attachable(item) == []
    await Trash(kept.metadata, kept.items, kept.clock).restore(item.id, None)
    assert await labels.attachments.tags_of_each([item]) == [[tag]]
    await kept.libraries.delete(library.id)
    assert await labels.attachments.targets(tag) == []
    kept.wait(2000)
    await kept.collect()
    assert await labels.attachments.targets(tag) == []
    await kept.metadata.close()


@pytest.mark.parametrize("call", ["attach_many", "detach_many"])
async def test_a_call_takes_so_many_tags_at_most(labels: Labels, call: str) -> None:
    with pytest.raises(Invalid, match=f"tag_ids has {MOST_AT_ONCE + 1} entries; at most {MOST_AT_ONCE} are allowed"):
        await getattr(labels.attachments, call)([NOBODY] * (MOST_AT_ONCE + 1), STORE)


@pytest.mark.parametrize("call", ["attach_to_many", "detach_from_many"])
async def test_a_call_takes_so_many_objects_at_most(labels: Labels, call: str) -> None:
    with pytest.raises(Invalid, match=f"object_ids has {MOST_AT_ONCE + 1} entries"):
        await getattr(labels.attachments, call)(NOBODY, [STORE] * (MOST_AT_ONCE + 1))


async def test_others_are_served_while_many_tags_are_attached(labels: Labels) -> None:
    """A call with many tags takes turns with others, though it is one transaction."""
    tag = await labels.tag(await labels.category())
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(others())
    await asyncio.sleep(0)
    before = turns
    await labels.attachments.tags_of_each([STORE] * MOST_AT_ONCE)
    task.cancel()
    assert turns - before >= MOST_AT_ONCE / 50
    assert await labels.attachments.attach_to_many(tag, [STORE] * MOST_AT_ONCE) == []
