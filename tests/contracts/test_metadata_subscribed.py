"""What every metadata store must do: what publishers offer, what is being fetched of it, and content that comes and goes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from contentlib.library.catalogs import Arrival, ItemOffer, OfferedFile, OfferedItem
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import FetchedItem, Item, Library, State, SubscriberContact, SubscriberCredential
from contentlib.library.ports import AccessStore, MetadataStore
from contentlib.library.principals import Permission
from contracts import made

FILES = (
    OfferedFile("a.iso", 7, ("https://there/a.iso", "https://there/b.iso"), "tag", 12),
    OfferedFile("\U0001f600\n.iso", None, ("file:///b.iso",)),
)
FULL = OfferedItem("there-1", "ünï", "iso", "12", FILES, "3", "of all kinds", 1_700_000_000_000)
BARE = OfferedItem("there-2", "bare", "", "", ())


def offer(item: Item, **changes: Any) -> ItemOffer:
    return replace(ItemOffer(item.id, item.library, FULL, BARE, made.FAULT), **changes)


async def add_items(store: MetadataStore, count: int, library: Library | None = None) -> list[Item]:
    """Items of one library, in the order of their identifiers."""
    home = library or made.library()
    items = [made.item(home.id, name=f"item {n}", source=f"there-{n}", synced=5) for n in range(count)]
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(home)
        for item in items:
            await rows.items.add(item)
    return sorted(items, key=lambda each: each.id)


# what is offered


async def test_an_offer_comes_back_as_it_was_put_last(store: MetadataStore) -> None:
    (item,) = await add_items(store, 1)
    changed = offer(item, offered=BARE, held=None, fault=None)
    async with store.transaction(durable=True) as rows:
        assert await rows.offers.get(item.id) is None
        await rows.offers.put(offer(item))
        assert await rows.offers.get(item.id) == offer(item)
        await rows.offers.put(changed)
    async with store.reading() as rows:
        assert await rows.offers.get(item.id) == changed
        assert await rows.offers.of(item.library, "", 9) == [changed]


async def test_the_offers_of_a_library_are_read_in_parts_in_order_of_their_items(store: MetadataStore) -> None:
    items, others = await add_items(store, 5), await add_items(store, 1)
    async with store.transaction(durable=False) as rows:
        for item in [*reversed(items), *others]:
            await rows.offers.put(offer(item))
    async with store.reading() as rows:
        found = [
            [each.item for each in await rows.offers.of(items[0].library, after, 2)]
            for after in ("", items[1].id, items[3].id, items[4].id)
        ]
        assert await rows.offers.of(items[0].library, "", 0) == []
    assert found == [[each.id for each in items[start : start + 2]] for start in (0, 2, 4, 5)]


async def test_an_offer_goes_with_its_item(store: MetadataStore) -> None:
    gone, stays = await add_items(store, 2)
    async with store.transaction(durable=False) as rows:
        for item in (gone, stays):
            await rows.offers.put(offer(item))
        await rows.items.remove(gone.id)
        assert await rows.offers.get(gone.id) is None
        assert await rows.offers.get(stays.id) == offer(stays)
        assert await rows.items.remove_of(stays.library, 9) == 1
        assert await rows.offers.get(stays.id) is None


async def test_items_are_their_librarys_own_when_its_offers_have_ended(store: MetadataStore) -> None:
    (item,), (other,) = await add_items(store, 1), await add_items(store, 1)
    async with store.transaction(durable=False) as rows:
        for each in (item, other):
            await rows.offers.put(offer(each))
        await rows.offers.end(item.library)
        assert (await rows.offers.get(item.id), await rows.offers.of(item.library, "", 9)) == (None, [])
        assert await rows.items.get(item.id) == replace(item, synced=None)
        assert await rows.offers.get(other.id) == offer(other)
        assert await rows.items.get(other.id) == other


async def test_items_are_found_by_their_source_and_by_whether_their_content_is_here(
    store: MetadataStore,
) -> None:
    first, second = await add_items(store, 2)
    own, (version,) = await made.add_item(store, 2)
    async with store.transaction(durable=False) as rows:
        await rows.items.put(replace(first, version_id=version.id))
        assert await rows.items.find(source=str(second.source)) == [second.id]
        assert await rows.items.find(library=first.library, cached=True) == [first.id]
        assert await rows.items.find(library=first.library, cached=False) == [second.id]
        assert await rows.items.find(library=own.library, cached=False) == []


# what is being fetched


async def test_an_arrival_comes_back_as_it_was_put_last_until_it_is_removed(store: MetadataStore) -> None:
    (item,) = await add_items(store, 1)
    arrival = Arrival("upload", item.library, '"etag"', "Mon, 01 Jan 2024 00:00:00 GMT", 1 << 40)
    complete = Arrival("upload", item.library, blob="b")
    async with store.transaction(durable=True) as rows:
        await rows.arrivals.remove("upload")
        for each in (arrival, complete):
            await rows.arrivals.put(each)
            assert await rows.arrivals.get("upload") == each
        await rows.arrivals.remove("upload")
    async with store.reading() as rows:
        assert (await rows.arrivals.get("upload"), await rows.arrivals.uploads()) == (None, set())


async def test_arrivals_are_told_of_a_library_and_of_all_and_go_with_their_library(store: MetadataStore) -> None:
    (one,), (other,) = await add_items(store, 1), await add_items(store, 1)
    async with store.transaction(durable=False) as rows:
        for name, item in (("a", one), ("b", one), ("c", other)):
            await rows.arrivals.put(Arrival(name, item.library))
        assert await rows.arrivals.of(one.library) == {"a", "b"}
        assert await rows.arrivals.uploads() == {"a", "b", "c"}
        await rows.items.remove(one.id)
        await rows.libraries.remove(one.library)
        assert (await rows.arrivals.of(one.library), await rows.arrivals.uploads()) == (set(), {"c"})


async def test_a_blob_that_waits_for_its_item_is_not_unreferenced(store: MetadataStore) -> None:
    (item,) = await add_items(store, 1)
    blob = made.blob(unreferenced=10)
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        await rows.arrivals.put(Arrival("upload", item.library, blob=blob.id))
        assert await rows.blobs.unreferenced(11) == []
        await rows.arrivals.remove("upload")
        assert [each.id for each in await rows.blobs.unreferenced(11)] == [blob.id]


# content that goes and comes again


async def test_a_version_that_was_let_go_is_surplus_though_it_is_the_newest(store: MetadataStore) -> None:
    item, (older, newest) = await made.add_item(store, 2, 3)
    async with store.transaction(durable=False) as rows:
        await rows.items.put(replace(item, version_id=None))
        assert await rows.versions.surplus(2) == []
        await rows.versions.let_go(newest.id)
        assert await rows.versions.surplus(2) == [newest.id]
        assert await rows.versions.get(older.id) == older


async def test_a_version_that_was_let_go_is_kept_while_a_session_serves_it(store: MetadataStore) -> None:
    item, (version,) = await made.add_item(store, 2)
    session = made.download_session(item.id, version_id=version.id)
    async with store.transaction(durable=False) as rows:
        await rows.download_sessions.add(session)
        await rows.items.put(replace(item, version_id=None))
        await rows.versions.let_go(version.id)
        assert await rows.versions.surplus(1) == []
        await rows.download_sessions.put(replace(session, state=State.CANCELED, ended=5))
        assert await rows.versions.surplus(1) == [version.id]


async def test_sessions_that_waited_for_content_serve_it_and_no_others(store: MetadataStore) -> None:
    item, (older, newest) = await made.add_item(store, 2, 3)
    waiting = made.download_session(item.id)
    ended = made.download_session(item.id, state=State.CANCELED, ended=5)
    serving = made.download_session(item.id, version_id=older.id)
    elsewhere = made.download_session(new_identifier())
    async with store.transaction(durable=False) as rows:
        for each in (waiting, ended, serving, elsewhere):
            await rows.download_sessions.add(each)
        await rows.download_sessions.serve(item.id, newest.id)
        found = [await rows.download_sessions.get(each.id) for each in (waiting, ended, serving, elsewhere)]
    assert found == [replace(waiting, version_id=newest.id), ended, serving, elsewhere]


async def test_a_mark_changes_with_its_item_and_with_nothing_else(store: MetadataStore) -> None:
    (first, _), (second, _) = await made.add_item(store, 2), await made.add_item(store, 2)
    assert first.library != second.library
    async with store.reading() as rows:
        before = await rows.items.marks(first.library)
    assert [item for item, _ in before] == [first.id]
    for changed in (
        replace(first, name="other", folded_name="other"),
        replace(first, metadata_version=first.metadata_version + 1),
        replace(first, content_version=first.content_version + 1),
        replace(first, modified=first.modified + 1),
        replace(first, type="ovf"),
    ):
        async with store.transaction(durable=True) as rows:
            await rows.items.put(changed)
        async with store.reading() as rows:
            assert await rows.items.marks(first.library) != before
    async with store.transaction(durable=True) as rows:
        await rows.items.put(first)
        await rows.items.put(replace(second, name="another"))
    async with store.reading() as rows:
        assert await rows.items.marks(first.library) == before
    async with store.transaction(durable=True) as rows:
        await rows.items.put(replace(first, synced=1, version_id=None))
    async with store.reading() as rows:
        assert await rows.items.marks(first.library) == []  # its content is at its publisher


# subscribers with credentials, and what was read


async def test_credentials_of_subscribers_are_found_by_name_and_removed_with_their_library(store: MetadataStore) -> None:
    home, other = made.library(), made.library()
    rows = [
        SubscriberCredential("b", home.id, "Oslo", "oslo", "h", 1),
        SubscriberCredential("a", home.id, "Bergen", "bergen", "h", 2, 3, False, "f", 4),
        SubscriberCredential("c", other.id, "Oslo", "oslo", "h", 5),
    ]
    async with store.transaction(durable=False) as transaction:
        for each in (home, other):
            await transaction.libraries.add(each)
        for row in rows:
            await transaction.subscriber_credentials.add(row)
        assert await transaction.subscriber_credentials.of(home.id) == rows[:2]
        assert await transaction.subscriber_credentials.find(other.id, "oslo") == "c"
        assert await transaction.subscriber_credentials.find(other.id, "bergen") is None
        await transaction.libraries.remove(home.id)
        assert await transaction.subscriber_credentials.of(home.id) == []


async def test_what_goes_with_a_library_is_not_remembered(store: AccessStore) -> None:
    """A library that is imported again has the same identifier, and nothing of the one before."""
    home = made.library()
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.add(home)
        await transaction.subscriber_credentials.add(SubscriberCredential("a", home.id, "Oslo", "oslo", "h", 1))
        await transaction.permissions.add(Permission("p", "user:ann", "auditor", home.id))
    for _ in range(2):  # what is read twice is remembered
        async with store.reading() as transaction:
            assert await transaction.subscriber_credentials.get("a") is not None
            assert await transaction.permissions.get("p") is not None
    before = await made.generation(store)
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.remove(home.id)
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.add(home)
    async with store.reading() as transaction:
        assert await transaction.subscriber_credentials.get("a") is None
        assert await transaction.permissions.get("p") is None
    assert await made.generation(store) != before


def contact(identifier: str, home: str, seen: int, **changes: Any) -> SubscriberContact:
    return replace(SubscriberContact(identifier, home, "192.0.2.1", 1, seen), **changes)


async def test_contacts_are_listed_by_time_and_only_those_without_a_credential_are_trimmed(store: MetadataStore) -> None:
    home, other = made.library(), made.library()
    rows = [
        contact("a", home.id, 1, credential="a"),
        contact("b", home.id, 2),
        contact("c", home.id, 4, told=7, listed=6, listed_at=3),
        contact("d", home.id, 3),
    ]
    async with store.transaction(durable=False) as transaction:
        for each in (home, other):
            await transaction.libraries.add(each)
        for row in (*rows, contact("e", other.id, 1)):
            await transaction.subscriber_contacts.add(row)
        assert [each.id for each in await transaction.subscriber_contacts.of(home.id)] == ["c", "d", "b", "a"]
        assert await transaction.subscriber_contacts.get("c") == rows[2]
        await transaction.subscriber_contacts.trim(home.id, 2)
        assert [each.id for each in await transaction.subscriber_contacts.of(home.id)] == ["c", "d", "a"]
        assert [each.id for each in await transaction.subscriber_contacts.of(other.id)] == ["e"]


async def test_fetched_items_never_go_back_and_end_with_contact_and_item(store: MetadataStore) -> None:
    first, _ = await made.add_item(store, 1)
    second, _ = await made.add_item(store, 1)
    async with store.transaction(durable=False) as transaction:
        for name in ("a", "b"):
            await transaction.subscriber_contacts.add(contact(name, first.library, 1))
        for contact_id, item, version, time in (
            ("a", first.id, 1, 10),
            ("a", first.id, 2, 20),
            ("a", first.id, 1, 15),
            ("a", second.id, 1, 30),
            ("b", first.id, 1, 5),
        ):
            await transaction.fetched_items.note(FetchedItem(contact_id, item, version, time))
        kept = [FetchedItem("a", second.id, 1, 30), FetchedItem("a", first.id, 2, 20)]
        assert await transaction.fetched_items.of("a") == kept
        await transaction.items.remove(second.id)
        assert await transaction.fetched_items.of("a") == kept[1:]
        await transaction.subscriber_contacts.remove("a")
        assert await transaction.fetched_items.of("a") == []
        assert len(await transaction.fetched_items.of("b")) == 1


async def test_arrivals_whose_blob_is_on_a_storage_are_found(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    blob = made.blob()
    there = Arrival("there", item.library, blob=blob.id)
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        for each in (there, Arrival("begun", item.library), Arrival("gone", item.library, blob="nothing")):
            await rows.arrivals.put(each)
        assert await rows.arrivals.on("datastore-1") == [there]
        assert await rows.arrivals.on("datastore-2") == []
