"""Tags."""

from __future__ import annotations

import pytest

from contentlib.library.errors import Invalid, Missing, TagExists
from contentlib.library.tagging.tags import TagChange
from library.tagging.conftest import STORE, Labels

URN = "urn:vmomi:InventoryServiceTag:b8a2a2e3-2314-43cd-a871-000000000001:GLOBAL"


async def test_a_tag_has_an_identifier_like_those_of_vsphere(labels: Labels) -> None:
    category = await labels.category()
    made = await labels.tag(category)
    assert made.startswith("urn:vmomi:InventoryServiceTag:")
    assert await labels.tag(category, "bsd", id=URN) == URN
    assert await labels.tags.all() == await labels.tags.of(category) == [made, URN]
    with pytest.raises(Invalid, match=r"create_spec\.tag_id must be urn:vmomi:InventoryServiceTag:UUID:GLOBAL"):
        await labels.tag(category, "mac", id=URN.replace("Tag", "Category"))
    with pytest.raises(TagExists, match=f"tag {URN} already exists"):
        await labels.tag(category, "mac", id=URN)


async def test_a_name_is_taken_in_its_category_only(labels: Labels) -> None:
    category, other = await labels.category(), await labels.category("owner")
    tag = await labels.tag(category)
    with pytest.raises(TagExists, match=f"category 'system' already has a tag named 'linux': {tag}"):
        await labels.tag(category)
    second = await labels.tag(other)
    await labels.tag(other, "bsd")
    with pytest.raises(TagExists):
        await labels.tags.update(second, TagChange(name="bsd"))
    await labels.tags.update(second, TagChange(name="linux", description="the same name"))
    assert (await labels.tags.get(second))[0].description == "the same name"


@pytest.mark.parametrize("change", [TagChange(name=" "), TagChange(name="a" * 257), TagChange(description="a" * 2001)])
async def test_a_wrong_change_changes_nothing(labels: Labels, change: TagChange) -> None:
    tag = await labels.tag(await labels.category())
    before = await labels.tags.get(tag)
    with pytest.raises(Invalid, match=r"update_spec\."):
        await labels.tags.update(tag, change)
    assert await labels.tags.get(tag) == before


async def test_a_deleted_tag_is_on_no_object(labels: Labels) -> None:
    tag = await labels.tag(await labels.category())
    await labels.attachments.attach(tag, STORE)
    await labels.tags.delete(tag)
    assert await labels.attachments.tags_of_each([STORE]) == [[]]


async def test_a_user_is_added_and_removed_again_and_again(labels: Labels) -> None:
    tag = await labels.tag(await labels.category())
    for _ in range(2):
        await labels.tags.add_user(tag, "backup")
    assert (await labels.tags.get(tag))[1] == ["backup"]
    assert await labels.tags.used_by("backup") == [tag]
    for _ in range(2):
        await labels.tags.remove_user(tag, "backup")
        await labels.tags.remove_user(tag, "half \ud800")
    assert await labels.tags.used_by("backup") == []


async def test_what_does_not_exist_is_missing(labels: Labels) -> None:
    rules, attachments = labels.tags, labels.attachments
    for call in (
        rules.get(URN),
        rules.update(URN, TagChange()),
        rules.delete(URN),
        rules.add_user(URN, "a"),
        rules.remove_user(URN, "a"),
        rules.check(URN),
        attachments.attach(URN, STORE),
        attachments.detach(URN, STORE),
        attachments.attach_to_many(URN, []),
        attachments.targets(URN),
    ):
        with pytest.raises(Missing, match=f"tag '{URN}' does not exist"):
            await call
