"""Client tokens: the same call again makes the same thing again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from contentlib.library.catalog.items import NewItem
from contentlib.library.errors import Invalid, ItemNameTaken
from contentlib.library.idempotence import check_token
from contentlib.library.model import Token
from library.world import World, token

Make = Callable[[World, Token], Awaitable[str]]


async def _item(world: World) -> str:
    found = await world.items.find({}, True)
    return found[0] if found else await world.item()


async def _item_in_library(world: World, given: Token) -> str:
    found = await world.libraries.ids()
    return await world.item(found[0] if found else await world.library(), "Other", given)


async def _copy(world: World, given: Token) -> str:
    item = await world.items.get(await _item(world))
    return await world.items.copy(item.id, NewItem(item.library, "Copy"), given)


async def _update(world: World, given: Token) -> str:
    return await world.update(await _item(world), given)


async def _download(world: World, given: Token) -> str:
    return await world.download(await _item(world), given)


ALL = pytest.mark.parametrize("make", [World.library_of, _item_in_library, _copy, _update, _download])


@ALL
async def test_the_same_token_is_the_same_thing_also_after_a_restart(world: World, make: Make) -> None:
    made = await make(world, token())
    assert await make(world, token()) == made
    again = await world.reopened()
    assert await make(again, token()) == made
    await again.metadata.close()


@ALL
async def test_two_calls_at_once_make_one_thing(world: World, make: Make) -> None:
    await _item(world)
    assert len(set(await asyncio.gather(*[make(world, token()) for _ in range(6)]))) == 1


@ALL
async def test_two_processes_make_one_thing(world: World, make: Make) -> None:
    await _item(world)
    other = World(world.directory, world.clock)
    assert len(set(await asyncio.gather(*[make(each, token()) for each in (world, other) for _ in range(3)]))) == 1
    await other.metadata.close()


async def test_another_token_user_or_operation_makes_another_thing(world: World) -> None:
    tokens = [token(), token(2), token(user="bob"), token(operation="copy")]
    assert len({await world.library_of(each) for each in tokens}) == 4


async def test_the_case_of_a_token_does_not_matter(world: World) -> None:
    value = token().value
    assert check_token("ann", "create", value.upper()) == token()


async def test_a_call_that_failed_leaves_its_token_free(world: World) -> None:
    library = await world.library()
    item = await world.item(library)
    with pytest.raises(ItemNameTaken):
        await world.item(library, token=token())
    await world.items.delete(item)
    assert await world.item(library, token=token()) != item


@pytest.mark.parametrize(
    "value",
    ["", "x", "b8a2a2e3-2314-43cd-a871-6ede0f42975", "b8a2a2e3231443cda8716ede0f429751", f"{token().value}\n", "\ud800"],
    ids=ascii,
)
def test_what_is_no_uuid_is_no_token(value: str) -> None:
    with pytest.raises(Invalid, match="client_token must be a UUID"):
        check_token("ann", "create", value)


def test_no_token_is_no_token() -> None:
    assert check_token("ann", "create", None) is None
