"""Which permission wins, and from when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends import BACKEND
from contentlib.access.rights import Decisions
from contentlib.access.roles import BUILT_IN, EVERYBODY, PRIVILEGES
from contentlib.library.model import User
from contentlib.library.ports import Transaction
from contentlib.library.principals import ApiToken, Group, Permission, Role, group_key, user_key
from contracts.made import library
from whole import START, HandClock

LAB, OTHER = "lab", "other"
READ, UPLOAD, DOWNLOAD = "System.Read", "ContentLibrary.UpdateSession", "ContentLibrary.DownloadSession"


class World:
    """A database with two libraries, a user in a group in a group, and what the user may do there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = HandClock()
        self.metadata = BACKEND.open_rows(path)
        self.decisions = Decisions(self.metadata, self.clock)
        self._permissions = 0

    async def permit(self, principal: str, role: str, library: str | None = None) -> None:
        self._permissions += 1
        async with self.metadata.transaction(durable=False) as rows:
            await rows.permissions.add(Permission(str(self._permissions), principal, role, library))

    async def held(self, library: str, token: str = "") -> frozenset[str]:
        rights = await self.decisions.of("ann", token)
        assert rights is not None
        return rights.on(library) - EVERYBODY


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(BACKEND.new_rows(tmp_path))
    async with made.metadata.transaction(durable=False) as rows:
        await _fill(rows)
    yield made
    await made.metadata.close()


async def _fill(rows: Transaction) -> None:
    await rows.users.put(User("Ann", "ann", "hash"))
    for name in (LAB, OTHER):
        await rows.libraries.add(library(id=name, name=name))
    for name in ("inner", "outer"):
        await rows.groups.add(Group(name, name))
    await rows.groups.join("inner", user_key("ann"))
    await rows.groups.join("outer", group_key("inner"))


def _of(role: str) -> frozenset[str]:
    return frozenset(BUILT_IN[role].privileges)


ANN, INNER, OUTER = user_key("ann"), group_key("inner"), group_key("outer")


async def test_without_a_permission_nothing_is_allowed(world: World) -> None:
    assert await world.held(LAB) == frozenset()


async def test_a_permission_on_everything_is_one_on_each_library(world: World) -> None:
    await world.permit(OUTER, "content user")
    assert await world.held(LAB) == _of("content user")


async def test_a_permission_on_the_library_wins_over_one_on_everything(world: World) -> None:
    await world.permit(ANN, "content library administrator")
    await world.permit(OUTER, "content user", LAB)
    assert await world.held(LAB) == _of("content user")
    assert await world.held(OTHER) == _of("content library administrator")


async def test_no_access_on_a_library_takes_away_what_everything_gave(world: World) -> None:
    await world.permit(ANN, "administrator")
    await world.permit(ANN, "no access", LAB)
    assert await world.held(LAB) == frozenset()
    rights = await world.decisions.of("ann")
    assert rights is not None
    assert not rights.total


async def test_the_permissions_of_groups_add_up(world: World) -> None:
    await world.permit(INNER, "registry of subscriptions", LAB)
    await world.permit(OUTER, "content user", LAB)
    assert await world.held(LAB) == _of("registry of subscriptions") | _of("content user")


async def test_a_permission_of_the_user_wins_over_those_of_groups_on_the_same_level(world: World) -> None:
    await world.permit(INNER, "content publisher", LAB)
    await world.permit(ANN, "content user", LAB)
    assert await world.held(LAB) == _of("content user")


async def test_a_group_on_the_library_wins_over_the_user_on_everything(world: World) -> None:
    await world.permit(ANN, "content publisher")
    await world.permit(OUTER, "no access", LAB)
    assert await world.held(LAB) == frozenset()


async def test_a_role_of_ones_own_gives_its_privileges_as_long_as_it_is_there(world: World) -> None:
    await world.permit(ANN, "looker")
    assert await world.held(LAB) == frozenset()
    async with world.metadata.transaction(durable=False) as rows:
        await rows.roles.add(Role("Looker", "looker", (READ, "No.Such")))
    assert await world.held(LAB) == {READ}


async def test_a_token_only_narrows(world: World) -> None:
    await world.permit(ANN, "content user")
    async with world.metadata.transaction(durable=False) as rows:
        await rows.api_tokens.add(ApiToken("t", "h", "ann", "t", START, role="content publisher"))
    assert await world.held(LAB, "t") == _of("content user")


async def test_a_token_of_some_libraries_may_nothing_elsewhere(world: World) -> None:
    await world.permit(ANN, "administrator")
    async with world.metadata.transaction(durable=False) as rows:
        await rows.api_tokens.add(ApiToken("t", "h", "ann", "t", START, role="content user", libraries=(LAB,)))
    assert await world.held(LAB, "t") == _of("content user")
    assert await world.held(OTHER, "t") == frozenset()
    rights = await world.decisions.of("ann", "t")
    assert rights is not None
    assert (rights.total, rights.everything) == (False, EVERYBODY)


async def test_a_token_ends_at_its_time(world: World) -> None:
    async with world.metadata.transaction(durable=False) as rows:
        await rows.api_tokens.add(ApiToken("t", "h", "ann", "t", START, expires=START + 1000))
    assert await world.decisions.of("ann", "t") is not None
    world.clock.pass_seconds(1)
    assert await world.decisions.of("ann", "t") is None


async def test_a_token_of_another_user_gives_nothing(world: World) -> None:
    async with world.metadata.transaction(durable=False) as rows:
        await rows.api_tokens.add(ApiToken("t", "h", "bob", "t", START))
    assert await world.decisions.of("ann", "t") is None


async def test_a_user_who_is_disabled_has_no_rights_from_the_next_call_on(world: World) -> None:
    assert await world.decisions.of("ann") is not None
    async with world.metadata.transaction(durable=False) as rows:
        await rows.users.put(User("Ann", "ann", "hash", enabled=False))
    assert await world.decisions.of("ann") is None


async def test_a_change_by_another_process_holds_from_the_next_call_on(world: World) -> None:
    await world.permit(ANN, "content user")
    assert READ in await world.held(LAB)
    other = BACKEND.open_rows(world.path)
    async with other.transaction(durable=False) as rows:
        await rows.permissions.put(Permission("1", ANN, "no access"))
    assert await world.held(LAB) == frozenset()
    async with other.transaction(durable=False) as rows:
        await rows.permissions.put(Permission("1", ANN, "no access"))
        await rows.permissions.add(Permission("9", OUTER, "content user", LAB))
    assert await world.held(LAB) == _of("content user")
    async with other.transaction(durable=False) as rows:
        await rows.groups.leave(INNER, "outer")
    assert await world.held(LAB) == frozenset()
    await other.close()


async def test_rights_are_read_once_and_then_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.permit(ANN, "content user")
    await world.held(LAB)
    monkeypatch.setattr(world.metadata, "reading", None)
    assert await world.held(LAB) == _of("content user")


async def test_the_administrator_has_every_privilege_on_every_library(world: World) -> None:
    await world.permit(OUTER, "administrator")
    await world.permit(ANN, "administrator", LAB)
    rights = await world.decisions.of("ann")
    assert rights is not None
    assert rights.total
    assert rights.on(LAB) >= PRIVILEGES


async def test_a_change_that_is_not_committed_yet_counts_for_the_next_writer(world: World) -> None:
    assert await world.decisions.of("ann") is not None

    async def disable() -> None:
        async with world.metadata.transaction(durable=False) as rows:
            await rows.users.put(User("Ann", "ann", "hash", enabled=False))

    async def may_write() -> bool:
        async with world.metadata.transaction(durable=False) as rows:
            return await world.decisions.is_writer(rows, "ann", "")

    assert await may_write()
    assert (await asyncio.gather(disable(), may_write()))[1] is False
