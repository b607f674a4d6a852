"""Items: creating, finding, changing, copying, deleting; drafts."""

from __future__ import annotations

import re

import pytest

from contentlib.library.catalog.items import ItemChange, NewItem
from contentlib.library.errors import Invalid, ItemNameTaken, Missing, MissingFile, NotReady, VersionConflict
from contentlib.library.model import State
from library.world import LEASE, World, token

COPY = NewItem(None, None)


async def test_a_new_item_has_what_was_said_and_defaults(world: World) -> None:
    library = await world.library()
    item = await world.items.get(await world.items.create(NewItem(library, "Debian", source="s"), None))
    assert (item.library, item.name, item.description, item.type, item.source) == (library, "Debian", "", "", "s")
    assert (item.version, item.metadata_version, item.content_version, item.size) == (1, 1, 1, 0)
    assert item.created == item.modified == world.clock.now()
    assert await world.items.files(item.id) == (item, (await world.items.files(item.id))[1])
    assert await world.content(item.id) == {}


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (NewItem(None, "x"), "library_id is required"),
        (NewItem("l", None), "name is required"),
        (NewItem("l", ""), "name must not be empty"),
        (NewItem("l", "x" * 300), "name is 300 characters; at most 80 are allowed"),
        (NewItem("l", "a\0b"), "name contains a control character (U+0000)"),
        (NewItem("l", "\udcff"), "name contains an invalid Unicode character (unpaired surrogate)"),
        (NewItem("l", "x", description="x" * 2001), "description is 2001 characters"),
        (
            NewItem("l", "x", description="\x08"),
            "description contains a control character (U+0008)",
        ),
        (
            NewItem("l", "x", description="\ufffe"),
            "description contains an invalid Unicode character (U+FFFE)",
        ),
        (NewItem("l", "x", type="x" * 81), "type is 81 characters"),
        (NewItem("l", "x", source="\0"), "source_id contains a control character"),
    ],
    ids=lambda value: ascii(value)[:60],
)
async def test_what_an_item_cannot_be_is_refused(world: World, new: NewItem, told: str) -> None:
    with pytest.raises(Invalid, match=re.escape(f"create_spec.{told}")):
        await world.items.create(new, None)


@pytest.mark.parametrize("name", ["..", "a/b", "C:\\x", "x" * 80, "\U0001f600", "%2e%2e", "ünï", " x "], ids=ascii)
async def test_a_name_is_a_name_and_never_a_path(world: World, name: str) -> None:
    item = await world.item(name=name)
    await world.complete(item, {"a": b"bytes"})
    assert (await world.items.get(item)).name == name
    assert await world.content(item) == {"a": b"bytes"}


@pytest.mark.parametrize(
    ("one", "two"),
    [("Debian", "dEBIAN"), ("ärger", "A\u0308RGER"), ("straße", "STRASSE"), ("\u1fb3", "\u03b1\u0345"), ("x", "x")],
    ids=ascii,
)
async def test_a_library_has_one_item_of_a_name_whatever_its_case_and_accents(world: World, one: str, two: str) -> None:
    library = await world.library()
    item = await world.item(library, one)
    await world.complete(item, {"a": b"1"})
    with pytest.raises(ItemNameTaken, match=f"{item}$"):
        await world.item(library, two)
    assert await world.items.ids(library) == [item]
    assert await world.items.find({"name": two}, None) == [item]
    await world.item(None, two)  # in another library


async def test_items_are_found_by_all_criteria(world: World) -> None:
    library = await world.library()
    first = await world.items.create(NewItem(library, "A", type="ISO", source="s"), None)
    second = await world.item(library, "B")
    third = await world.item(None, "a")
    assert await world.items.find({"name": "a"}, None) == [first, third]
    assert await world.items.find({"name": "a", "library_id": library}, True) == [first]
    assert await world.items.find({"type": "iso"}, None) == [first]
    assert await world.items.find({"source_id": "s"}, None) == [first]
    assert await world.items.find({}, True) == [first, second, third]
    assert await world.items.find({"name": "a"}, False) == []
    assert await world.items.find({"library_id": "gone"}, None) == []
    with pytest.raises(Invalid, match="spec"):
        await world.items.find({}, None)


async def test_an_update_counts_version_and_metadata_version_and_not_the_content(world: World) -> None:
    item_id = await world.items.create(NewItem(await world.library(), "x", "old"), None)
    world.wait(5)
    await world.items.update(item_id, ItemChange(description="", type="ovf"))
    item = await world.items.get(item_id)
    assert (item.name, item.description, item.type) == ("x", "", "ovf")
    assert (item.version, item.metadata_version, item.content_version) == (2, 2, 1)
    assert item.modified == item.created + 5
    assert await world.items.find({"type": "OVF"}, None) == [item_id]


async def test_an_update_that_changes_nothing_counts_nothing(world: World) -> None:
    item = await world.item()
    before = await world.items.get(item)
    world.wait(5)
    await world.items.update(item, ItemChange(name="Debian", description="", version="1"))
    assert await world.items.get(item) == before


async def test_an_update_with_a_version_is_for_that_version_only(world: World) -> None:
    item = await world.item()
    with pytest.raises(VersionConflict, match="is at version 1, not 2"):
        await world.items.update(item, ItemChange(name="y", version="2"))
    with pytest.raises(Missing):
        await world.items.update("gone", ItemChange(name="y"))


async def test_an_item_may_change_the_case_of_its_name_and_not_take_that_of_another(world: World) -> None:
    library = await world.library()
    item, other = await world.item(library, "one"), await world.item(library, "two")
    await world.items.update(item, ItemChange(name="ONE"))
    with pytest.raises(ItemNameTaken, match=other):
        await world.items.update(item, ItemChange(name="Two"))
    assert (await world.items.get(item)).name == "ONE"


async def test_deleting_an_item_ends_its_update_session_and_no_running_download(world: World) -> None:
    item = await world.item()
    await world.complete(item, {"a": b"bytes"})
    download, update = await world.download(item), await world.update(item)
    file = await world.send(update, "b", b"more")
    await world.items.delete(item)
    session = await world.updates.get(update)
    assert session.state is State.CANCELED
    assert session.fault is not None
    assert "library item 'Debian' was deleted" in session.fault.text
    assert update in world.ended
    with pytest.raises(Missing):
        await world.items.get(item)
    assert await world.served(download) == {"a": b"bytes"}
    assert file.blob in world.kept()
    await world.downloads.cancel(download)
    await world.collect()
    assert world.kept() == []


async def test_the_name_of_a_deleted_item_is_free(world: World) -> None:
    library = await world.library()
    await world.items.delete(await world.item(library))
    await world.item(library)


async def test_a_file_is_found_by_its_exact_name(world: World) -> None:
    item = await world.item()
    await world.complete(item, {"a": b"1"})
    assert (await world.items.file(item, "a"))[1].size == 1
    with pytest.raises(MissingFile, match="has no file 'A'"):
        await world.items.file(item, "A")


# drafts: an item whose first content never came gives way


@pytest.mark.parametrize("end", ["cancel", "fail", "expire"])
async def test_an_item_whose_first_session_ended_gives_way_to_a_new_one(world: World, end: str) -> None:
    library = await world.library()
    draft = await world.item(library)
    session = await world.update(draft)
    await world.send(session, "a", b"bytes")
    if end == "cancel":
        await world.updates.cancel(session)
    elif end == "fail":
        await world.updates.fail(session, "no such file")
    else:
        world.wait(LEASE + 1)
        await world.updates.expire(session)
    item = await world.item(library, "DEBIAN")
    assert await world.items.ids(library) == [item]
    await world.complete(item, {"a": b"1"})


async def test_a_draft_that_somebody_works_on_keeps_its_name(world: World) -> None:
    library = await world.library()
    draft = await world.item(library)
    await world.updates.cancel(await world.update(draft))
    await world.update(draft)
    with pytest.raises(ItemNameTaken):
        await world.item(library)


async def test_an_item_with_content_keeps_its_name_when_a_later_session_fails(world: World) -> None:
    library = await world.library()
    item = await world.item(library)
    await world.complete(item, {"a": b"1"})
    await world.updates.fail(await world.update(item), "x")
    with pytest.raises(ItemNameTaken):
        await world.item(library)


async def _failed_draft(world: World, library: str, name: str = "Debian") -> str:
    draft = await world.item(library, name)
    await world.updates.fail(await world.update(draft), "no such file")
    return draft


async def test_an_item_without_content_keeps_its_name_whatever_its_age(world: World) -> None:
    library = await world.library()
    item = await world.item(library)
    world.wait(1000 * LEASE)
    with pytest.raises(ItemNameTaken, match=item):
        await world.item(library)
    other = await world.item(library, "Ubuntu")
    with pytest.raises(ItemNameTaken, match=item):
        await world.items.update(other, ItemChange(name="debian"))
    with pytest.raises(ItemNameTaken, match=item):
        await world.items.copy(other, NewItem(library, "Debian"), None)
    assert await world.items.ids(library) == [item, other]


async def test_a_failed_draft_gives_way_to_a_new_item_only(world: World) -> None:
    library = await world.library()
    draft = await _failed_draft(world, library)
    other = await world.item(library, "Ubuntu")
    with pytest.raises(ItemNameTaken, match=draft):
        await world.items.update(other, ItemChange(name="Debian"))
    with pytest.raises(ItemNameTaken, match=draft):
        await world.items.copy(other, NewItem(library, "Debian"), None)
    assert await world.items.ids(library) == [draft, other]


async def test_a_draft_that_was_completed_without_a_file_gives_way(world: World) -> None:
    """Terraform does that where a local file is missing; the next `apply` creates the item again."""
    library = await world.library()
    draft = await world.item(library)
    session = await world.update(draft)
    with pytest.raises(ItemNameTaken):
        await world.item(library)
    with pytest.raises(NotReady, match="no file was added"):
        await world.completion.complete(session)
    item = await world.item(library)
    assert await world.items.ids(library) == [item]


async def test_a_draft_to_which_a_file_was_added_after_all_keeps_its_name(world: World) -> None:
    library = await world.library()
    draft = await world.item(library)
    session = await world.update(draft)
    with pytest.raises(NotReady):
        await world.completion.complete(session)
    await world.send(session, "a", b"1")
    with pytest.raises(ItemNameTaken, match=draft):
        await world.item(library)
    await world.completion.complete(session)
    assert (await world.items.get(draft)).abandoned is False


async def test_a_failed_draft_that_was_changed_keeps_its_name(world: World) -> None:
    library = await world.library()
    draft = await _failed_draft(world, library)
    await world.items.update(draft, ItemChange(description="filled on Monday"))
    with pytest.raises(ItemNameTaken, match=draft):
        await world.item(library)


async def test_an_emptied_item_is_no_draft(world: World) -> None:
    library = await world.library()
    item = await world.item(library)
    await world.complete(item, {"a": b"1"})
    await world.complete(item, {}, removed=("a",))
    await world.updates.cancel(await world.update(item))
    world.wait(LEASE + 1)
    with pytest.raises(ItemNameTaken):
        await world.item(library)


# copies


async def test_a_copy_has_the_content_and_what_was_not_said_of_the_original(world: World) -> None:
    library = await world.library()
    source = await world.items.create(NewItem(library, "Debian", "old", "iso"), None)
    await world.complete(source, {"a": b"1", "b": b"22"})
    copied = await world.items.copy(source, NewItem(library, "Copy", description=""), None)
    item = await world.items.get(copied)
    assert (item.name, item.description, item.type, item.source, item.size) == ("Copy", "", "iso", source, 3)
    assert (item.version, item.metadata_version, item.content_version) == (1, 1, 2)
    assert await world.content(copied) == {"a": b"1", "b": b"22"}
    assert len(world.kept()) == 2
    assert (await world.items.get(await world.items.copy(copied, NewItem(library, "Third"), None))).source == source


async def test_a_copy_says_who_made_it_and_of_what(world: World) -> None:
    source = await world.item()
    await world.complete(source, {"a": b"1"})
    copied = await world.items.copy(source, NewItem(await world.library(), None), None, "bob")
    _, version = await world.items.files(copied)
    assert (version.user, version.message) == ("bob", f"content version 2 of library item {source} was copied")


async def test_a_copy_outlives_the_original(world: World) -> None:
    source = await world.item()
    await world.complete(source, {"a": b"1"})
    copied = await world.items.copy(source, NewItem(await world.library(), None), None)
    await world.items.delete(source)
    await world.collect()
    assert await world.content(copied) == {"a": b"1"}


async def test_a_copy_into_a_library_on_another_storage_has_its_bytes_there(world: World) -> None:
    source = await world.item()
    await world.complete(source, {"a": b"1" * 3_000_000})
    copied = await world.items.copy(source, NewItem(await world.library(datastore="datastore-2"), None), None)
    assert "datastore-2" in (await world.blob_of(copied, "a")).parts
    assert await world.content(copied) == {"a": b"1" * 3_000_000}
    assert world.staged() == []


async def test_bytes_that_are_on_the_other_storage_already_are_not_copied_again(world: World) -> None:
    source, other = await world.item(), await world.item()
    await world.complete(source, {"a": b"shared"})
    await world.complete(other, {"a": b"another"})
    library = await world.library(datastore="datastore-2")
    first = await world.items.copy(source, NewItem(library, "first"), None)
    staging = world.directory / "datastore-2" / "staging"
    staging.rename(staging.with_name("gone"))
    staging.touch()  # nothing can be copied there any more
    second = await world.items.copy(source, NewItem(library, "second"), None)
    assert await world.blob_of(second, "a") == await world.blob_of(first, "a")
    with pytest.raises(NotADirectoryError):
        await world.items.copy(other, NewItem(library, "third"), None)


async def test_bytes_that_are_damaged_on_the_other_storage_are_copied_again(world: World) -> None:
    source, library = await world.item(), await world.library(datastore="datastore-2")
    await world.complete(source, {"a": b"shared"})
    first = await world.items.copy(source, NewItem(library, "first"), None)
    damaged = await world.blob_of(first, "a")
    damaged.chmod(0o600)
    damaged.write_bytes(b"short")
    second = await world.items.copy(source, NewItem(library, "second"), None)
    assert await world.content(second) == await world.content(first) == {"a": b"shared"}


async def test_a_copy_of_an_item_without_content_has_none(world: World) -> None:
    source = await world.item()
    copied = await world.items.get(await world.items.copy(source, NewItem(await world.library(), None), None))
    assert (copied.content_version, copied.version_id) == (1, None)


async def test_a_copy_needs_source_library_and_a_free_name(world: World) -> None:
    library = await world.library()
    source = await world.item(library)
    for new, source_id, error in (
        (NewItem(library, "x"), "gone", Missing),
        (NewItem("gone", "x"), source, Missing),
        (NewItem(None, "x"), source, Invalid),
        (NewItem(library, None), source, ItemNameTaken),
        (NewItem(library, ""), source, Invalid),
    ):
        with pytest.raises(error):
            await world.items.copy(source_id, new, None)
    assert await world.items.ids(library) == [source]


async def test_a_copy_that_is_asked_for_again_is_the_same_also_after_the_original_went(world: World) -> None:
    library = await world.library()
    source = await world.item(library)
    new = NewItem(library, "Copy")
    copied = await world.items.copy(source, new, token(1, "copy"))
    await world.items.delete(source)
    assert await world.items.copy(source, new, token(1, "copy")) == copied
