"""What every metadata store must do: libraries and items in the trash."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.library.model import Deleted
from contentlib.library.ports import MetadataStore
from contracts import made


async def test_a_deleted_item_is_not_there_and_comes_back_as_it_is_given(store: MetadataStore) -> None:
    item, (version,) = await made.add_item(store, 2)
    async with store.transaction(durable=False) as rows:
        assert await rows.items.get(item.id) == item
        await rows.deleted_items.add(item.id, "ann", 10, 20)
        assert await rows.items.get(item.id) is None
    async with store.reading() as rows:
        assert await rows.items.get(item.id) is None
        assert await rows.items.find(library=item.library) == []
        assert await rows.deleted_items.get(item.id) == Deleted(item, user="ann", time=10, until=20)
        assert await rows.versions.of(item.id) == [version]
    back = replace(item, name="other", folded_name="other")
    async with store.transaction(durable=False) as rows:
        await rows.deleted_items.restore(back)
    async with store.reading() as rows:
        assert await rows.items.get(item.id) == back
        assert await rows.items.find(folded_name="other") == [item.id]
        assert await rows.deleted_items.get(item.id) is None


async def test_the_name_of_a_deleted_item_is_free(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    for n in range(3):
        twin = made.item(item.library)
        async with store.transaction(durable=False) as rows:
            await rows.deleted_items.add(item.id, "ann", n, 20)
            await rows.items.add(twin)
            assert await rows.items.find(library=item.library, folded_name=item.folded_name) == [twin.id]
        item = twin


async def test_the_items_of_a_deleted_library_are_not_there_and_return_with_it(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    other, _ = await made.add_item(store)
    async with store.reading() as rows:  # a store may remember them
        library = await rows.libraries.get(item.library)
        assert await rows.items.get(item.id) == item
    assert library is not None
    async with store.transaction(durable=False) as rows:
        await rows.deleted_libraries.add(library.id, "ann", 10, 20)
        assert await rows.items.get(item.id) is None
    async with store.reading() as rows:
        assert await rows.libraries.get(library.id) is None
        assert await rows.libraries.find() == [other.library]
        assert await rows.libraries.find(folded_name=library.folded_name) == [other.library]
        assert await rows.items.get(item.id) is None
        assert await rows.items.find() == await rows.items.find(folded_name=item.folded_name) == [other.id]
        assert await rows.items.find(library=library.id) == []
        assert await rows.items.size_of(library.id) == item.size
        assert await rows.items.reached(library.id) == (item.metadata_version + item.content_version - 1, 0)
        assert await rows.items.reached("nobody") == (0, 0)
    async with store.transaction(durable=False) as rows:
        await rows.deleted_libraries.restore(library)
        assert await rows.items.get(item.id) == item
    async with store.reading() as rows:
        assert await rows.libraries.get(library.id) == library
        assert await rows.items.find(library=library.id) == [item.id]


async def test_a_deleted_row_is_replaced_and_stays_deleted(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    async with store.transaction(durable=False) as rows:
        library = await rows.libraries.get(item.library)
        assert library is not None
        moved = replace(library, storage="datastore-2")
        await rows.deleted_libraries.put(moved)
        assert await rows.libraries.get(library.id) == library
        await rows.deleted_libraries.add(library.id, "ann", 10, 20)
        await rows.deleted_libraries.put(moved)
    async with store.reading() as rows:
        assert await rows.libraries.get(library.id) is None
        assert await rows.deleted_libraries.get(library.id) == Deleted(moved, user="ann", time=10, until=20)
        assert await rows.items.get(item.id) is None


async def test_the_trash_says_what_is_kept_and_what_is_overdue(store: MetadataStore) -> None:
    items = [(await made.add_item(store))[0] for _ in range(3)]
    async with store.transaction(durable=False) as rows:
        for time, item in zip((3, 1, 2), items, strict=True):
            await rows.deleted_items.add(item.id, "ann", time, time + 10)
        await rows.deleted_items.add(items[0].id, "bob", 9, 99)
        await rows.deleted_items.add("nobody", "ann", 9, 99)
    async with store.reading() as rows:
        assert [each.row.id for each in await rows.deleted_items.all(11)] == [items[2].id, items[0].id]
        assert [each.user for each in await rows.deleted_items.all(0)] == ["ann"] * 3
        assert await rows.deleted_items.overdue(11, 9) == [items[1].id]
        assert len(await rows.deleted_items.overdue(99, 2)) == 2
        assert await rows.deleted_libraries.all(0) == []
    async with store.transaction(durable=False) as rows:
        await rows.deleted_items.hasten(items[0].id, 5)
        assert await rows.deleted_items.overdue(5, 9) == [items[0].id]


async def test_a_row_that_is_not_in_the_trash_is_neither_restored_nor_hastened(store: MetadataStore) -> None:
    item, _ = await made.add_item(store)
    async with store.transaction(durable=False) as rows:
        await rows.deleted_items.hasten(item.id, 5)
        await rows.deleted_items.restore(replace(item, name="other"))
        assert await rows.deleted_items.overdue(5, 9) == []
        assert await rows.deleted_items.get(item.id) is None
        assert await rows.items.get(item.id) == item


async def test_a_row_in_the_trash_is_removed_as_any_other(store: MetadataStore) -> None:
    item, (version,) = await made.add_item(store, 2)
    async with store.transaction(durable=False) as rows:
        await rows.deleted_items.add(item.id, "ann", 1, 2)
        await rows.deleted_libraries.add(item.library, "ann", 1, 2)
        await rows.items.remove(item.id)
        await rows.libraries.remove(item.library)
        assert await rows.deleted_items.get(item.id) is None
        assert await rows.deleted_libraries.get(item.library) is None
        assert await rows.versions.surplus(3) == [version.id]
