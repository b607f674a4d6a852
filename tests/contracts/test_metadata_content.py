"""What every metadata store must do: libraries, items, versions, blobs."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from contentlib.library.catalogs import ItemOffer, OfferedItem
from contentlib.library.errors import Fault
from contentlib.library.model import (
    Authentication,
    Blob,
    Differences,
    LibraryType,
    Placement,
    Publishing,
    Retention,
    State,
    StorageUse,
    Subscriber,
    TrustedCertificate,
    Usage,
    Vcenter,
)
from contentlib.library.ports import MetadataStore, Transaction
from contracts import made

ODD_KEYS = ["", "no-such-thing", "\0", "\ud800", "'; --", "x" * 10_000, "%", "\U0001f600"]


@pytest.mark.parametrize("key", ODD_KEYS, ids=ascii)
async def test_what_is_not_there_is_none_whatever_the_key(store: MetadataStore, key: str) -> None:
    async with store.reading() as rows:
        for aggregate in (rows.libraries, rows.items, rows.versions, rows.update_sessions, rows.download_sessions, rows.blobs):
            assert await aggregate.get(key) is None
        assert await rows.trusted_certificates.get(key) is None
        assert await rows.versions.signature(key) is None
        assert await rows.logins.get(key) is None
        assert await rows.users.get(key) is None
        assert await rows.state.get(key) is None
        assert await rows.items.find(library=key) == []
        assert await rows.update_sessions.ids("ann", key) == []


async def test_a_library_comes_back_as_it_was_added_and_as_it_was_put(store: MetadataStore) -> None:
    full = made.library(apply_usage_to_items=True, optimize_remote_publishing=True, security_policy="p")
    bare = made.library(
        description="", backings=(), publishing=Publishing(), name="\U0001f600 ünï\n", type=LibraryType.SUBSCRIBED
    )
    changed = replace(full, name="Other", apply_usage_to_items=None, publishing=Publishing(True, Authentication.NONE))
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(full)
        await rows.libraries.add(bare)
        assert await rows.libraries.get(full.id) == full
        await rows.libraries.put(changed)
    async with store.reading() as rows:
        assert [await rows.libraries.get(each.id) for each in (full, bare)] == [changed, bare]


async def test_a_row_that_is_not_there_is_neither_put_nor_removed(store: MetadataStore) -> None:
    gone = made.library()
    async with store.transaction(durable=False) as rows:
        await rows.libraries.put(gone)
        await rows.libraries.remove(gone.id)
        await rows.update_sessions.put(made.update_session("i"))
        await rows.blobs.remove("b")
        await rows.versions.remove("v")
        await rows.logins.remove("l")
        assert await rows.libraries.find() == []


async def test_libraries_are_found_in_order_of_creation(store: MetadataStore) -> None:
    late = made.library(created=9)
    early = made.library(created=3)
    other = made.library(created=5, folded_name="other", type=LibraryType.SUBSCRIBED, storage="archive")
    async with store.transaction(durable=False) as rows:
        for each in (late, early, other):
            await rows.libraries.add(each)
        assert await rows.libraries.find() == [early.id, other.id, late.id]
        assert await rows.libraries.find(folded_name="images") == [early.id, late.id]
        assert await rows.libraries.find(type=LibraryType.SUBSCRIBED) == [other.id]
        assert await rows.libraries.find(storage="archive") == [other.id]
        assert await rows.libraries.find(type=LibraryType.LOCAL, folded_name="other") == []
        assert await rows.libraries.find(folded_name="images", storage="archive") == []


async def test_items_are_found_by_all_that_is_given_in_order_of_creation(store: MetadataStore) -> None:
    one, two = made.library(), made.library()
    late = made.item(one.id, created=9, source="s")
    early = made.item(one.id, created=3, name="Other", folded_type="ovf")
    other = made.item(two.id, created=5)
    async with store.transaction(durable=False) as rows:
        for library in (one, two):
            await rows.libraries.add(library)
        for item in (late, early, other):
            await rows.items.add(item)
        assert await rows.items.get(late.id) == late
        assert await rows.items.find() == [early.id, other.id, late.id]
        assert await rows.items.find(library=one.id) == [early.id, late.id]
        assert await rows.items.find(folded_name="debian") == [other.id, late.id]
        assert await rows.items.find(library=two.id, folded_name="debian", folded_type="iso") == [other.id]
        assert await rows.items.find(source="s") == [late.id]
        assert await rows.items.find(source="s", folded_type="ovf") == []


async def test_two_items_of_a_library_cannot_have_one_name(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with store.transaction(durable=False) as rows:
            await rows.items.add(made.item(item.library))


async def test_items_of_a_library_are_removed_some_at_a_time_and_no_others(store: MetadataStore) -> None:
    item, versions = await made.add_item(store, 2)
    other, _ = await made.add_item(store, 2)
    async with store.transaction(durable=False) as rows:
        await rows.items.add(made.item(item.library, name="second"))
        await rows.deleted_items.add(item.id, "ann", 1, 2)
        assert [await rows.items.remove_of(item.library, most) for most in (1, 1, 1)] == [1, 1, 0]
        assert await rows.items.find() == [other.id]
        assert await rows.versions.surplus(3) == [versions[0].id]
        await rows.libraries.remove(item.library)


async def test_a_version_keeps_its_files_in_order_and_outlives_its_item(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    blobs = [made.blob() for _ in range(12)]
    version = made.version(item.id, *blobs)
    async with store.transaction(durable=True) as rows:
        for blob in blobs:
            await rows.blobs.add(blob)
        await rows.versions.add(version)
        await rows.items.remove(item.id)
    async with store.reading() as rows:
        assert await rows.items.get(item.id) is None
        assert await rows.versions.get(version.id) == version


async def test_the_signature_of_a_version_is_read_without_its_files(store: MetadataStore) -> None:
    item, (unsigned,) = await made.add_item(store, 2)
    signed, bare = made.version(item.id, number=3), made.version(item.id, number=4, signature=None)
    async with store.transaction(durable=False) as rows:
        for version in (signed, bare):
            await rows.versions.add(version)
        assert signed.signature is not None
        assert await rows.versions.signature(signed.id) == signed.signature
        assert [await rows.versions.signature(each) for each in (bare.id, "nobody")] == [None, None]
        assert [each.signature for each in await rows.versions.of(item.id)] == [unsigned.signature, signed.signature, None]


async def test_usages_are_listed_in_order_of_creation_and_go_with_their_library(store: MetadataStore) -> None:
    library, other = made.library(), made.library()
    late, early = Usage("a", library.id, "urn:x:vm:1", 9), Usage("b", library.id, "urn:x:vm:2", 3)
    elsewhere = Usage("c", other.id, "urn:x:vm:1", 1)
    async with store.transaction(durable=False) as rows:
        for each in (library, other):
            await rows.libraries.add(each)
        for usage in (late, early, elsewhere):
            await rows.usages.add(usage)
    async with store.transaction(durable=False) as rows:
        assert await rows.usages.get(late.id) == late
        assert await rows.usages.of(library.id) == [early, late]
        await rows.usages.remove(early.id)
        await rows.libraries.remove(other.id)
        assert await rows.usages.of(library.id) == [late]
        assert await rows.usages.get(elsewhere.id) is None


async def test_trusted_certificates_are_listed_in_order_of_creation(store: MetadataStore) -> None:
    late, early = TrustedCertificate("a", "PEM of a", 9), TrustedCertificate("b", "PEM of b", 3)
    async with store.transaction(durable=False) as rows:
        assert await rows.trusted_certificates.all() == []
        for each in (late, early):
            await rows.trusted_certificates.add(each)
    async with store.transaction(durable=False) as rows:
        assert await rows.trusted_certificates.all() == [early, late]
        await rows.trusted_certificates.remove(early.id)
        assert await rows.trusted_certificates.all() == [late]
        assert await rows.trusted_certificates.get(late.id) == late


async def test_the_versions_of_an_item_are_listed_oldest_first(store: MetadataStore) -> None:
    item, kept = await made.add_item(store, 3, 5, 9)
    await made.add_item(store, 4)
    async with store.reading() as transaction:
        assert await transaction.versions.of(item.id) == kept
        assert await transaction.versions.of("nobody") == []


async def test_a_change_raises_the_revision_of_its_library_alone(store: MetadataStore) -> None:
    one, other = made.library(revision=7), made.library()
    async with store.transaction(durable=False) as transaction:
        for each in (one, other):
            await transaction.libraries.add(each)
        await transaction.libraries.changed(one.id)
        await transaction.libraries.changed("nobody")
    async with store.reading() as transaction:
        assert await transaction.libraries.get(one.id) == replace(one, revision=8)
        assert await transaction.libraries.get(other.id) == other
        assert await transaction.libraries.revisions() == {one.id: 8, other.id: other.revision}


async def test_a_deleted_library_has_no_revision(store: MetadataStore) -> None:
    one, other = made.library(), made.library()
    async with store.transaction(durable=False) as transaction:
        for each in (one, other):
            await transaction.libraries.add(each)
        await transaction.deleted_libraries.add(one.id, "ann", 1, 2)
    async with store.reading() as transaction:
        assert list(await transaction.libraries.revisions()) == [other.id]


async def test_surplus_are_all_but_the_newest_oldest_first(store: MetadataStore) -> None:
    _, versions = await made.add_item(store, 2, 3, 4, 5)
    async with store.reading() as rows:
        for kept in (1, 2, 3, 4):
            assert await rows.versions.surplus(kept) == [each.id for each in versions[: 4 - kept]]


async def test_the_current_version_is_not_surplus_however_old(store: MetadataStore) -> None:
    item, versions = await made.add_item(store, 2, 3, 4)
    async with store.transaction(durable=False) as rows:
        await rows.items.put(replace(item, version_id=versions[0].id))
        assert await rows.versions.surplus(1) == [versions[1].id]


async def test_versions_that_active_sessions_need_are_not_surplus_until_they_end(store: MetadataStore) -> None:
    item, versions = await made.add_item(store, 2, 3, 4)
    served = made.download_session(item.id, version_id=versions[0].id)
    started = made.update_session(item.id, base=versions[1].id)
    async with store.transaction(durable=False) as rows:
        await rows.download_sessions.add(served)
        await rows.update_sessions.add(started)
        assert await rows.versions.surplus(1) == []
        await rows.items.remove(item.id)
        assert await rows.versions.surplus(1) == [versions[2].id]
        await rows.download_sessions.put(replace(served, state=State.CANCELED, ended=5))
        await rows.update_sessions.put(replace(started, state=State.DONE, ended=5))
        assert await rows.versions.surplus(9) == [each.id for each in versions]


async def test_after_a_version_was_removed_the_same_are_kept(store: MetadataStore) -> None:
    _, versions = await made.add_item(store, 2, 3, 4, 5)
    async with store.transaction(durable=False) as rows:
        for surplus in await rows.versions.surplus(2):
            await rows.versions.remove(surplus)
        assert await rows.versions.surplus(2) == []
        assert [await rows.versions.get(each.id) is not None for each in versions] == [False, False, True, True]


async def test_a_blob_comes_back_as_it_was_added_and_as_it_was_put(store: MetadataStore) -> None:
    blob = made.blob()
    changed = replace(blob, digests={"MD5": "x", "SHA256": "y"}, mark="3:4", unflushed=None)
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        assert await rows.blobs.get(blob.id) == blob
        await rows.blobs.put(changed)
        assert await rows.blobs.get(blob.id) == changed
        await rows.blobs.remove(blob.id)
        assert await rows.blobs.get(blob.id) is None


async def test_that_a_blob_is_flushed_is_noted_where_it_is_there(store: MetadataStore) -> None:
    blob = made.blob(unflushed="boot", unreferenced=3)
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        assert [await rows.blobs.note_flushed(each) for each in (blob.id, blob.id, "gone")] == [True, True, False]
        assert await rows.blobs.get(blob.id) == replace(blob, unflushed=None)


async def test_the_twin_is_the_oldest_blob_with_that_content_on_that_storage(store: MetadataStore) -> None:
    late, early = made.blob(created=9), made.blob(created=3)
    others = [made.blob(created=1, storage="datastore-2"), made.blob(created=1, size=8), made.blob(created=1, sha256="cd" * 32)]
    async with store.transaction(durable=False) as rows:
        for each in (late, early, *others):
            await rows.blobs.add(each)
        assert await rows.blobs.twin("datastore-1", made.SHA, 7) == early
        assert await rows.blobs.twin("datastore-1", "ef" * 32, 7) is None


async def test_which_versions_and_blobs_are_known_is_asked_for_many_at_once(store: MetadataStore) -> None:
    _, versions = await made.add_item(store, *range(2, 152))
    blobs = [made.blob() for _ in range(150)]
    async with store.transaction(durable=False) as rows:
        for blob in blobs:
            await rows.blobs.add(blob)
        for known, ids in ((rows.versions.known, [each.id for each in versions]), (rows.blobs.known, [b.id for b in blobs])):
            assert await known([*ids, "x", "", "ü"]) == set(ids)
            assert await known(ids[:1]) == {ids[0]}
            assert await known(["x"]) == await known([]) == set()


async def test_of_surplus_versions_and_unreferenced_blobs_some_are_listed_on_request(store: MetadataStore) -> None:
    _, versions = await made.add_item(store, 2, 3, 4, 5)
    blobs = [made.blob(unreferenced=10) for _ in range(3)]
    async with store.transaction(durable=False) as rows:
        for blob in blobs:
            await rows.blobs.add(blob)
        surplus, unreferenced = await rows.versions.surplus(1, 2), await rows.blobs.unreferenced(11, 2)
        assert len(set(surplus)) == len({each.id for each in unreferenced}) == 2
        assert set(surplus) < {each.id for each in versions[:3]}
        assert (len(await rows.versions.surplus(1, 9)), len(await rows.blobs.unreferenced(11, 9))) == (3, 3)


async def test_a_blob_is_unreferenced_from_its_making_until_a_version_names_it(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    blob = made.blob(unreferenced=10)
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        assert await rows.blobs.unreferenced(10) == []
        assert await rows.blobs.unreferenced(11) == [blob]
        await rows.versions.add(made.version(item.id, blob))
        assert await rows.blobs.unreferenced(11) == []
        assert await rows.blobs.get(blob.id) == replace(blob, unreferenced=None)


async def test_a_blob_is_unreferenced_again_as_of_the_call_after_its_last_version_went(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    shared, own = made.blob(created=1), made.blob(created=2)
    first = made.version(item.id, shared, own, number=2)
    second = made.version(item.id, shared, number=3)
    async with store.transaction(durable=False) as rows:
        for each in (shared, own):
            await rows.blobs.add(each)
        for version in (first, second):
            await rows.versions.add(version)
        await rows.versions.remove(first.id)
        assert await rows.blobs.unreferenced(10_000) == []
        await rows.blobs.unreference(500)
        await rows.blobs.unreference(900)
        assert [each.id for each in await rows.blobs.unreferenced(501)] == [own.id]
        await rows.versions.remove(second.id)
        await rows.blobs.unreference(900)
        assert [each.id for each in await rows.blobs.unreferenced(901)] == [shared.id, own.id]
        assert [each.id for each in await rows.blobs.unreferenced(900)] == [own.id]


async def test_a_blob_that_a_file_of_an_active_session_names_is_not_unreferenced(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    blob = made.blob(unreferenced=10)
    session = made.update_session(item.id)
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        await rows.update_sessions.add(session)
        await rows.update_files.put(made.update_file(session.id, "a", blob=blob.id))
        assert await rows.blobs.unreferenced(10_000) == []
        fault = Fault("session.expired", "idle")
        await rows.update_sessions.put(replace(session, state=State.CANCELED, ended=20, fault=fault))
        assert await rows.blobs.unreferenced(10_000) == [blob]


async def test_a_blob_that_a_version_names_cannot_be_removed(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    blob = made.blob()
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        async with store.transaction(durable=False) as rows:
            await rows.blobs.add(blob)
            await rows.versions.add(made.version(item.id, blob))
            await rows.blobs.remove(blob.id)


async def test_surplus_by_age_is_what_was_replaced_before_a_time(store: MetadataStore) -> None:
    _, versions = await made.add_item(store, 3, 5, 9)
    async with store.reading() as rows:
        found = [await rows.versions.surplus(None, before=before) for before in (5, 6, 9, 10)]
        assert found == [[], [versions[0].id], [versions[0].id], [versions[0].id, versions[1].id]]
        assert await rows.versions.surplus(2, before=1) == [versions[0].id]
        assert await rows.versions.surplus(None) == []


async def test_a_library_with_a_retention_of_its_own_is_asked_for_by_itself(store: MetadataStore) -> None:
    item, versions = await made.add_item(store, 1, 2, 3)
    _, others = await made.add_item(store, 1, 2)
    async with store.transaction(durable=False) as rows:
        assert await rows.libraries.retentions() == {}
        library = await rows.libraries.get(item.library)
        assert library is not None
        retention = Retention(versions=2, seconds=60)
        await rows.libraries.put(replace(library, retention=retention))
        assert await rows.libraries.retentions() == {library.id: retention}
        assert await rows.versions.surplus(1) == [others[0].id]
        assert await rows.versions.surplus(2, library=library.id) == [versions[0].id]
        assert await rows.versions.surplus(None, 9, before=3, library=library.id) == [versions[0].id]
        await rows.items.remove(item.id)
        assert set(await rows.versions.surplus(9)) == {version.id for version in versions}


async def test_a_version_comes_back_with_its_differences(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    differences = Differences(added=("a",), removed=("b", "c"))
    version = made.version(item.id, differences=differences)
    async with store.transaction(durable=False) as rows:
        await rows.versions.add(version)
    async with store.reading() as rows:
        assert await rows.versions.get(version.id) == version


async def test_items_with_newer_content_than_a_revision_are_told_with_their_versions_of_then(
    store: MetadataStore,
) -> None:
    item, (second,) = await made.add_item(store, 2)
    later = [made.version(item.id, number=number, created=number) for number in (3, 4)]
    async with store.transaction(durable=False) as rows:
        await rows.libraries.changed(item.library)
    for each in later:
        async with store.transaction(durable=False) as rows:
            await rows.versions.add(each)
            await rows.items.put(replace(item, version_id=each.id))
            await rows.libraries.changed(item.library)
    async with store.reading() as rows:
        revision = (await rows.libraries.revisions())[item.library]
        told = [await rows.versions.since(item.library, revision - n) for n in range(4)]
        assert told == [{}, {item.id: later[0].id}, {item.id: second.id}, {item.id: None}]
        assert await rows.versions.since("nobody", 0) == {}


async def test_an_item_that_came_after_its_content_has_no_known_past(store: MetadataStore) -> None:
    home = made.library()
    item = made.item(home.id)
    version = made.version(item.id, number=2)
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(home)
        await rows.versions.add(version)
        await rows.items.add(replace(item, version_id=version.id))
        assert await rows.versions.since(home.id, home.revision + 9) == {item.id: None}


async def test_subscriptions_are_kept_in_order_of_creation_and_go_with_their_library(store: MetadataStore) -> None:
    library, other = made.library(), made.library()
    local = Subscriber("b", library.id, "copy", Placement(folder="group-v3"))
    remote = Subscriber("a", library.id, "theirs", Placement(), Vcenter("vc.example", 8443))
    async with store.transaction(durable=False) as rows:
        for each in (library, other):
            await rows.libraries.add(each)
        for subscriber in (local, remote, Subscriber("c", other.id, "copy")):
            await rows.subscribers.add(subscriber)
        assert await rows.subscribers.of(library.id) == [local, remote]
        moved = replace(remote, vcenter=Vcenter("new.example"))
        await rows.subscribers.put(moved)
        assert await rows.subscribers.get("a") == moved
        await rows.subscribers.remove("b")
        assert await rows.subscribers.of(library.id) == [moved]
        await rows.libraries.remove(library.id)
        assert await rows.subscribers.of(library.id) == []
        assert [each.id for each in await rows.subscribers.of(other.id)] == ["c"]


async def test_what_was_offered_ends_with_the_subscription(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    other, _ = await made.add_item(store)
    offered = OfferedItem("theirs", "Debian", "iso", "1", ())
    async with store.transaction(durable=False) as rows:
        for each in (item, other):
            await rows.items.put(replace(each, synced=5))
            await rows.offers.put(ItemOffer(each.id, each.library, offered))
        await rows.offers.end(item.library)
        assert await rows.offers.of(item.library, "", 9) == []
        assert len(await rows.offers.of(other.library, "", 9)) == 1
        found = [await rows.items.get(each.id) for each in (item, other)]
        assert [each and each.synced for each in found] == [None, 5]


async def test_a_library_gets_bytes_on_another_storage_and_others_keep_theirs(store: MetadataStore) -> None:
    here, there = made.blob(unreferenced=None), made.blob(storage="datastore-2")
    first, _ = await made.add_item(store)
    second, _ = await made.add_item(store)
    moved, kept = made.version(first.id, here), made.version(second.id, here)
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(here)
        await rows.blobs.add(there)
        for each in (moved, kept):
            await rows.versions.add(each)
        await rows.deleted_items.add(first.id, "ann", 1, 9)
        (left,) = await rows.versions.elsewhere(first.library, "datastore-2")
        assert (left.name, left.blob, left.size) == ("disk-0.vmdk", here.id, here.size)
        assert await rows.versions.elsewhere(first.library, "datastore-1") == []
        await rows.versions.move(first.library, here.id, there.id)
        assert await rows.versions.elsewhere(first.library, "datastore-2") == []
        assert await rows.versions.get(moved.id) == replace(moved, files=(replace(moved.files[0], blob=there.id),))
        await rows.blobs.unreference(50)
        assert [await _unreferenced(rows, each) for each in (here, there)] == [None, None]
        await rows.versions.move(second.library, here.id, there.id)
        await rows.blobs.unreference(50)
        assert [await _unreferenced(rows, each) for each in (here, there)] == [50, None]


async def test_the_uses_of_a_storage_are_counted_by_library(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    gone, _ = await made.add_item(store)
    twin, other = made.item(item.library, name="Twin"), made.blob(storage="datastore-2")
    own, shared = made.blob(size=1), made.blob(size=100)
    async with store.transaction(durable=False) as rows:
        await rows.items.add(twin)
        for blob in (own, shared, other, made.blob()):  # the last of which no version names
            await rows.blobs.add(blob)
        await rows.versions.add(made.version(item.id, own, shared))
        await rows.versions.add(made.version(twin.id, shared, shared, other))
        await rows.versions.add(made.version(gone.id, shared))
        await rows.items.remove(gone.id)
        await rows.deleted_items.add(item.id, "ann", 1, 9)
    async with store.reading() as rows:
        found = {each.library: (each.blobs, each.bytes) for each in await rows.blobs.uses("datastore-1")}
        assert found == {item.library: (2, 101), None: (1, 100)}
        assert await rows.blobs.uses("datastore-2") == [StorageUse(item.library, 1, other.size)]
        assert await rows.blobs.uses("datastore-3") == []
        assert [await rows.blobs.named_bytes(f"datastore-{n}") for n in (1, 2, 3)] == [101, other.size, 0]


async def test_the_storages_of_blobs_libraries_and_active_sessions_are_known(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as rows:
        assert await rows.blobs.storages() == set()
        await rows.blobs.add(made.blob(storage="a"))
        for storage in ("b", "deleted"):
            library = made.library(storage=storage, folded_name=storage)
            await rows.libraries.add(library)
        await rows.deleted_libraries.add(library.id, "ann", 1, 9)
        await rows.update_sessions.add(made.update_session("i", storage="c"))
        await rows.update_sessions.add(made.update_session("j", storage="ended", state=State.DONE, ended=1))
        assert await rows.blobs.storages() == {"a", "b", "c", "deleted"}


async def _unreferenced(rows: Transaction, blob: Blob) -> int | None:
    found = await rows.blobs.get(blob.id)
    assert found is not None
    return found.unreferenced
