"""What every metadata store must do: quotas, whose totals are exact whatever changes."""

from __future__ import annotations

from random import Random

import pytest
from msgspec.structs import replace

from contentlib.library.checksums import Algorithm, Checksum
from contentlib.library.model import HeldAmount, Item, Quota, Reservation, State, StoredFile, Version
from contentlib.library.ports import MetadataStore, Transaction
from contracts import made

LIBRARIES, USERS = 2, ("ann", "bob", "")
CHECKSUM = Checksum(Algorithm.SHA256, made.SHA)


async def test_an_owner_that_is_unknown_holds_nothing_and_has_no_limits(store: MetadataStore) -> None:
    async with store.reading() as rows:
        assert await rows.quotas.get("library:x") == Quota("library:x")
        assert await rows.quotas.all() == []
        assert await rows.quotas.sums() == {}


async def test_limits_stay_while_what_is_held_changes(store: MetadataStore) -> None:
    home = made.library()
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(home)
        await rows.quotas.limit(f"library:{home.id}", 10, 2)
        await rows.items.add(made.item(home.id, user="ann"))
    async with store.reading() as rows:
        assert await rows.quotas.get(f"library:{home.id}") == Quota(f"library:{home.id}", 0, 1, 0, 10, 2)
        ann, library = Quota("user:ann", 0, 1), await rows.quotas.get(f"library:{home.id}")
        assert await rows.quotas.get("user:ann") == ann
        assert await rows.quotas.of("user:ann", library.owner) == [ann, library]
        assert await rows.quotas.of(library.owner, "user:bob") == [library, Quota("user:bob")]


async def test_a_blob_counts_once_for_an_item_until_the_last_version_with_it_is_gone(store: MetadataStore) -> None:
    item, blob = await _item(store), made.blob(size=7)
    first, second = (made.version(item.id, number=number, files=_files(blob.id, "ann")) for number in (1, 2))
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        await rows.versions.add(first)
        await rows.versions.add(second)
        assert (await rows.quotas.get("user:ann")).bytes == 7
        await rows.versions.remove(first.id)
        assert (await rows.quotas.get("user:ann")).bytes == 7
        await rows.versions.let_go(second.id)
        assert (await rows.quotas.get("user:ann")).bytes == 0
        await rows.versions.remove(second.id)
        assert (await rows.quotas.get("user:ann")).bytes == 0


async def test_bytes_stay_those_of_the_user_who_brought_them(store: MetadataStore) -> None:
    item, blob = await _item(store), made.blob(size=7)
    first, second = (made.version(item.id, number=number, files=_files(blob.id, "ann"), user="bob") for number in (1, 2))
    async with store.transaction(durable=False) as rows:
        await rows.blobs.add(blob)
        await rows.versions.add(first)
        await rows.versions.add(second)
        await rows.versions.remove(first.id)
    async with store.reading() as rows:
        assert [(await rows.quotas.get(f"user:{name}")).bytes for name in ("ann", "bob")] == [7, 0]
        assert (await rows.versions.get(second.id)) == second


async def test_neither_the_library_nor_the_user_of_an_item_changes(store: MetadataStore) -> None:
    item = await _item(store, user="ann")
    async with store.transaction(durable=False) as rows:
        await rows.items.put(replace(item, user="bob", description="new"))
        assert await rows.items.get(item.id) == replace(item, description="new")


@pytest.mark.parametrize("ending", ["removed", "replaced", "ended", "session removed"])
async def test_a_reservation_ends_with_its_file_and_its_session(store: MetadataStore, ending: str) -> None:
    item = await _item(store)
    session = made.update_session(item.id)
    file = made.update_file(session.id, "a")
    async with store.transaction(durable=False) as rows:
        await rows.update_sessions.add(session)
        await rows.update_files.put(file)
        await rows.quotas.reserve(Reservation(file.id, session.id, item.library, "ann", 5))
        await rows.quotas.reserve(Reservation(file.id, session.id, item.library, "ann", 8))
        await rows.update_files.put(replace(file, received=3))
        assert await rows.quotas.reserved(file.id) == (await rows.quotas.get("user:ann")).reserved == 8
    async with store.transaction(durable=False) as rows:
        if ending == "removed":
            await rows.update_files.remove(session.id, "a")
        elif ending == "replaced":
            await rows.update_files.put(made.update_file(session.id, "a"))
        elif ending == "ended":
            await rows.update_sessions.put(replace(session, state=State.ERROR))
        else:
            await rows.update_sessions.remove(session.id)
        assert await rows.quotas.reserved(file.id) == (await rows.quotas.get("user:ann")).reserved == 0
        assert "user:ann" not in await rows.quotas.sums()


async def test_the_quota_of_a_library_goes_with_it(store: MetadataStore) -> None:
    home = made.library()
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(home)
        await rows.quotas.limit(f"library:{home.id}", 10, None)
        await rows.libraries.remove(home.id)
        assert await rows.quotas.all() == []


async def test_a_wrong_total_can_be_corrected(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as rows:
        await rows.quotas.limit("user:ann", 10, None)
        await rows.quotas.correct("user:ann", HeldAmount(1, 2, 3))
        await rows.quotas.correct("user:bob", HeldAmount(4, 5, 6))
        assert await rows.quotas.all() == [Quota("user:ann", 1, 2, 3, 10), Quota("user:bob", 4, 5, 6)]


@pytest.mark.parametrize("seed", range(10))
async def test_totals_are_the_sums_after_any_sequence_of_changes(store: MetadataStore, seed: int) -> None:
    changes = _Changes(Random(seed))
    async with store.transaction(durable=False) as rows:
        await changes.begin(rows)
    for _ in range(20):
        async with store.transaction(durable=False) as rows:
            for _ in range(5):
                await changes.one(rows)
        async with store.reading() as rows:
            sums = await rows.quotas.sums()
            assert {each.owner: each.held for each in await rows.quotas.all()} == sums


async def _item(store: MetadataStore, **changes: str) -> Item:
    home = made.library()
    item = made.item(home.id, **changes)
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(home)
        await rows.items.add(item)
    return item


def _files(blob: str, user: str, size: int = 7) -> tuple[StoredFile, ...]:
    return (StoredFile("a", blob, size, 1, CHECKSUM, 1, user),)


class _Changes:
    """Changes rows at random, as the rules may do it in any order."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._libraries = [made.library(name=str(number), folded_name=str(number)) for number in range(LIBRARIES)]
        self._blobs = [made.blob(size=10**number) for number in range(6)]
        self._items: list[Item] = []
        self._versions: list[Version] = []
        self._number = 0

    async def begin(self, rows: Transaction) -> None:
        for library in self._libraries:
            await rows.libraries.add(library)
        for blob in self._blobs:
            await rows.blobs.add(blob)

    async def one(self, rows: Transaction) -> None:
        """One change; versions come three times as often as they go."""
        add, drop = self._add_version, self._drop_version
        each = self._random.choice([self._add_item, add, add, add, drop, self._move, self._trash, self._remove_item])
        if self._items or each == self._add_item:
            await each(rows)

    async def _add_item(self, rows: Transaction) -> None:
        self._number += 1
        name = str(self._number)
        item = made.item(self._random.choice(self._libraries).id, name=name, user=self._random.choice(USERS))
        if self._random.random() < 0.3:  # as a copy is made
            await self._add_version_of(rows, item)
        await rows.items.add(item)
        self._items.append(item)

    async def _add_version(self, rows: Transaction) -> None:
        await self._add_version_of(rows, self._random.choice(self._items))

    async def _add_version_of(self, rows: Transaction, item: Item) -> None:
        self._number += 1
        files = tuple(
            StoredFile(str(place), blob.id, blob.size, 1, CHECKSUM, 1, self._random.choice(USERS))
            for place, blob in enumerate(self._random.choices(self._blobs, k=3))
        )
        version = made.version(item.id, number=self._number, files=files)
        await rows.versions.add(version)
        self._versions.append(version)

    async def _drop_version(self, rows: Transaction) -> None:
        if self._versions:
            version = self._random.choice(self._versions)
            if self._random.random() < 0.5:
                await rows.versions.let_go(version.id)
            else:
                await rows.versions.remove(version.id)
                self._versions.remove(version)

    async def _move(self, rows: Transaction) -> None:
        """A blob becomes another one of the same size, which some versions may have already."""
        old = self._random.choice(self._blobs)
        twin = made.blob(size=old.size)
        await rows.blobs.add(twin)
        await rows.versions.move(self._random.choice(self._libraries).id, old.id, twin.id)
        self._blobs.append(twin)
        if self._random.random() < 0.5:
            await rows.versions.move(self._random.choice(self._libraries).id, twin.id, old.id)

    async def _trash(self, rows: Transaction) -> None:
        item = self._random.choice(self._items)
        if self._random.random() < 0.5:
            await rows.deleted_items.add(item.id, "ann", 1, 2)
        else:
            await rows.deleted_items.restore(replace(item, user="eve"))

    async def _remove_item(self, rows: Transaction) -> None:
        if self._random.random() < 0.3:
            item = self._random.choice(self._items)
            await rows.items.remove(item.id)
            self._items.remove(item)
