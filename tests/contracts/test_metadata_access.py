"""What every metadata store owes for groups, roles, permissions, tokens and last uses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from contentlib.library.model import Login, User
from contentlib.library.ports import AccessStore, Transaction
from contentlib.library.principals import ApiToken, Group, LastUse, Permission, Role, group_key, user_key
from contracts import made
from contracts.made import library

ANN, BOB = user_key("ann"), user_key("bob")


async def test_groups_are_found_through_groups_and_a_cycle_ends(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        for name in ("a", "b", "c", "d"):
            await rows.groups.add(Group(name.upper(), name))
        for group, member in [("a", ANN), ("b", group_key("a")), ("c", group_key("b")), ("a", group_key("c")), ("d", BOB)]:
            await rows.groups.join(group, member)
            await rows.groups.join(group, member)
        assert await rows.groups.groups_of(ANN) == ["a", "b", "c"]
        assert await rows.groups.groups_of(BOB) == ["d"]
        assert await rows.groups.users_in("c") == ["ann"]
        assert await rows.groups.members("a") == [group_key("c"), ANN]


async def test_a_principal_leaves_one_group_or_all(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        for group in ("a", "b"):
            await rows.groups.join(group, ANN)
            await rows.groups.join(group, BOB)
        await rows.groups.leave(ANN, "a")
        assert await rows.groups.groups_of(ANN) == ["b"]
        await rows.groups.leave(BOB)
        assert await rows.groups.groups_of(BOB) == []


async def test_a_group_that_leaves_takes_its_members_along(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        await rows.groups.join("a", ANN)
        await rows.groups.join("b", group_key("a"))
        await rows.groups.leave(group_key("a"))
        assert await rows.groups.members("a") == []
        assert await rows.groups.members("b") == []


async def test_a_membership_of_one_source_ends_without_those_of_others(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        for source in ("", "oidc:one", "oidc:one", "ldap:two"):
            await rows.groups.join("a", ANN, source)
        await rows.groups.join("b", ANN, "oidc:one")
        assert await rows.groups.asserted(ANN, "oidc:one") == ["a", "b"]
        assert await rows.groups.members("a") == [ANN]
        await rows.groups.leave(ANN, "a", "oidc:one")
        assert await rows.groups.asserted(ANN, "oidc:one") == ["b"]
        assert await rows.groups.members("a", "oidc:one") == []
        assert await rows.groups.members("a", "ldap:two") == [ANN]
        assert await rows.groups.groups_of(ANN) == ["a", "b"]
        await rows.groups.leave(ANN)
        assert await rows.groups.groups_of(ANN) == []


async def test_the_groups_of_a_source_are_those_that_are_mapped(store: AccessStore) -> None:
    mapped = Group("a", "a", source="oidc:one", external_name="/staff")
    async with store.transaction(durable=False) as rows:
        for each in (mapped, Group("b", "b"), Group("c", "c", source="ldap:two", external_name="/staff")):
            await rows.groups.add(each)
        assert await rows.groups.of_source("oidc:one") == [mapped]
        assert await rows.groups.of_source("oidc:other") == []


async def test_a_user_from_outside_is_found_by_source_and_subject(store: AccessStore) -> None:
    ann = User("ann@one", "ann@one", source="oidc:one", subject="4711")
    async with store.transaction(durable=False) as rows:
        for each in (ann, User("ann@two", "ann@two", source="oidc:two", subject="4711"), User("bob", "bob")):
            await rows.users.put(each)
        assert await rows.users.from_outside("oidc:one", "4711") == ann
        assert await rows.users.from_outside("oidc:one", "4712") is None


async def test_a_login_at_a_provider_is_used_once_and_forgotten_later(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        assert await rows.used_logins.use("first", 100, 50)
        assert not await rows.used_logins.use("first", 100, 60)
        assert await rows.used_logins.use("second", 900, 101)  # by then the first has expired
        assert await rows.used_logins.use("first", 100, 102)


async def test_groups_and_roles_are_replaced_removed_and_listed_by_name(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        for name in ("b", "a"):
            await rows.groups.add(Group(name, name))
            await rows.roles.add(Role(name, name, ("System.Read",)))
        await rows.groups.put(Group("a", "a", "the first", source="ldap"))
        await rows.roles.put(Role("a", "a", ("System.Read", "ContentLibrary.SyncLibrary"), "syncs"))
        assert await rows.groups.all() == [Group("a", "a", "the first", source="ldap"), Group("b", "b")]
        assert await rows.roles.get("a") == Role("a", "a", ("System.Read", "ContentLibrary.SyncLibrary"), "syncs")
        await rows.groups.remove("a")
        await rows.roles.remove("a")
        assert [each.name for each in await rows.groups.all()] == ["b"]
        assert [each.name for each in await rows.roles.all()] == ["b"]


async def test_permissions_reach_a_user_directly_and_by_groups(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        await rows.libraries.add(library(id="lab"))
        await rows.groups.join("inner", ANN)
        await rows.groups.join("outer", group_key("inner"))
        own = Permission("1", ANN, "auditor")
        by_group = Permission("2", group_key("outer"), "content user", "lab")
        for each in (own, by_group, Permission("3", BOB, "auditor")):
            await rows.permissions.add(each)
        assert sorted(each.id for each in await rows.permissions.reaching("ann")) == ["1", "2"]
        assert await rows.permissions.find(ANN, None) == own
        assert await rows.permissions.find(group_key("outer"), "lab") == by_group
        assert await rows.permissions.find(ANN, "lab") is None
        assert [each.id for each in await rows.permissions.all()] == ["1", "3", "2"]
        assert [each.id for each in await rows.permissions.all(library="lab")] == ["2"]
        assert [each.id for each in await rows.permissions.all(role="auditor")] == ["1", "3"]
        assert [each.id for each in await rows.permissions.on_everything("auditor")] == ["1", "3"]


async def test_a_permission_is_replaced_and_removed_with_its_principal(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        await rows.permissions.add(Permission("1", ANN, "auditor"))
        await rows.permissions.put(Permission("1", ANN, "content user"))
        assert await rows.permissions.get("1") == Permission("1", ANN, "content user")
        await rows.permissions.remove_of(ANN)
        assert await rows.permissions.all() == []


async def test_tokens_are_those_of_a_user_in_order_of_creation(store: AccessStore) -> None:
    second = ApiToken("2", "h2", "ann", "second", 20, expires=99, role="content user", libraries=("lab",))
    async with store.transaction(durable=False) as rows:
        for each in (second, ApiToken("1", "h1", "ann", "first", 10), ApiToken("3", "h3", "bob", "his", 5)):
            await rows.api_tokens.add(each)
        assert [each.id for each in await rows.api_tokens.all("ann")] == ["1", "2"]
        assert [each.id for each in await rows.api_tokens.all()] == ["3", "1", "2"]
        assert await rows.api_tokens.get("2") == second
        await rows.api_tokens.remove("2")
        assert await rows.api_tokens.get("2") is None


async def test_a_last_use_never_goes_back(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        for time, address in [(10, "first"), (20, "last"), (15, "late news")]:
            await rows.last_uses.note(LastUse("1", time, address))
        assert await rows.last_uses.get("1") == LastUse("1", 20, "last")
        await rows.last_uses.forget(["1", "2"])
        assert await rows.last_uses.get("1") is None


async def test_users_are_listed_by_name_and_removed(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        for name in ("Bob", "ann"):
            await rows.users.put(User(name, name.lower()))
        assert [each.name for each in await rows.users.all()] == ["ann", "Bob"]
        await rows.users.remove("BOB")
        assert await rows.users.get("bob") is None


async def test_the_sessions_of_a_user_or_of_a_token_end(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        for name, user, token in [("a", "ann", None), ("b", "ann", "t1"), ("c", "ann", "t2"), ("d", "bob", None)]:
            await rows.logins.add(Login(name, user, 1, 1, token))
        await rows.logins.end("ann", api_token="t1")
        assert [each.token_hash for each in await rows.logins.all()] == ["a", "c", "d"]
        await rows.logins.end("ann", but="c")
        assert [each.token_hash for each in await rows.logins.all()] == ["c", "d"]


async def test_the_sessions_from_a_session_at_a_provider_end(store: AccessStore) -> None:
    async with store.transaction(durable=False) as rows:
        for name, there in [("a", "one"), ("b", "two"), ("c", "one"), ("d", None)]:
            await rows.logins.add(Login(name, "ann", 1, 1, provider_session=there))
        await rows.logins.end_from("one")
        assert [each.token_hash for each in await rows.logins.all()] == ["b", "d"]


async def test_the_generation_rises_with_each_change_of_any_process(
    store: AccessStore, another: Callable[[], AccessStore]
) -> None:
    other = another()
    seen = [await made.generation(store)]
    changes: tuple[Callable[[Transaction], Awaitable[None]], ...] = (
        lambda rows: rows.users.put(User("ann", "ann")),
        lambda rows: rows.groups.add(Group("a", "a")),
        lambda rows: rows.groups.join("a", ANN),
        lambda rows: rows.roles.add(Role("r", "r", ())),
        lambda rows: rows.permissions.add(Permission("1", ANN, "r")),
        lambda rows: rows.permissions.put(Permission("1", ANN, "auditor")),
        lambda rows: rows.groups.leave(ANN),
        lambda rows: rows.api_tokens.add(ApiToken("1", "h", "ann", "t", 1)),
        lambda rows: rows.users.put(replace(User("ann", "ann"), enabled=False)),
    )
    for change in changes:
        async with other.transaction(durable=False) as rows:
            await change(rows)
        seen.append(await made.generation(store))
    assert seen == sorted(set(seen))


async def test_the_generation_of_logins_rises_with_each_change_of_any_process(
    store: AccessStore, another: Callable[[], AccessStore]
) -> None:
    other = another()
    seen = [store.login_generation()]
    changes: tuple[Callable[[Transaction], Awaitable[None]], ...] = (
        lambda rows: rows.logins.add(Login("a", "ann", 1, 1)),
        lambda rows: rows.logins.trim("ann", 0),
        lambda rows: rows.logins.add(Login("b", "ann", 1, 1)),
        lambda rows: rows.logins.remove("b"),
    )
    for change in changes:
        async with other.transaction(durable=False) as rows:
            await change(rows)
        seen.append(store.login_generation())
    known = [each for each in seen if each is not None]
    assert known == sorted(set(known))
    assert len(known) in (0, len(seen))  # a store knows all of them, or tells so


async def test_the_generation_stays_while_users_only_log_in(store: AccessStore) -> None:
    before = await made.generation(store)
    async with store.transaction(durable=False) as rows:
        await rows.logins.add(Login("a", "ann", 1, 1))
        await rows.last_uses.note(LastUse(ANN, 1, "192.0.2.1"))
    assert await made.generation(store) == before
