"""Tests quotas: what is refused, what is reserved, and what is given back."""

from __future__ import annotations

import asyncio

import pytest

from contentlib.library.catalog.items import NewItem
from contentlib.library.errors import NotWritable, QuotaExceeded
from contentlib.library.model import HeldAmount, Source, SourceEndpoint, library_owner, user_owner
from contentlib.library.ports import StorageSpace
from contentlib.library.sessions.allowances import TransferAllowance
from contentlib.library.sessions.update_files import NewFile
from library.world import LEASE, World

ANN = user_owner("ann")


async def _limit(world: World, owner: str, most_bytes: int | None = None, most_items: int | None = None) -> None:
    async with world.metadata.transaction(durable=False) as rows:
        await rows.quotas.limit(owner, most_bytes, most_items)


async def _held(world: World, owner: str = ANN) -> HeldAmount:
    async with world.metadata.reading() as rows:
        assert {each.owner: each.held for each in await rows.quotas.all() if any(each.held)} == await rows.quotas.sums()
        return (await rows.quotas.get(owner)).held


async def _started(world: World, most_bytes: int) -> str:
    """A session of a user with a quota."""
    item = await world.item()
    await _limit(world, ANN, most_bytes)
    return await world.update(item)


async def test_a_declared_file_beyond_the_quota_is_refused_with_quota_use_and_need(world: World) -> None:
    session = await _started(world, 10)
    await world.files.add(session, NewFile("a", Source.PUSH, 4))
    with pytest.raises(QuotaExceeded, match="quota of user ann is 10 bytes: 4 bytes are used or reserved, 7 more are needed"):
        await world.files.add(session, NewFile("b", Source.PUSH, 7))
    await world.files.add(session, NewFile("b", Source.PUSH, 6))
    assert await _held(world) == HeldAmount(0, 1, 10)


async def test_the_quota_of_the_library_is_named(world: World) -> None:
    library = await world.library()
    session = await world.update(await world.item(library))
    await _limit(world, library_owner(library), 3)
    with pytest.raises(QuotaExceeded, match=f"quota of library {library} is 3 bytes"):
        await world.files.add(session, NewFile("a", Source.PUSH, 4))


async def test_one_item_more_than_the_quota_is_refused(world: World) -> None:
    library = await world.library()
    await _limit(world, library_owner(library), most_items=1)
    item = await world.item(library)
    for refused in (world.item(library, "Other"), world.items.copy(item, NewItem(library, "Copy"), None, "ann")):
        with pytest.raises(QuotaExceeded, match="1 items exist, 1 more are needed"):
            await refused


async def test_what_is_reserved_is_held_once_the_session_completes(world: World) -> None:
    session = await _started(world, 4)
    await world.send(session, "a", b"1234", size=4)
    assert await _held(world) == HeldAmount(0, 1, 4)
    await world.completion.complete(session)
    assert await _held(world) == HeldAmount(4, 1, 0)


async def test_a_file_without_a_declared_size_reserves_what_comes(world: World) -> None:
    session = await _started(world, 100)
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    allowance = TransferAllowance(world.transfers, file)
    await allowance.cover(60)
    await allowance.cover(90)
    assert await _held(world) == HeldAmount(0, 1, 90)
    with pytest.raises(QuotaExceeded, match="90 bytes are used or reserved, 11 more"):
        await allowance.cover(101)


async def test_of_more_than_came_the_rest_is_given_back_when_the_file_is_complete(world: World) -> None:
    session = await _started(world, 100)
    file = await world.files.add(session, NewFile("a", Source.PUSH))
    await world.transfers.reserve(file, 100)
    await world.send_to(file, b"1234")
    assert await _held(world) == HeldAmount(0, 1, 4)


@pytest.mark.parametrize("ending", ["canceled", "failed", "expired"])
async def test_a_session_that_ends_gives_back_what_it_reserved(world: World, ending: str) -> None:
    session = await _started(world, 4)
    await world.send(session, "a", b"1234", size=4)
    if ending == "canceled":
        await world.updates.cancel(session)
    elif ending == "failed":
        await world.updates.fail(session, "no")
    else:
        world.wait(LEASE + 1)
        await world.updates.expire(session)
    assert await _held(world) == HeldAmount(0, 1, 0)


async def test_a_deleted_item_gives_back_what_its_session_reserved_and_counts_until_it_is_purged(world: World) -> None:
    session = await _started(world, 4)
    await world.files.add(session, NewFile("a", Source.PUSH, 4))
    await world.items.delete((await world.updates.get(session)).item, "ann")
    assert await _held(world) == HeldAmount(0, 1, 0)
    await world.collect()
    assert await _held(world) == HeldAmount()


async def test_a_new_version_counts_only_its_new_bytes(world: World) -> None:
    item = await world.item()
    await world.complete(item, {"large": b"1" * 100, "small": b"2"})
    await _limit(world, ANN, 110)
    await world.complete(item, {"small": b"3"})
    assert await _held(world) == HeldAmount(102, 1, 0)
    await world.collect(kept=1)
    assert await _held(world) == HeldAmount(101, 1, 0)


async def test_bytes_of_others_do_not_count_for_who_changes_another_file(world: World) -> None:
    item = await world.item()
    await world.complete(item, {"large": b"1" * 100})
    session = await world.updates.create("bob", "login", item, (), None)
    await world.send(session, "small", b"2")
    await world.completion.complete(session)
    await world.collect(kept=1)
    assert (await _held(world, user_owner("bob"))).bytes == 1
    assert (await _held(world)).bytes == 100


async def test_a_copy_counts_for_who_copies(world: World) -> None:
    library = await world.library()
    item = await world.item(library)
    await world.complete(item, {"a": b"1234"})
    await world.items.copy(item, NewItem(library, "Copy"), None, "bob")
    assert await _held(world, user_owner("bob")) == HeldAmount(4, 1, 0)
    await _limit(world, user_owner("bob"), 7)
    with pytest.raises(QuotaExceeded, match="quota of user bob is 7 bytes"):
        await world.items.copy(item, NewItem(library, "Another"), None, "bob")


async def test_a_limit_below_what_is_held_refuses_only_growth(world: World) -> None:
    item = await world.item()
    await world.complete(item, {"a": b"1234", "b": b"5"})
    session = await world.update(item)
    await world.send(session, "c", b"6")
    await _limit(world, ANN, 1)
    await world.completion.complete(session)
    await world.complete(item, {}, removed=("a",))
    with pytest.raises(QuotaExceeded):
        await world.complete(item, {"d": b"7"})


async def test_two_uploads_at_once_do_not_pass_the_quota_together(world: World) -> None:
    library = await world.library()
    sessions = [await world.update(await world.item(library, f"item {number}")) for number in range(8)]
    await _limit(world, library_owner(library), 30)
    added = [world.files.add(each, NewFile("a", Source.PUSH, 10)) for each in sessions]
    found = await asyncio.gather(*added, return_exceptions=True)
    assert sum(isinstance(each, QuotaExceeded) for each in found) == 5
    assert (await _held(world, library_owner(library))).reserved == 30


async def test_a_file_for_which_a_storage_has_no_space_is_refused_before_it_begins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await world.update(await world.item())
    monkeypatch.setattr(world.store, "space", lambda _: StorageSpace(100, 90))
    await world.files.add(session, NewFile("a", Source.PUSH, 10))
    text = "storage datastore-1 has 100 bytes free, of which 90 are reserved; 11 more are needed"
    for source in (Source.PUSH, Source.PULL):
        endpoint = SourceEndpoint("https://publisher.example/b") if source is Source.PULL else None
        with pytest.raises(NotWritable, match=text):
            await world.files.add(session, NewFile("b", source, 11, None, endpoint))


async def test_a_copy_for_which_a_storage_has_no_space_is_refused_before_it_begins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = await world.item()
    await world.complete(item, {"a": b"12345"})
    other = await world.library(datastore="datastore-2")
    monkeypatch.setattr(world.store, "space", lambda _: StorageSpace(100, 96))
    with pytest.raises(NotWritable, match="storage datastore-2 has 100 bytes free, of which 96 are reserved; 5 more"):
        await world.items.copy(item, NewItem(other, "Copy"), None, "ann")
    assert world.staged() == []
