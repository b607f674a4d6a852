"""Usages of libraries, and what they protect."""

from __future__ import annotations

import pytest

from contentlib.library.catalog.libraries import LibraryChange
from contentlib.library.errors import InUse, Invalid, ItemNameTaken, Missing
from library.world import World

VM = "urn:vmomi:vm:vm-12"
SUPERVISOR = "urn:vmomi:supervisor:sup-1:0"


async def test_usages_are_listed_in_order_until_they_are_removed(world: World) -> None:
    library = await world.library()
    first = await world.usages.add(library, VM)
    world.wait(1)
    second = await world.usages.add(library, SUPERVISOR)
    assert [(each.id, each.urn) for each in await world.usages.of(library)] == [(first, VM), (second, SUPERVISOR)]
    assert (await world.usages.get(library, second)).created == world.clock.now()
    await world.usages.remove(library, first)
    assert [each.id for each in await world.usages.of(library)] == [second]


@pytest.mark.parametrize(
    "urn", ["", "vm-12", "urn:vmomi:vm", "urn:vmomi:vm:", "urn::vm:1", "urn:vmomi:vm:a b", "1:a:b:c", "u:a:b:é"]
)
async def test_a_name_that_is_none_is_refused(world: World, urn: str) -> None:
    library = await world.library()
    with pytest.raises(Invalid, match=r"spec\.resource_urn must be"):
        await world.usages.add(library, urn)
    assert await world.usages.of(library) == []


async def test_a_resource_uses_a_library_once(world: World) -> None:
    library, other = await world.library(), await world.library()
    usage = await world.usages.add(library, VM)
    with pytest.raises(ItemNameTaken, match=usage):
        await world.usages.add(library, VM)
    await world.usages.add(other, VM)


async def test_a_usage_is_found_in_its_own_library_only(world: World) -> None:
    library, other = await world.library(), await world.library()
    usage = await world.usages.add(library, VM)
    for find in (world.usages.get, world.usages.remove):
        with pytest.raises(Missing, match="library usage"):
            await find(other, usage)
        with pytest.raises(Missing, match="library 'nobody'"):
            await find("nobody", usage)
    with pytest.raises(Missing):
        await world.usages.of("nobody")
    with pytest.raises(Missing):
        await world.usages.add("nobody", VM)


async def test_a_library_in_use_is_not_deleted_and_its_users_are_named(world: World) -> None:
    library = await world.library()
    usage = await world.usages.add(library, VM)
    with pytest.raises(InUse, match=f"in use by {VM}"):
        await world.libraries.delete(library)
    await world.usages.remove(library, usage)
    await world.libraries.delete(library)
    with pytest.raises(Missing):
        await world.libraries.get(library)


async def test_only_some_of_many_users_are_named(world: World) -> None:
    library = await world.library()
    for number in range(12):
        await world.usages.add(library, f"urn:vmomi:vm:vm-{number}")
    with pytest.raises(InUse, match=r"and 2 more$"):
        await world.libraries.delete(library)


async def test_force_deletes_a_library_in_use_and_its_usages_go_with_it(world: World) -> None:
    library = await world.library()
    usage = await world.usages.add(library, VM)
    await world.libraries.delete(library, force=True)
    world.wait(1)
    await world.collect()
    async with world.metadata.reading() as transaction:
        assert await transaction.usages.get(usage) is None


async def test_items_of_a_library_in_use_are_protected_where_it_says_so(world: World) -> None:
    library = await world.library()
    free, kept = await world.item(library, "free"), await world.item(library, "kept")
    usage = await world.usages.add(library, VM)
    await world.items.delete(free)
    await world.libraries.update(library, LibraryChange(apply_usage_to_items=True))
    with pytest.raises(InUse, match=f"cannot delete library item 'kept': .* {VM}"):
        await world.items.delete(kept)
    await world.usages.remove(library, usage)
    await world.items.delete(kept)
