"""Libraries."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from contentlib.library.catalog.libraries import LibraryChange, NewLibrary, PublishingChange
from contentlib.library.catalog.library_names import LibraryNames
from contentlib.library.errors import Busy, Invalid, Missing, NameTaken, Unsupported, VersionConflict, WrongType
from contentlib.library.model import Authentication, Backing, BackingType, LibraryType, State
from contentlib.library.packages.policies import OVF_DEFAULT
from library.world import World

POLICY = OVF_DEFAULT.id
NONE = PublishingChange(published=True, authentication=Authentication.NONE)
BASIC = PublishingChange(published=True, authentication=Authentication.BASIC, password="secret")
DATASTORE = Backing(BackingType.DATASTORE, "datastore-2")


async def _subscribe(world: World, library_id: str) -> None:
    """Makes a library one whose content comes from elsewhere; no operation does that yet."""
    async with world.metadata.transaction(durable=False) as rows:
        library = await rows.libraries.get(library_id)
        assert library is not None
        await rows.libraries.put(replace(library, type=LibraryType.SUBSCRIBED))


async def test_a_new_library_has_what_was_said_and_defaults(world: World) -> None:
    library = await world.libraries.get(await world.library("Images"))
    assert (library.name, library.description, library.type) == ("Images", "", LibraryType.LOCAL)
    assert (library.backings, library.storage, library.version) == ((), "datastore-1", 1)
    assert library.created == library.modified == world.clock.now()
    assert not library.publishing.published
    assert (library.optimize_remote_publishing, library.apply_usage_to_items, library.security_policy) == (False, None, None)


async def test_a_backing_comes_back_as_it_was_set_and_names_the_storage(world: World) -> None:
    library = await world.libraries.get(await world.libraries.create(NewLibrary("x", "", (DATASTORE,)), None))
    assert (library.backings, library.storage) == ((DATASTORE,), "datastore-2")


@pytest.mark.parametrize(
    ("backings", "error", "told"),
    [
        (
            (Backing(BackingType.DATASTORE, "datastore-9"),),
            Invalid,
            r"storage_backings\.1\.datastore_id: unknown storage .* datastore-1",
        ),
        ((Backing(BackingType.DATASTORE, None),), Invalid, "is required"),
        ((Backing(BackingType.OTHER, None, "nfs://host/x"),), Unsupported, "OTHER"),
        ((DATASTORE, DATASTORE), Unsupported, "has 2 backings"),
    ],
)
async def test_a_backing_that_cannot_be_used_is_refused(
    world: World, backings: tuple[Backing, ...], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        await world.libraries.create(NewLibrary("x", None, backings), None)
    assert await world.libraries.ids() == []


@pytest.mark.parametrize("name", [None, "", " ", "x" * 81, "a\0b", "a\nb", "\ud800", "￿"], ids=ascii)
async def test_a_name_that_is_none_is_refused(world: World, name: str | None) -> None:
    with pytest.raises(Invalid, match=r"create_spec\.name"):
        await world.libraries.create(NewLibrary(name, None, ()), None)


SAME = ("ÄPFEL", "äpfel", "A\u0308pfel")


@pytest.fixture
def repeating(world: World) -> World:
    """A world whose libraries may share a name."""
    world.libraries.names = LibraryNames(unique=False)
    return world


async def test_names_of_libraries_are_unique_without_regard_to_case(world: World) -> None:
    first = await world.library(SAME[0])
    for name in SAME:
        with pytest.raises(NameTaken, match=f"'{name}' is already used by library {first}"):
            await world.library(name)
    other = await world.library("Birnen")
    with pytest.raises(NameTaken, match=first):
        await world.libraries.update(other, LibraryChange(name=SAME[1]))
    await world.libraries.update(first, LibraryChange(name=SAME[1]))
    await world.libraries.delete(first)
    await world.library(SAME[2])


async def test_names_of_libraries_may_repeat_where_a_setting_says_so(repeating: World) -> None:
    found = [await repeating.library(name) for name in SAME]
    await repeating.library("Birnen")
    assert await repeating.libraries.find("äPFEL", None, None) == found


async def test_libraries_that_share_a_name_already_stay_as_they_are(repeating: World) -> None:
    first, second = [await repeating.library(name) for name in SAME[:2]]
    repeating.libraries.names = LibraryNames()
    await repeating.libraries.update(first, LibraryChange(description="the first"))
    await repeating.libraries.update(second, LibraryChange(name="Birnen"))
    with pytest.raises(NameTaken):
        await repeating.libraries.update(second, LibraryChange(name=SAME[0]))


async def test_one_of_two_libraries_that_are_made_at_once_gets_the_name(world: World) -> None:
    made = await asyncio.gather(*(world.library("Images") for _ in range(2)), return_exceptions=True)
    assert sorted((type(each) for each in made), key=str) == sorted((str, NameTaken), key=str)


async def test_a_search_needs_something_to_search_by(world: World) -> None:
    with pytest.raises(Invalid, match="spec"):
        await world.libraries.find(None, None, None)


async def test_libraries_are_found_by_type_and_backing(world: World) -> None:
    default = await world.library()
    other = await world.library("Other", datastore="datastore-2")
    assert await world.libraries.find(None, LibraryType.LOCAL, None) == [default, other]
    assert await world.libraries.find("OTHER", LibraryType.LOCAL, DATASTORE) == [other]
    assert await world.libraries.find(None, None, Backing(BackingType.DATASTORE, "datastore-1")) == [default]
    assert await world.libraries.find(None, None, Backing(BackingType.DATASTORE)) == [default, other]
    assert await world.libraries.find(None, None, Backing(BackingType.DATASTORE, "datastore-2", "nfs://nas/images")) == []
    assert await world.libraries.find(None, LibraryType.SUBSCRIBED, None) == []


async def test_a_library_of_another_type_is_the_wrong_one(world: World) -> None:
    library = await world.library()
    with pytest.raises(WrongType, match="is LOCAL, not SUBSCRIBED"):
        await world.libraries.get(library, LibraryType.SUBSCRIBED)
    with pytest.raises(Missing, match="'gone' does not exist"):
        await world.libraries.get("gone", LibraryType.SUBSCRIBED)


async def test_an_update_changes_what_is_given_and_counts_once(world: World) -> None:
    library_id = await world.libraries.create(NewLibrary("Images", "old", ()), None)
    world.wait(10)
    await world.libraries.update(library_id, LibraryChange(description="", security_policy=POLICY))
    library = await world.libraries.get(library_id)
    assert (library.name, library.description, library.security_policy, library.version) == ("Images", "", POLICY, 2)
    assert library.modified == library.created + 10


async def test_an_update_that_changes_nothing_counts_nothing(world: World) -> None:
    library_id = await world.library()
    before = await world.libraries.get(library_id)
    world.wait(10)
    await world.libraries.update(library_id, LibraryChange())
    await world.libraries.update(library_id, LibraryChange(name="Images", description=""))
    assert await world.libraries.get(library_id) == before


async def test_the_time_of_a_change_never_goes_back(world: World) -> None:
    library_id = await world.library()
    world.wait(-1000)
    await world.libraries.update(library_id, LibraryChange(name="x"))
    library = await world.libraries.get(library_id)
    assert library.modified == library.created


@pytest.mark.parametrize(
    "change", [LibraryChange(name=""), LibraryChange(name="x" * 81), LibraryChange(description="x" * 2001)], ids=repr
)
async def test_an_update_that_is_refused_changes_nothing(world: World, change: LibraryChange) -> None:
    library_id = await world.library()
    before = await world.libraries.get(library_id)
    with pytest.raises(Invalid, match="update_spec"):
        await world.libraries.update(library_id, change)
    assert await world.libraries.get(library_id) == before


async def test_an_update_with_a_version_is_for_that_version_only(world: World) -> None:
    library_id = await world.library()
    await world.libraries.update(library_id, LibraryChange(version="1", name="x"))
    with pytest.raises(VersionConflict, match="is at version 2, not 1"):
        await world.libraries.update(library_id, LibraryChange(version="1", name="y"))
    assert (await world.libraries.get(library_id)).name == "x"


async def test_a_security_policy_is_taken_off(world: World) -> None:
    library_id = await world.libraries.create(NewLibrary("x", None, (), security_policy=POLICY), None)
    await world.libraries.update(library_id, LibraryChange(security_policy="ignored", unset_security_policy=True))
    assert (await world.libraries.get(library_id)).security_policy is None


async def test_deleting_a_library_ends_its_update_sessions_and_no_running_download(world: World) -> None:
    library = await world.library()
    item, draft = await world.item(library), await world.item(library, "Draft")
    await world.complete(item, {"a": b"bytes"})
    download, update = await world.download(item), await world.update(draft)
    await world.libraries.delete(library)
    for gone in (world.libraries.get(library), world.items.get(item), world.update(item)):
        with pytest.raises(Missing):
            await gone
    session = await world.updates.get(update)
    assert session.state is State.CANCELED
    assert session.fault is not None
    assert "library 'Images' was deleted" in session.fault.text
    assert update in world.ended
    await world.collect()
    assert await world.served(download) == {"a": b"bytes"}


async def test_a_deleted_library_is_gone_for_every_operation(world: World) -> None:
    library = await world.library()
    await world.libraries.delete(library, LibraryType.LOCAL)
    for call in (
        world.libraries.delete(library),
        world.libraries.update(library, LibraryChange(name="x")),
        world.items.ids(library),
        world.item(library),
    ):
        with pytest.raises(Missing):
            await call


async def test_items_of_a_subscribed_library_are_changed_at_its_source(world: World) -> None:
    library = await world.library()
    item = await world.item(library)
    await _subscribe(world, library)
    for call in (
        world.item(library, "x"),
        world.items.delete(item),
        world.update(item),
        world.libraries.delete(library, LibraryType.LOCAL),
    ):
        with pytest.raises(WrongType):
            await call


# publishing


async def _published(world: World, publishing: PublishingChange) -> str:
    return await world.libraries.create(NewLibrary("x", None, (), publishing), None)


async def _update(world: World, library: str, **changes: object) -> None:
    await world.libraries.update(library, LibraryChange(publishing=PublishingChange(**changes)))  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize(
    ("publishing", "told"),
    [
        (PublishingChange(published=True), "authentication_method is required"),
        (PublishingChange(authentication=Authentication.NONE), "published is required"),
        (replace(BASIC, password=None), "password must not be empty"),
        (replace(BASIC, password=""), "password must not be empty"),
        (replace(BASIC, user_name="ann"), "must be 'vcsp'"),
    ],
    ids=repr,
)
async def test_publishing_that_is_incomplete_is_refused(world: World, publishing: PublishingChange, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        await _published(world, publishing)


async def test_a_password_is_kept_as_a_hash_only(world: World) -> None:
    publishing = (await world.libraries.get(await _published(world, BASIC))).publishing
    assert (publishing.published, publishing.user_name) == (True, "vcsp")
    assert publishing.password_hash is not None
    assert "secret" not in publishing.password_hash


async def test_without_authentication_there_is_neither_user_nor_password(world: World) -> None:
    publishing = (await world.libraries.get(await _published(world, replace(NONE, password="x", user_name="any")))).publishing
    assert (publishing.user_name, publishing.password_hash) == (None, None)


@pytest.mark.parametrize(
    "change",
    [{"password": "new"}, {"authentication": Authentication.NONE}, {"published": False}],
    ids=["new password", "no authentication", "unpublished"],
)
async def test_basic_publishing_is_changed_with_the_current_password_only(world: World, change: dict[str, object]) -> None:
    library = await _published(world, BASIC)
    before = await world.libraries.get(library)
    with pytest.raises(Invalid, match="current_password is required"):
        await _update(world, library, **change)
    with pytest.raises(Invalid, match="current_password is wrong"):
        await _update(world, library, **change, current_password="guess")
    assert await world.libraries.get(library) == before
    await _update(world, library, **change, current_password="secret")
    assert (await world.libraries.get(library)).version == 2


async def test_what_does_not_touch_the_password_needs_none(world: World) -> None:
    library = await _published(world, BASIC)
    await _update(world, library, persist_json=True, published=True, authentication=Authentication.BASIC, user_name="vcsp")
    publishing = (await world.libraries.get(library)).publishing
    assert (publishing.persist_json, publishing.published, publishing.user_name) == (True, True, "vcsp")


async def test_an_open_library_is_given_a_password(world: World) -> None:
    library = await _published(world, NONE)
    with pytest.raises(Invalid, match="password must not be empty"):
        await _update(world, library, authentication=Authentication.BASIC)
    await _update(world, library, authentication=Authentication.BASIC, password="new")
    await _update(world, library, password="newer", current_password="new")
    with pytest.raises(Invalid, match="is wrong"):
        await _update(world, library, published=False, current_password="new")


async def test_publishing_that_another_call_changed_meanwhile_is_not_overwritten(world: World) -> None:
    library = await _published(world, BASIC)
    hashed = world.libraries._passwords.hash

    async def slow(password: str) -> str:
        await _update(world, library, persist_json=True)
        return await hashed(password)

    world.libraries._passwords.hash = slow  # type: ignore[method-assign]  # a hash takes a while, and the loop goes on
    with pytest.raises(Busy, match="is being changed"):
        await _update(world, library, password="new", current_password="secret")
    assert (await world.libraries.get(library)).publishing.persist_json
