"""What every metadata store must do: find libraries and items by words, labels and properties, page by page."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from contentlib.library.identifiers import new_identifier
from contentlib.library.model import (
    Annotation,
    Cardinality,
    Category,
    Following,
    HeldAmount,
    Item,
    ItemQuery,
    LabelCount,
    Library,
    LibraryQuery,
    SeenLibraries,
    SortKey,
    StoredAmount,
    Tag,
    TaggedObject,
    library_owner,
)
from contentlib.library.model.tags import ITEM, LIBRARY
from contentlib.library.ports import MetadataStore
from contentlib.metadata import queries
from contracts import made


@pytest.fixture(params=["few", "many"], autouse=True)
def plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each query also as if what it names left too many items to sort."""
    if request.param == "many":
        monkeypatch.setattr(queries, "FEW", -1)


async def add(store: MetadataStore, *rows: Library | Item) -> None:
    async with store.transaction(durable=False) as transaction:
        for row in rows:
            if isinstance(row, Library):
                await transaction.libraries.add(row)
            else:
                await transaction.items.add(row)


async def names(store: MetadataStore, **query: Any) -> list[str]:
    """The names of all items that a query finds, in its order, read in pages of two."""
    wanted, found = ItemQuery(most=2, **query), []
    while True:
        async with store.reading() as rows:
            page = await rows.queries.items(wanted)
            found += [line.item.name for line in await rows.lines.items(page.ids)]
        if page.after is None:
            return found
        wanted = replace(wanted, after=page.after)


async def three(store: MetadataStore) -> tuple[Library, list[Item]]:
    home = made.library()
    items = [
        made.item(home.id, name="Ubuntu-24.04", description="server image", size=30, modified=100, created=3),
        made.item(home.id, name="debian 12", description="Éléphant SERVER", size=10, modified=300, created=1),
        made.item(home.id, name="Windows", description="", size=20, modified=200, created=2, type="ovf", folded_type="ovf"),
    ]
    await add(store, home, *items)
    return home, items


async def test_items_are_found_by_the_beginnings_of_words(store: MetadataStore) -> None:
    await three(store)
    assert await names(store, words=("serv",)) == ["debian 12", "Ubuntu-24.04"]
    assert await names(store, words=("server", "04")) == ["Ubuntu-24.04"]
    assert await names(store, words=("elephant",)) == ["debian 12"]
    assert await names(store, words=("erver",)) == []
    assert await names(store) == ["debian 12", "Ubuntu-24.04", "Windows"]


async def test_items_are_found_by_their_new_texts_only(store: MetadataStore) -> None:
    _, (ubuntu, _, windows) = await three(store)
    async with store.transaction(durable=False) as rows:
        await rows.items.put(replace(ubuntu, name="Fedora", folded_name="fedora"))
        await rows.items.remove(windows.id)
    assert await names(store, words=("ubuntu",)) == []
    assert await names(store, words=("fed",)) == ["Fedora"]
    assert await names(store, words=("windows",)) == []


async def test_a_change_that_is_undone_leaves_the_words_as_they_were(store: MetadataStore) -> None:
    _, (ubuntu, *_) = await three(store)
    with pytest.raises(ZeroDivisionError):
        async with store.transaction(durable=False) as rows:
            await rows.items.put(replace(ubuntu, name="Fedora", folded_name="fedora"))
            raise ZeroDivisionError
    assert await names(store, words=("fedora",)) == []
    assert await names(store, words=("ubuntu",)) == ["Ubuntu-24.04"]


async def test_items_are_found_by_the_names_of_their_current_files(store: MetadataStore) -> None:
    _, (ubuntu, *_) = await three(store)
    blob = made.blob()
    first = made.version(ubuntu.id, blob)
    second = made.version(ubuntu.id, number=3)
    second = replace(second, files=(replace(first.files[0], name="noble-amd64.ova"),))
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        await rows.versions.add(first)
        await rows.items.put(replace(ubuntu, version_id=first.id))
    assert await names(store, words=("vmdk",)) == ["Ubuntu-24.04"]
    async with store.transaction(durable=False) as rows:
        await rows.versions.add(second)
        await rows.items.put(replace(ubuntu, version_id=second.id))
    assert await names(store, words=("vmdk",)) == []
    assert await names(store, words=("amd64", "ubuntu")) == ["Ubuntu-24.04"]


async def test_items_are_found_by_notes_labels_and_tags(store: MetadataStore) -> None:
    home, (ubuntu, debian, windows) = await three(store)
    category = Category(new_identifier(), "system", "", Cardinality.MULTIPLE, (), 1)
    tag = Tag(new_identifier(), category.id, "Production", "", 1)
    async with store.transaction(durable=False) as rows:
        await rows.annotations.put_item(Annotation(ubuntu.id, "ask Robin", {"env": "prod", "team": "blue"}))
        await rows.annotations.put_item(Annotation(debian.id, "", {"env": "test"}))
        await rows.categories.add(category)
        await rows.tags.add(tag)
        await rows.attachments.add(tag.id, TaggedObject(ITEM, windows.id))
        await rows.attachments.add(tag.id, TaggedObject(LIBRARY, home.id))
    assert await names(store, words=("robin",)) == ["Ubuntu-24.04"]
    assert await names(store, words=("prod",)) == ["Ubuntu-24.04", "Windows"]
    assert await names(store, words=("prod", "windows")) == ["Windows"]
    assert await names(store, labels=(("env", None),)) == ["debian 12", "Ubuntu-24.04"]
    assert await names(store, labels=(("env", "prod"), ("team", "blue"))) == ["Ubuntu-24.04"]
    assert await names(store, labels=(("env", "prod"), ("team", "red"))) == []
    async with store.transaction(durable=False) as rows:
        assert (await rows.queries.libraries(LibraryQuery(words=("production",)))).ids == (home.id,)
        await rows.categories.remove(category.id)
        await rows.annotations.put_item(Annotation(ubuntu.id))
    assert await names(store, words=("prod",)) == []
    assert await names(store, labels=(("env", "prod"),)) == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (SortKey.NAME, ["debian 12", "Ubuntu-24.04", "Windows"]),
        (SortKey.SIZE, ["debian 12", "Windows", "Ubuntu-24.04"]),
        (SortKey.MODIFIED, ["Ubuntu-24.04", "Windows", "debian 12"]),
        (SortKey.CREATED, ["debian 12", "Windows", "Ubuntu-24.04"]),
    ],
)
async def test_pages_follow_the_order_in_both_directions(store: MetadataStore, sort: SortKey, expected: list[str]) -> None:
    home, _ = await three(store)
    assert await names(store, sort=sort) == expected
    assert await names(store, sort=sort, descending=True, library=home.id) == expected[::-1]


async def test_pages_of_equal_values_repeat_nothing_and_leave_nothing_out(store: MetadataStore) -> None:
    home = made.library()
    items = [made.item(home.id, name=f"item {n}", size=5) for n in range(7)]
    await add(store, home, *items)
    found = await names(store, sort=SortKey.SIZE)
    assert sorted(found) == [each.name for each in items]
    assert await names(store, sort=SortKey.SIZE, descending=True) == found[::-1]
    assert await names(store, sort=SortKey.TYPE) == found


async def test_properties_narrow_a_query(store: MetadataStore) -> None:
    home, (ubuntu, debian, _) = await three(store)
    async with store.transaction(durable=False) as rows:
        await rows.items.put(replace(debian, synced=1))
    assert await names(store, folded_type="ovf") == ["Windows"]
    assert await names(store, cached=False) == ["debian 12"]
    assert await names(store, cached=True, library=home.id) == ["Ubuntu-24.04", "Windows"]
    assert await names(store, since=200, until=300) == ["Windows"]
    assert await names(store, least=ubuntu.size) == ["Ubuntu-24.04"]
    assert await names(store, library="nothing") == []


async def test_only_seen_libraries_are_searched(store: MetadataStore) -> None:
    home, _ = await three(store)
    other = made.library()
    await add(store, other, made.item(other.id, name="Ubuntu elsewhere"))
    everything = ["debian 12", "Ubuntu elsewhere", "Ubuntu-24.04", "Windows"]
    assert await names(store) == everything
    assert await names(store, seen=SeenLibraries((other.id,))) == [each for each in everything if "elsewhere" not in each]
    assert await names(store, seen=SeenLibraries((other.id,), others=False), words=("ubuntu",)) == ["Ubuntu elsewhere"]
    assert await names(store, seen=SeenLibraries((other.id,)), library=other.id) == []
    assert await names(store, seen=SeenLibraries((home.id,), others=False), library=other.id) == []
    assert await names(store, seen=SeenLibraries((), others=False)) == []


async def test_the_trash_is_not_searched(store: MetadataStore) -> None:
    home, (ubuntu, *_) = await three(store)
    async with store.transaction(durable=False) as rows:
        await rows.deleted_items.add(ubuntu.id, "ann", 1, 2)
    assert await names(store, words=("ubuntu",)) == []
    async with store.transaction(durable=False) as rows:
        await rows.deleted_items.restore(replace(ubuntu, name="Restored", folded_name="restored"))
    assert await names(store, words=("ubuntu",)) == []
    assert await names(store, words=("restored",)) == ["Restored"]
    async with store.transaction(durable=False) as rows:
        await rows.deleted_libraries.add(home.id, "ann", 1, 2)
    assert await names(store, words=("restored",)) == []
    assert await names(store, library=home.id) == []
    async with store.reading() as rows:
        assert (await rows.queries.libraries(LibraryQuery())).ids == ()


async def test_a_page_looks_at_a_limited_number_of_items(store: MetadataStore, monkeypatch: pytest.MonkeyPatch) -> None:
    home, _ = await three(store)
    await add(store, *(made.item(home.id, name=f"a {n:03}") for n in range(20)))
    monkeypatch.setattr(queries, "FEW", -1)
    monkeypatch.setattr(queries, "MOST_EXAMINED", 8)
    async with store.reading() as rows:
        page = await rows.queries.items(ItemQuery(folded_type="ovf", most=2))
        assert page.ids == ()
        assert page.after is not None
    assert await names(store, folded_type="ovf") == ["Windows"]


async def test_words_whose_names_are_far_apart_are_found_without_looking_at_all_between(
    store: MetadataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = made.library()
    between = [f"{system} {kind} {n}" for system in ("alma", "ubuntu") for kind in ("desktop", "server") for n in range(4)]
    await add(store, home, *(made.item(home.id, name=each) for each in between))
    monkeypatch.setattr(queries, "FEW", -1)
    monkeypatch.setattr(queries, "MOST_EXAMINED", 1)
    monkeypatch.setattr(queries, "_FIRST_STEP", 1)
    expected = [f"ubuntu server {n}" for n in range(4)]
    async with store.reading() as rows:
        found = await rows.queries.items(ItemQuery(words=("ubuntu", "serv"), most=3))
        assert [line.item.name for line in await rows.lines.items(found.ids)] == expected[:3]
        backwards = await rows.queries.items(ItemQuery(words=("alma", "desk"), most=3, descending=True))
        assert [line.item.name for line in await rows.lines.items(backwards.ids)] == [f"alma desktop {n}" for n in (3, 2, 1)]
    assert await names(store, words=("ubuntu", "serv")) == expected
    assert await names(store, words=("serv", "ubuntu"), descending=True) == expected[::-1]


@pytest.mark.parametrize("count", [3, 20])
async def test_a_beginning_of_many_words_finds_all_in_order(store: MetadataStore, count: int) -> None:
    home, _ = await three(store)
    found = [f"image {chr(97 + n)} build{count - n:02} build99" for n in range(count)]
    await add(store, *(made.item(home.id, name=each) for each in found))
    assert await names(store, words=("build",)) == found
    assert await names(store, words=("image", "build"), descending=True, library=home.id) == found[::-1]


async def test_libraries_are_found_sorted_and_narrowed(store: MetadataStore) -> None:
    first = made.library(name="Beta", folded_name="beta", modified=1)
    second = made.library(name="Alpha", folded_name="alpha", modified=2, description="templates", storage="datastore-2")
    plain = replace(second.publishing, published=False)
    await add(store, first, replace(second, publishing=plain))
    async with store.transaction(durable=False) as transaction:
        await transaction.quotas.correct(library_owner(first.id), HeldAmount(bytes=5))

    async def found(**query: Any) -> list[str]:
        async with store.reading() as rows:
            page = await rows.queries.libraries(LibraryQuery(**query))
            return [line.library.name for line in await rows.lines.libraries(page.ids)]

    assert await found() == ["Alpha", "Beta"]
    assert await found(sort=SortKey.MODIFIED) == ["Beta", "Alpha"]
    assert await found(sort=SortKey.SIZE, descending=True) == ["Beta", "Alpha"]
    assert await found(words=("templ",)) == ["Alpha"]
    assert await found(published=True) == ["Beta"]
    assert await found(published=False) == ["Alpha"]
    assert await found(storage="datastore-2") == ["Alpha"]
    assert await found(type="SUBSCRIBED") == []
    assert await found(seen=SeenLibraries((first.id,), others=False)) == ["Beta"]


async def test_lines_show_what_belongs_to_a_library_and_an_item(store: MetadataStore) -> None:
    home, (ubuntu, *_) = await three(store)
    blob, kept = made.blob(size=7), made.version(ubuntu.id)
    twice = made.version(ubuntu.id, blob, blob)
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        await rows.versions.add(twice)
        await rows.items.put(replace(ubuntu, version_id=twice.id))
        await rows.annotations.put_library(Annotation(home.id, "ours", {"team": "blue"}))
    async with store.reading() as rows:
        (line,) = await rows.lines.libraries([home.id, "nothing"])
        assert (line.library, line.items, line.unique, line.subscribers) == (home, 3, 7, 0)
        assert line.annotation == Annotation(home.id, "ours", {"team": "blue"})
        (shown,) = await rows.lines.items([ubuntu.id])
        assert (shown.item.name, shown.library_name, shown.user) == ("Ubuntu-24.04", home.name, "ann")
        assert shown.signature == kept.signature


async def test_labels_in_use_are_those_of_what_is_seen(store: MetadataStore) -> None:
    home, (ubuntu, debian, _) = await three(store)
    async with store.transaction(durable=False) as rows:
        await rows.annotations.put_library(Annotation(home.id, "", {"env": "prod"}))
        await rows.annotations.put_item(Annotation(ubuntu.id, "", {"env": "prod"}))
        await rows.annotations.put_item(Annotation(debian.id, "", {"env": "dev"}))
    async with store.reading() as rows:
        every = [LabelCount("env", "dev", 1), LabelCount("env", "prod", 2)]
        assert await rows.annotations.labels(SeenLibraries(), 10) == every
        assert await rows.annotations.labels(SeenLibraries(), 1) == every[:1]
        assert await rows.annotations.labels(SeenLibraries((home.id,)), 10) == []
        assert await rows.annotations.labels(SeenLibraries((home.id,), others=False), 10) == every
    async with store.transaction(durable=False) as rows:
        await rows.items.remove(debian.id)
    async with store.reading() as rows:
        assert await rows.annotations.labels(SeenLibraries(), 10) == [LabelCount("env", "prod", 2)]


async def test_sums_leave_out_what_is_not_seen_and_the_trash(store: MetadataStore) -> None:
    home, (ubuntu, *_) = await three(store)
    failed = made.library(name="Mirror", folded_name="mirror", following=Following(fault=made.FAULT))
    await add(store, failed, made.item(failed.id, name="other"))
    only = SeenLibraries((home.id,), others=False)
    async with store.transaction(durable=False) as rows:
        await rows.deleted_items.add(ubuntu.id, "ann", 1, 2)
    async with store.reading() as rows:
        assert await rows.figures.counts(SeenLibraries()) == (2, 3)
        assert await rows.figures.counts(only) == (1, 2)
        assert await rows.figures.counts(SeenLibraries((home.id,))) == (1, 1)
        assert await rows.figures.troubled(SeenLibraries(), 10) == [failed.id]
        assert await rows.figures.troubled(SeenLibraries(), 0) == []
        assert await rows.figures.troubled(only, 10) == []
    async with store.transaction(durable=False) as rows:
        await rows.deleted_libraries.add(failed.id, "ann", 1, 2)
    async with store.reading() as rows:
        assert await rows.figures.counts(SeenLibraries()) == (1, 2)
        assert await rows.figures.troubled(SeenLibraries(), 10) == []


async def test_stored_bytes_are_summed_by_storage(store: MetadataStore) -> None:
    _, (ubuntu, *_) = await three(store)
    old, new = made.blob(size=5, created=10, unreferenced=None), made.blob(size=7, created=20, unreferenced=None)
    other = made.blob(size=11, created=20, unreferenced=None, storage="datastore-2")
    async with store.transaction(durable=False) as rows:
        for blob in (old, new, other, made.blob(size=100, unreferenced=1)):
            await rows.blobs.add(blob)
        await rows.versions.add(made.version(ubuntu.id, old, new, new))
    async with store.reading() as rows:
        assert await rows.figures.stored(20) == [StoredAmount("datastore-1", 12, 7), StoredAmount("datastore-2", 11, 11)]
        assert await rows.figures.held() == 12
