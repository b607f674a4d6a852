"""Categories of tags."""

from __future__ import annotations

import asyncio

import pytest

from contentlib.library.errors import Invalid, Missing, TagExists
from contentlib.library.model import Cardinality
from contentlib.library.tagging.categories import CategoryChange
from contentlib.library.tagging.users import MOST_USERS
from library.tagging.conftest import STORE, Labels

URN = "urn:vmomi:InventoryServiceCategory:b8a2a2e3-2314-43cd-a871-000000000001:GLOBAL"


async def test_a_category_has_an_identifier_like_those_of_vsphere(labels: Labels) -> None:
    made = await labels.category()
    assert made.startswith("urn:vmomi:InventoryServiceCategory:")
    assert made.endswith(":GLOBAL")
    assert await labels.category("owner", id=URN) == URN
    assert await labels.categories.all() == [made, URN]


@pytest.mark.parametrize("urn", ["", "x", URN + "x", URN.replace("Category", "Tag"), URN.replace("GLOBAL", "LOCAL"), "é" + URN])
async def test_an_identifier_that_a_client_chooses_is_of_that_form(labels: Labels, urn: str) -> None:
    with pytest.raises(Invalid, match=r"create_spec\.category_id must be urn:vmomi:InventoryServiceCategory:UUID:GLOBAL"):
        await labels.category(id=urn)


async def test_a_name_and_an_identifier_are_taken_once(labels: Labels) -> None:
    await labels.category("system", id=URN)
    with pytest.raises(TagExists, match=f"named 'system' already exists: {URN}"):
        await labels.category("system")
    with pytest.raises(TagExists, match=f"{URN} already exists"):
        await labels.category("owner", id=URN)
    await labels.category("System")


async def test_of_many_who_create_a_category_at_once_one_does(labels: Labels) -> None:
    made = await asyncio.gather(*(labels.category() for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(each, str) for each in made) == 1
    assert sum(isinstance(each, TagExists) for each in made) == 7


@pytest.mark.parametrize("name", ["", " ", "a" * 257, "two\nlines", "\0", "half \ud800"])
async def test_a_name_is_a_line_of_up_to_256_characters(labels: Labels, name: str) -> None:
    with pytest.raises(Invalid, match=r"create_spec\.name"):
        await labels.category(name)
    with pytest.raises(Invalid, match=r"create_spec\.associable_types"):
        await labels.category("system", name)
    category = await labels.category("a" * 256)
    with pytest.raises(Invalid, match=r"update_spec\.name"):
        await labels.categories.update(category, CategoryChange(name=name))
    with pytest.raises(Invalid, match="used_by_entity"):
        await labels.categories.add_user(category, name)


async def test_what_is_not_given_stays(labels: Labels) -> None:
    category = await labels.category("system", "Datastore")
    before, _ = await labels.categories.get(category)
    await labels.categories.update(category, CategoryChange())
    assert (await labels.categories.get(category))[0] == before
    await labels.categories.update(category, CategoryChange("system", "", Cardinality.SINGLE, ["Folder", "Datastore"]))
    after, _ = await labels.categories.get(category)
    assert (after.description, after.cardinality, after.types) == ("", Cardinality.SINGLE, ("Datastore", "Folder"))


async def test_types_are_kept_without_the_namespace_that_terraform_sends(labels: Labels) -> None:
    category = await labels.category("system", "urn:vim25:Datastore", "Datastore", "urn:vim25:com.vmware.content.Library")
    await labels.categories.update(category, CategoryChange(types=["com.vmware.content.Library", "urn:vim25:Datastore"]))
    assert (await labels.categories.get(category))[0].types == ("Datastore", "com.vmware.content.Library")


async def test_a_category_is_not_renamed_to_the_name_of_another_one(labels: Labels) -> None:
    category, _ = await labels.category(), await labels.category("owner")
    with pytest.raises(TagExists):
        await labels.categories.update(category, CategoryChange(name="owner"))


@pytest.mark.parametrize(("types", "given"), [(["A", "B"], ["A"]), (["A"], []), ([], ["A"]), (["A"], ["B", "C"])])
async def test_types_only_become_more(labels: Labels, types: list[str], given: list[str]) -> None:
    category = await labels.category("system", *types)
    with pytest.raises(Invalid, match=r"associable_types cannot lose types: category 'system' (has A|allows all types)"):
        await labels.categories.update(category, CategoryChange(types=given))
    assert (await labels.categories.get(category))[0].types == tuple(types)


async def test_a_category_becomes_single_where_no_object_has_two_of_its_tags(labels: Labels) -> None:
    category = await labels.category()
    first, second = await labels.tag(category, "linux"), await labels.tag(category, "bsd")
    for tag in (first, second):
        await labels.attachments.attach(tag, STORE)
    single = CategoryChange(cardinality=Cardinality.SINGLE)
    with pytest.raises(Invalid, match="cannot be SINGLE: Datastore datastore-1 has several tags of category 'system'"):
        await labels.categories.update(category, single)
    await labels.attachments.detach(first, STORE)
    await labels.categories.update(category, single)
    await labels.categories.update(category, CategoryChange(cardinality=Cardinality.MULTIPLE))


async def test_a_deleted_category_takes_its_tags_along(labels: Labels) -> None:
    category = await labels.category()
    tag = await labels.tag(category)
    await labels.attachments.attach(tag, STORE)
    await labels.categories.delete(category)
    assert await labels.attachments.tags_of_each([STORE]) == [[]]
    for call in (labels.tags.get(tag), labels.categories.get(category), labels.categories.delete(category)):
        with pytest.raises(Missing):
            await call


async def test_a_user_is_added_and_removed_again_and_again(labels: Labels) -> None:
    category = await labels.category()
    for _ in range(2):
        await labels.categories.add_user(category, "backup")
    assert (await labels.categories.get(category))[1] == ["backup"]
    assert await labels.categories.used_by("backup") == [category]
    for _ in range(2):
        await labels.categories.remove_user(category, "backup")
        await labels.categories.remove_user(category, "half \ud800")
    assert await labels.categories.used_by("backup") == []


async def test_a_category_has_so_many_users_at_most(labels: Labels) -> None:
    category = await labels.category()
    async with labels.world.metadata.transaction(durable=False) as rows:
        for number in range(MOST_USERS):
            await rows.category_users.add(category, f"user {number}")
    await labels.categories.add_user(category, "user 7")
    with pytest.raises(Invalid, match=f"already has {MOST_USERS} users, the limit"):
        await labels.categories.add_user(category, "backup")


async def test_what_does_not_exist_is_missing(labels: Labels) -> None:
    rules = labels.categories
    for call in (
        rules.get(URN),
        rules.update(URN, CategoryChange()),
        rules.add_user(URN, "a"),
        rules.remove_user(URN, "a"),
        rules.check(URN),
        labels.tags.of(URN),
        labels.tag(URN),
    ):
        with pytest.raises(Missing, match=f"tag category '{URN}' does not exist"):
            await call
