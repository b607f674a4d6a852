"""What a subscribed library takes over of a catalog: nothing is in the way of anything, and no content is half there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from contentlib.library.catalog.libraries import NewLibrary
from contentlib.library.catalogs import Catalog, OfferedFile, OfferedItem
from contentlib.library.errors import Busy, Fault, Missing, WrongType
from contentlib.library.following.mirror import Mirror, unchanged
from contentlib.library.following.offered import AppliedCatalog, ArrivedItem
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Item, Library, LibraryType, Seen, StoredFile, Subscription
from library.world import World, sha256

URL = "https://publisher.example/lib.json"
FAULT = Fault("sync.items", "it broke")


class Followed:
    """A library that follows a publisher, whose files are as they are called."""

    def __init__(self, world: World, library: Library) -> None:
        self.world = world
        self.mirror = Mirror(world.metadata, world.blobs, world.clock)
        self.library = library

    @classmethod
    async def new(cls, world: World, *, on_demand: bool = False) -> Followed:
        draft = await world.libraries.draft(NewLibrary("mirror", None, ()), LibraryType.SUBSCRIBED)
        library = replace(draft, subscription=Subscription(URL, on_demand=on_demand))
        async with world.metadata.transaction(durable=True) as rows:
            await rows.libraries.add(library)
        return cls(world, library)

    async def take(self, *items: OfferedItem, catalog: str = "theirs", unread: tuple[str, ...] = ()) -> AppliedCatalog:
        """Takes a catalog over, without any files."""
        self.library = await self.mirror.library(self.library.id)
        return await self.mirror.take(self.library, Catalog(catalog, "theirs", "1", items, unread=unread))

    async def sync(self, *items: OfferedItem, catalog: str = "theirs") -> AppliedCatalog:
        """Takes a catalog over, with all files that are wanted."""
        taken = await self.take(*items, catalog=catalog)
        for offered in taken.wanted:
            await self.complete(offered)
        await self.mirror.synced(self.library, catalog, Seen("1"))
        return taken

    async def complete(self, offered: OfferedItem) -> None:
        """All files of an item have come."""
        await self.mirror.complete(self.library, ArrivedItem(offered, [await self.stored(file) for file in offered.files]))

    async def stored(self, file: OfferedFile) -> StoredFile:
        data = (file.name + file.tag).encode()
        upload = new_identifier()
        blob = await self.world.blobs.keep(self.world.receive(self.library.storage, upload, data))
        return StoredFile(file.name, blob.id, len(data), 1, sha256(data))

    async def items(self) -> dict[str, Item]:
        """The items, by name."""
        found = [await self.world.items.get(each) for each in await self.world.items.ids(self.library.id)]
        return {each.name: each for each in found}

    async def content(self, name: str) -> dict[str, bytes]:
        return await self.world.content((await self.items())[name].id)


def offered(source: str, name: str | None = None, version: int | str = 2, tag: str = "1", **changes: object) -> OfferedItem:
    """An item with one file, whose tag tells its content."""
    file = OfferedFile("a.iso", 6, (f"https://publisher.example/{source}/a.iso",), tag)
    item = OfferedItem(source, name or source, "iso", str(version), (file,), "2")
    return replace(item, **changes)


@pytest.fixture
async def followed(world: World) -> Followed:
    return await Followed.new(world)


async def test_an_item_appears_with_its_files_and_the_versions_of_its_publisher(followed: Followed) -> None:
    item = offered("one", version=7, content_version="5", description="theirs")
    taken = await followed.take(item)
    assert taken == AppliedCatalog(0, 0, (item,))
    assert await followed.items() == {}
    await followed.sync(item)
    made = (await followed.items())["one"]
    assert (made.content_version, made.metadata_version, made.source, made.type) == (5, 3, "one", "iso")
    assert (made.description, made.cached, made.size, made.synced) == ("theirs", True, 6, followed.world.clock.time)
    assert await followed.content("one") == {"a.iso": b"a.iso1"}


async def test_where_nothing_has_changed_nothing_is_wanted(followed: Followed) -> None:
    await followed.sync(offered("one"), offered("two"))
    before = await followed.items()
    revision = (await followed.mirror.library(followed.library.id)).revision
    followed.world.wait(1000)
    assert await followed.sync(offered("one"), offered("two")) == AppliedCatalog(0, 0, ())
    now = followed.world.clock.time
    assert await followed.items() == {name: replace(each, synced=now) for name, each in before.items()}
    assert (await followed.mirror.library(followed.library.id)).revision == revision


async def test_two_items_that_swap_their_names_do_not_block_each_other(followed: Followed) -> None:
    await followed.sync(offered("one", "A"), offered("two", "B"))
    before = {name: item.id for name, item in (await followed.items()).items()}
    assert (await followed.sync(offered("one", "B", 3), offered("two", "A", 3))).changed == 2
    after = {name: item.id for name, item in (await followed.items()).items()}
    assert after == {"A": before["B"], "B": before["A"]}


async def test_a_name_moves_from_an_item_that_is_gone_by_way_of_one_that_stays_to_a_new_one(followed: Followed) -> None:
    await followed.sync(offered("one", "A"), offered("two", "B"))
    taken = await followed.sync(offered("two", "A", 3), offered("three", "B"))
    assert (taken.removed, taken.changed, [each.id for each in taken.wanted]) == (1, 1, ["three"])
    assert {name: item.source for name, item in (await followed.items()).items()} == {"A": "two", "B": "three"}


async def test_a_name_that_changes_only_its_case_moves(followed: Followed) -> None:
    await followed.sync(offered("one", "Debian"))
    await followed.sync(offered("one", "DEBIAN", 3))
    assert list(await followed.items()) == ["DEBIAN"]


async def test_content_stays_the_old_one_until_the_new_one_is_there(followed: Followed) -> None:
    await followed.sync(offered("one", version=2))
    newer = offered("one", "renamed", 4, "2", content_version="3", description="newer")
    taken = await followed.take(newer)
    between = (await followed.items())["renamed"]
    assert (taken.wanted, between.content_version, between.description) == ((newer,), 2, "newer")
    assert await followed.content("renamed") == {"a.iso": b"a.iso1"}
    await followed.sync(newer)
    assert (await followed.items())["renamed"].content_version == 3
    assert await followed.content("renamed") == {"a.iso": b"a.iso2"}


async def test_content_that_did_not_come_is_wanted_again(followed: Followed) -> None:
    await followed.sync(offered("one"))
    newer = offered("one", version=3, tag="2")
    for _ in range(2):
        assert (await followed.take(newer)).wanted == (newer,)
    await followed.mirror.refuse(followed.library, newer, FAULT)
    known = await followed.mirror.item_with_room(followed.library, offered("one"))
    assert known is not None
    assert (known.offer.fault, known.offer.held) == (FAULT, offered("one"))
    await followed.sync(newer)
    known = await followed.mirror.item_with_room(followed.library, offered("one"))
    assert known is not None
    assert (known.offer.fault, known.offer.held) == (None, newer)


async def test_items_that_could_not_be_read_are_not_gone(followed: Followed) -> None:
    await followed.sync(offered("one"), offered("two"))
    assert (await followed.take(offered("one"), unread=("two",))).removed == 0
    assert (await followed.take(offered("one"))).removed == 1


async def test_an_item_that_could_not_be_read_is_not_in_the_way_of_another_one_with_its_name(followed: Followed) -> None:
    await followed.sync(offered("one", "Debian"))
    await followed.complete((await followed.take(offered("two", "debian"), unread=("one",))).wanted[0])
    assert sorted(await followed.items()) == ["Debian (one)", "debian"]
    await followed.sync(offered("one", "Debian"))
    assert sorted(await followed.items()) == ["Debian"]


async def test_a_name_that_another_sync_has_given_meanwhile_is_no_fault_of_the_server(followed: Followed) -> None:
    await followed.sync(offered("one", "Debian"))
    taken = await followed.take(offered("one", "Debian"), offered("two", "Alpine"))
    await followed.take(offered("one", "Alpine"), offered("two", "Debian"))
    with pytest.raises(Busy, match="item 'Alpine' was changed by another sync"):
        await followed.complete(taken.wanted[0])


async def test_another_library_of_the_publisher_drops_all_items(followed: Followed) -> None:
    await followed.sync(offered("one"))
    before = (await followed.items())["one"].id
    assert (await followed.sync(offered("one"), catalog="another")).removed == 1
    assert (await followed.items())["one"].id != before


async def test_what_has_come_of_another_library_stays_when_its_sync_is_taken_up_again(followed: Followed) -> None:
    await followed.sync(offered("one"))
    taken = await followed.take(offered("one"), offered("two"), catalog="another")
    await followed.complete(taken.wanted[0])
    again = await followed.take(offered("one"), offered("two"), catalog="another")
    assert (again.removed, again.wanted) == (0, (offered("two"),))


async def test_on_demand_items_are_listed_without_their_content(world: World) -> None:
    followed = await Followed.new(world, on_demand=True)
    assert await followed.take(offered("one")) == AppliedCatalog(0, 0, ())
    item = (await followed.items())["one"]
    assert (item.cached, item.size, item.content_version) == (False, 0, 2)
    assert await world.items.find({"library_id": followed.library.id}, cached=False) == [item.id]
    assert await world.items.find({"library_id": followed.library.id}, cached=True) == []
    await followed.mirror.complete(
        followed.library, ArrivedItem(offered("one"), [await followed.stored(offered("one").files[0])])
    )
    assert await world.items.find({"library_id": followed.library.id}, cached=True) == [item.id]


async def test_on_demand_content_that_is_old_goes(world: World) -> None:
    followed = await Followed.new(world, on_demand=True)
    await followed.take(offered("one"))
    await followed.mirror.complete(
        followed.library, ArrivedItem(offered("one"), [await followed.stored(offered("one").files[0])])
    )
    session = await world.download((await followed.items())["one"].id)
    await followed.take(offered("one", version=3, tag="2", content_version="3"))
    item = (await followed.items())["one"]
    assert (item.cached, item.content_version) == (False, 3)
    await world.collect()
    assert await world.served(session) == {"a.iso": b"a.iso1"}
    await world.downloads.delete(session)
    await world.collect()
    assert world.kept() == []


async def test_a_version_that_the_publisher_has_had_already_gets_the_next_number(followed: Followed) -> None:
    await followed.sync(offered("one", content_version="5", version=5))
    await followed.sync(offered("one", content_version="3", version=3, tag="2"))
    item = (await followed.items())["one"]
    assert item.content_version == 3
    async with followed.world.metadata.reading() as rows:
        assert [each.number for each in await rows.versions.of(item.id)] == [5, 6]


async def test_versions_that_are_no_numbers_are_counted_here(followed: Followed) -> None:
    await followed.sync(offered("one", content_version="v1", version="a"))
    first = (await followed.items())["one"]
    await followed.sync(offered("one", content_version="v2", version="b", tag="2"))
    second = (await followed.items())["one"]
    assert second.content_version > first.content_version
    assert second.metadata_version > first.metadata_version


async def test_a_library_that_follows_something_else_by_now_is_left_alone(followed: Followed) -> None:
    changed = replace(followed.library, subscription=Subscription("https://other.example/lib.json"))
    async with followed.world.metadata.transaction(durable=True) as rows:
        await rows.libraries.put(changed)
    catalog = Catalog("theirs", "theirs", "1", (offered("one"),))
    files = [await followed.stored(offered("one").files[0])]
    for call in (
        followed.mirror.complete(followed.library, ArrivedItem(offered("one"), files)),
        followed.mirror.synced(followed.library, "theirs", Seen("1")),
        followed.mirror.failed(followed.library, FAULT),
    ):
        with pytest.raises(Busy, match=r"the subscription of library .* was changed"):
            await call
    assert (await followed.mirror.take(followed.library, catalog)).wanted == (offered("one"),)
    assert await followed.items() == {}


async def test_only_subscribed_libraries_follow(world: World) -> None:
    mirror = Mirror(world.metadata, world.blobs, world.clock)
    with pytest.raises(WrongType, match="is LOCAL, not SUBSCRIBED"):
        await mirror.library(await world.library())
    with pytest.raises(Missing):
        await mirror.library("gone")


async def test_what_was_seen_is_remembered_once_all_of_it_is_here(followed: Followed) -> None:
    await followed.sync(offered("one"))
    following = (await followed.mirror.library(followed.library.id)).following
    assert following is not None
    assert (following.catalog, following.seen, following.fault) == ("theirs", Seen("1"), None)
    await followed.mirror.failed(followed.library, FAULT)
    failed = (await followed.mirror.library(followed.library.id)).following
    assert failed == replace(following, seen=None, fault=FAULT)


SIZED = OfferedFile("a", 1, ())


@pytest.mark.parametrize(
    ("held", "now", "same_version", "expected"),
    [
        (SIZED, SIZED, True, True),
        (SIZED, SIZED, False, False),
        (SIZED, replace(SIZED, size=2), True, False),
        (replace(SIZED, tag="1"), replace(SIZED, tag="1"), False, True),
        (replace(SIZED, tag="1"), replace(SIZED, tag="2"), True, False),
        (replace(SIZED, tag="1", generation=5), replace(SIZED, tag="2", generation=5), False, True),
        (replace(SIZED, tag="1", generation=5), replace(SIZED, tag="1", generation=4), True, False),
        (replace(SIZED, tag="1"), replace(SIZED, tag="1", generation=4), False, True),
    ],
    ids=["same-version", "newer-version", "size", "same-tag", "other-tag", "same-generation", "other-generation", "healed"],
)
def test_a_file_is_the_same_as_far_as_its_publisher_says(
    held: OfferedFile, now: OfferedFile, same_version: bool, expected: bool
) -> None:
    assert unchanged(held, now, same_version=same_version) is expected
