"""Records of who has read a published library."""

from __future__ import annotations

import errno
from contextlib import AbstractAsyncContextManager

import pytest
from msgspec.structs import replace

from contentlib.library.following import contacts as module
from contentlib.library.following.contacts import Contacts, Visitor, merged
from contentlib.library.following.subscriber_credentials import NewCredential, SubscriberCredentials
from contentlib.library.model import Authentication, Publishing, SubscriberContact
from contentlib.library.ports import MetadataStore, Transaction
from library.world import World


class Full:
    """A store whose disk is full while it is asked to be."""

    def __init__(self, inner: MetadataStore) -> None:
        self._inner = inner
        self.full = False

    def transaction(self, *, durable: bool) -> AbstractAsyncContextManager[Transaction]:
        if self.full:
            raise OSError(errno.ENOSPC, "no space left on device")
        return self._inner.transaction(durable=durable)

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        return self._inner.reading()

    async def ping(self) -> None:
        await self._inner.ping()

    async def close(self) -> None:
        await self._inner.close()


async def _published(world: World) -> str:
    library_id = await world.library()
    async with world.metadata.transaction(durable=False) as rows:
        library = await rows.libraries.get(library_id)
        assert library is not None
        await rows.libraries.put(replace(library, publishing=Publishing(True, Authentication.NONE)))
    return library_id


async def _subscriber(world: World, library: str) -> Visitor:
    credentials = SubscriberCredentials(world.metadata, world.clock)
    identifier, _ = await credentials.create(library, NewCredential("Oslo"))
    return Visitor(library, "192.0.2.1", credential=identifier)


async def test_what_several_processes_have_seen_is_put_together(world: World) -> None:
    library = await _published(world)
    visitor = await _subscriber(world, library)
    one, other = Contacts(world.metadata, world.clock), Contacts(world.metadata, world.clock)
    one.note(visitor, told=5, listed=5)
    one.note_file(visitor, item := await world.item(library), 1)
    world.wait(1000)
    moved = replace(visitor, address="192.0.2.2")
    other.note(moved, told=6)
    other.note_file(moved, item, 2)
    for each in (other, one, one):
        await each.save()
    (found,) = (await one.of(library))[1]
    assert (found.address, found.told, found.listed) == ("192.0.2.2", 6, 5)
    assert found.last_seen - found.first_seen >= 1000
    assert [each.fetched.version for each in await one.items(library, found.id)] == [2]


def test_the_later_of_two_records_wins_field_by_field() -> None:
    early = SubscriberContact("a", "l", "192.0.2.1", 10, 20, told=3, listed=3, listed_at=20)
    late = SubscriberContact("a", "l", "192.0.2.2", 15, 30, told=4)
    expected = SubscriberContact("a", "l", "192.0.2.2", 10, 30, told=4, listed=3, listed_at=20)
    assert merged(early, late) == merged(late, early) == expected


async def test_what_cannot_be_saved_is_saved_later(world: World) -> None:
    library = await _published(world)
    store = Full(world.metadata)
    contacts = Contacts(store, world.clock)
    visitor = await _subscriber(world, library)
    contacts.note(visitor, listed=1)
    contacts.note_file(visitor, await world.item(library), 1)
    store.full = True
    with pytest.raises(OSError, match="no space"):
        await contacts.save()
    contacts.note(visitor, told=2)
    store.full = False
    await contacts.save()
    (found,) = (await Contacts(world.metadata, world.clock).of(library))[1]
    assert (found.listed, found.told) == (1, 2)
    assert len(await Contacts(world.metadata, world.clock).items(library, found.id)) == 1


async def test_readers_of_what_is_gone_leave_no_record(world: World) -> None:
    library, other = await _published(world), await _published(world)
    visitor, contacts = await _subscriber(world, library), Contacts(world.metadata, world.clock)
    item = await world.item(library)
    contacts.note_file(visitor, item, 1)
    contacts.note(Visitor(other, "192.0.2.1", "192.0.2.1"))
    contacts.note(Visitor("never was", "192.0.2.1", "192.0.2.1"))
    await SubscriberCredentials(world.metadata, world.clock).remove(library, visitor.contact)
    await world.libraries.delete(other, None)
    await contacts.save()
    async with world.metadata.reading() as rows:
        assert [await rows.subscriber_contacts.of(each) for each in (library, other)] == [[], []]
        assert await rows.fetched_items.of(visitor.contact) == []


async def test_strangers_fill_neither_the_memory_nor_the_database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_NOTED", 7)
    monkeypatch.setattr(module, "MOST_ADDRESSES", 5)
    library, contacts = await _published(world), Contacts(world.metadata, world.clock)
    contacts.note(await _subscriber(world, library))
    item = await world.item(library)
    for turn in range(3):
        for n in range(20):
            contacts.note_file(Visitor(library, "x" * 100, f"{turn}.{n}" * 100), item, 1)
        assert len((await contacts.of(library))[1]) <= 7 + 6
        await contacts.save()
        world.wait(1000)
    found = (await contacts.of(library))[1]
    assert len(found) == 6
    assert sum(each.credential is not None for each in found) == 1
    assert {len(each.address) for each in found} <= {9, 64}
    assert max(len(each.id) for each in found) < 128
    async with world.metadata.reading() as rows:
        assert [await rows.fetched_items.of(each.id) for each in found] == [[]] * 6


async def test_all_addresses_of_a_network_are_one_reader(world: World) -> None:
    library, contacts = await _published(world), Contacts(world.metadata, world.clock)
    for address in ("2001:db8::1", "2001:db8::2"):
        contacts.note(Visitor(library, address, "2001:db8::"))
    (found,) = (await contacts.of(library))[1]
    assert found.address == "2001:db8::2"
