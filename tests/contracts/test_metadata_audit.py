"""What every metadata store must do: the audit log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from contentlib.library.actors import set_actor
from contentlib.library.audit_chain import Chain, entry_of
from contentlib.library.model import (
    Actor,
    AuditEntry,
    AuditFilter,
    AuditNote,
    AuditRecord,
    AuditThing,
    Login,
    Outcome,
    Touches,
)
from contentlib.library.ports import MetadataStore
from contracts import made

Open = Callable[[], MetadataStore]
ANN = Actor("ann@vsphere.local", "token-1", "session-1", "192.0.2.1", "com.example.create", "request-1")


async def records(store: MetadataStore) -> list[AuditRecord]:
    async with store.reading() as transaction:
        return await transaction.audit.after(0, 1000)


async def entries(store: MetadataStore) -> list[AuditEntry]:
    return [entry_of(record.content) for record in await records(store)]


async def found(store: MetadataStore, wanted: AuditFilter, before: int | None = None, most: int = 100) -> list[int]:
    async with store.reading() as transaction:
        return [record.link.sequence for record in await transaction.audit.find(wanted, before, most)]


async def verify(store: MetadataStore) -> None:
    async with store.reading() as transaction:
        chain = Chain(await transaction.audit.anchor())
        chain.follow(await transaction.audit.after(chain.link.sequence, 1000))
        chain.end(await transaction.audit.head())


async def change(store: MetadataStore, who: Actor = ANN, name: str = "Images") -> str:
    set_actor(lambda: who)
    async with store.transaction(durable=False) as transaction:
        library = made.library(name=name, folded_name=name.lower())
        await transaction.libraries.add(library)
    return library.id


async def test_entries_of_one_commit_follow_each_other_also_after_one_that_was_undone(store: MetadataStore) -> None:
    async def fail(name: str) -> None:
        with pytest.raises(ZeroDivisionError):
            async with store.transaction(durable=False) as transaction:
                await transaction.libraries.add(made.library(name=name, folded_name=name))
                raise ZeroDivisionError

    await asyncio.gather(*(fail(name) if name in "ad" else change(store, name=name) for name in "abcdef"))
    assert [entry.things[0].name for entry in await entries(store)] == ["b", "c", "e", "f"]
    await verify(store)
    async with store.transaction(durable=False) as transaction:
        before = await transaction.audit.head()
        transaction.audit.note(AuditNote())
    async with store.transaction(durable=False) as transaction:
        assert (await transaction.audit.head()).sequence == before.sequence + 1
    await verify(store)


async def test_a_change_has_an_entry_that_names_who_and_what(store: MetadataStore) -> None:
    library = await change(store)
    (entry,) = await entries(store)
    assert (entry.user, entry.token, entry.session, entry.address) == ("ann@vsphere.local", "token-1", "session-1", "192.0.2.1")
    assert (entry.operation, entry.request, entry.outcome) == ("com.example.create", "request-1", Outcome.SUCCEEDED)
    assert entry.things == (AuditThing("library", library, "Images"),)
    assert entry.changes == {"libraries": 1}
    await verify(store)


async def test_what_a_call_is_about_is_named_as_it_was_before_the_change(store: MetadataStore) -> None:
    library = await change(store)
    set_actor(lambda: Actor("ann", operation="delete", request="2", things=(("library", library),)))
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.remove(library)
    assert (await entries(store))[1].things == (AuditThing("library", library, "Images"),)


async def test_a_transaction_that_is_undone_has_no_entry_and_leaves_no_hole(store: MetadataStore) -> None:
    async def failing() -> None:
        with pytest.raises(ZeroDivisionError):
            async with store.transaction(durable=False) as transaction:
                await transaction.libraries.add(made.library(name="undone", folded_name="undone"))
                raise ZeroDivisionError

    await asyncio.gather(
        change(store, name="one"), failing(), change(store, name="two"), failing(), change(store, name="three")
    )
    assert [entry.things[0].name for entry in await entries(store)] == ["one", "two", "three"]
    await verify(store)


async def test_two_stores_on_one_database_continue_one_chain(store: MetadataStore, another: Open) -> None:
    other = another()
    for number in range(3):
        await asyncio.gather(change(store, name=f"a{number}"), change(other, name=f"b{number}"))
    assert [entry.sequence for entry in await entries(store)] == [1, 2, 3, 4, 5, 6]
    await verify(store)


async def test_reading_and_the_bookkeeping_of_the_server_have_no_entry(store: MetadataStore) -> None:
    set_actor(lambda: Actor(operation="server.touch"))
    async with store.transaction(durable=False) as transaction:
        await transaction.libraries.find()
        await transaction.state.put("clock", "1")
        await transaction.state.claim("job", "me", 1, 2)
        await transaction.state.touch(Touches({"a": 1}, {"b": 1}, {}))
    assert await entries(store) == []


async def test_a_transaction_can_skip_its_entry(store: MetadataStore) -> None:
    async with store.transaction(durable=False) as transaction:
        transaction.audit.skip()
        await transaction.logins.add(Login("a", "ann", 1, 1))
    assert await entries(store) == []
    await change(store)
    assert len(await entries(store)) == 1


async def test_a_note_is_written_without_any_change(store: MetadataStore) -> None:
    set_actor(lambda: ANN)
    async with store.transaction(durable=False) as transaction:
        transaction.audit.note(AuditNote(Outcome.REFUSED, "unauthorized", (AuditThing("library", "l"),), 7))
    (entry,) = await entries(store)
    assert (entry.outcome, entry.error, entry.count, entry.things[0].id) == (Outcome.REFUSED, "unauthorized", 7, "l")


@pytest.mark.parametrize("name", ["a\nb\r\x1b[31m\x7f", "\u2028\u202e\x85", "half \ud800 character", "nul \0", "x" * 100_000])
async def test_a_name_stays_on_one_line_of_limited_length(store: MetadataStore, name: str) -> None:
    set_actor(lambda: Actor(name, operation=name, request="1"))
    async with store.transaction(durable=False) as transaction:
        transaction.audit.note(AuditNote(things=(AuditThing("library", name, name),)))
    (record,) = await records(store)
    assert record.content.isascii() and record.content.isprintable() and len(record.content) < 10_000
    assert len(entry_of(record.content).user) <= 256
    await verify(store)


async def test_entries_are_found_newest_first_and_by_pages(store: MetadataStore) -> None:
    for number in range(5):
        await change(store, name=f"n{number}")
    assert await found(store, AuditFilter(), most=2) == [5, 4]
    assert await found(store, AuditFilter(), before=4, most=2) == [3, 2]


async def test_entries_are_found_by_each_filter(store: MetadataStore) -> None:
    first = await change(store, name="one")
    second = await change(store, Actor("Bob@vsphere.local", operation="com.other.delete", request="2"), name="two")
    async with store.transaction(durable=False) as transaction:
        transaction.audit.note(AuditNote(Outcome.REFUSED, "unauthorized", (AuditThing("library item", "i", "", first),)))
    now = (await entries(store))[0].time
    assert await found(store, AuditFilter(user="BOB@vsphere.local")) == [3, 2]
    assert await found(store, AuditFilter(operation="com.other")) == [3, 2]
    assert await found(store, AuditFilter(operation="com.example.create")) == [1]
    assert await found(store, AuditFilter(outcome=Outcome.REFUSED)) == [3]
    assert await found(store, AuditFilter(things=(first,))) == [3, 1]
    assert await found(store, AuditFilter(things=(first, "i"))) == [3]
    assert await found(store, AuditFilter(things=(first, second))) == []
    assert await found(store, AuditFilter(within=(second,))) == [2]
    assert await found(store, AuditFilter(within=())) == []
    assert await found(store, AuditFilter(within=(*map(str, range(100)), second, first))) == [3, 2, 1]
    assert await found(store, AuditFilter(until=now)) == []
    assert await found(store, AuditFilter(since=now), most=1) == [3]
    everything = AuditFilter(now, now + 10**6, "bob@vsphere.local", "com", Outcome.REFUSED, (first, "i"), (first,))
    assert await found(store, everything, before=9) == [3]


async def test_old_entries_are_removed_from_the_oldest_on_and_the_chain_still_verifies(store: MetadataStore) -> None:
    for number in range(5):
        await change(store, name=f"n{number}")
    async with store.transaction(durable=False) as transaction:
        assert await transaction.audit.forget(0, 100) == 0
        assert await transaction.audit.forget(2**62, 3) == 3
    assert [entry.sequence for entry in await entries(store)] == [4, 5]
    await verify(store)
    async with store.transaction(durable=False) as transaction:
        assert await transaction.audit.forget(2**62, 100) == 2
    await verify(store)
    await change(store, name="next")
    assert [entry.sequence for entry in await entries(store)] == [6]
    await verify(store)
