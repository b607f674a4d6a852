"""Manages groups of users and groups. No group is a member of itself."""

from __future__ import annotations

from msgspec.structs import replace

from contentlib.access import messages
from contentlib.access.administrators import check_administered
from contentlib.access.external import LONGEST_GROUP, SOURCE_FORM, comparable
from contentlib.access.users import find_user
from contentlib.library.errors import FromOutside, Invalid, ItemNameTaken, Missing
from contentlib.library.messages import EMPTY, TOO_LONG
from contentlib.library.model import User
from contentlib.library.names import check_description, check_name, check_text, fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import Group, group_key, group_of, user_key, user_of

KIND = "group"


class Groups:
    """The operations on groups."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def create(self, name: str, description: str, outside: tuple[str | None, str | None] = (None, None)) -> str:
        """Creates a group and answers its name; Taken where there is one of that name.

        `outside` is a provider and the name of its group whose users become members when they log in.
        """
        source, external = _checked_mapping("spec.", *outside)
        described = check_description("spec.description", description)
        group = Group(check_name("spec.name", name), fold(name), described, source, external)
        async with self._metadata.transaction(durable=True) as transaction:
            if await transaction.groups.get(group.folded_name) is not None:
                raise ItemNameTaken(messages.GROUP_TAKEN(name=name))
            await _check_mapping_free(transaction, group)
            await transaction.groups.add(group)
        return name

    async def get(self, name: str) -> tuple[Group, list[User | Group]]:
        """A group and its own members."""
        async with self._metadata.reading() as transaction:
            group = await find_group(transaction, name)
            members = [await _member(transaction, each) for each in await transaction.groups.members(group.folded_name)]
        return group, [each for each in members if each is not None]

    async def all(self) -> list[Group]:
        """All groups, by name."""
        async with self._metadata.reading() as transaction:
            return await transaction.groups.all()

    async def describe(self, name: str, description: str) -> None:
        """Changes the description of a group."""
        check_description("description", description)
        async with self._metadata.transaction(durable=True) as transaction:
            await transaction.groups.put(replace(await find_group(transaction, name), description=description))

    async def map(self, name: str, outside: tuple[str | None, str | None]) -> None:
        """Maps a group to a provider's group in place of the one before, or to none; memberships by the one before end."""
        source, external = _checked_mapping("", *outside)
        async with self._metadata.transaction(durable=True) as transaction:
            group = await find_group(transaction, name)
            changed = replace(group, source=source, external_name=external)
            if changed == group:
                return
            await _check_mapping_free(transaction, changed)
            if group.source is not None:
                for member in await transaction.groups.members(group.folded_name, group.source):
                    await transaction.groups.leave(member, group.folded_name, group.source)
            await transaction.groups.put(changed)
            await check_administered(transaction)

    async def remove(self, name: str) -> None:
        """Removes a group with its permissions and memberships; its members stay."""
        async with self._metadata.transaction(durable=True) as transaction:
            group = await find_group(transaction, name)
            await transaction.groups.leave(group_key(group.folded_name))
            await transaction.permissions.remove_of(group_key(group.folded_name))
            await transaction.groups.remove(group.folded_name)
            await check_administered(transaction)

    async def join(self, name: str, member: str, *, is_group: bool) -> None:
        """Makes a user or a group a member; one that is a member stays so. Invalid where that closes a circle."""
        async with self._metadata.transaction(durable=True) as transaction:
            group = await find_group(transaction, name)
            principal = await find_principal(transaction, member, is_group=is_group)
            inner = group_of(principal)
            above = await transaction.groups.groups_of(group_key(group.folded_name))
            if inner is not None and inner in (group.folded_name, *above):
                raise Invalid(messages.GROUP_CYCLE(field="member", inner=member, outer=group.name))
            await transaction.groups.join(group.folded_name, principal)

    async def leave(self, name: str, member: str, *, is_group: bool) -> None:
        """Ends a membership that is kept here. Raises Missing if there is none, and FromOutside if a provider asserts it."""
        async with self._metadata.transaction(durable=True) as transaction:
            group = await find_group(transaction, name)
            principal = group_key(fold(member)) if is_group else user_key(fold(member))
            if principal not in await transaction.groups.members(group.folded_name, ""):
                await _refuse_asserted(transaction, group, principal, member)
                raise Missing("member", member)
            await transaction.groups.leave(principal, group.folded_name, "")
            await check_administered(transaction)


async def find_group(transaction: Transaction, name: str) -> Group:
    """The group, or Missing."""
    group = await transaction.groups.get(fold(name))
    if group is None:
        raise Missing(KIND, name)
    return group


async def find_principal(transaction: Transaction, name: str, *, is_group: bool) -> str:
    """The principal that a user or a group is, or Missing."""
    if is_group:
        return group_key((await find_group(transaction, name)).folded_name)
    return user_key((await find_user(transaction, name)).folded_name)


def _checked_mapping(spec: str, source: str | None, external: str | None) -> tuple[str | None, str | None]:
    """The mapping, checked; fields are named with `spec` before them."""
    if source is None and external is None:
        return None, None
    for field, given in ((f"{spec}source", source), (f"{spec}external_name", external)):
        if given is None:
            raise Invalid(messages.EXTERNAL_GROUP_HALF(field=field))
    if not SOURCE_FORM.fullmatch(str(source)):
        raise Invalid(messages.EXTERNAL_GROUP_FORM(field=f"{spec}source", given=str(source)[:80]))
    return source, _checked_external(f"{spec}external_name", str(external))


def _checked_external(field: str, name: str) -> str:
    if not name:
        raise Invalid(EMPTY(field=field))
    if len(name) > LONGEST_GROUP:
        raise Invalid(TOO_LONG(field=field, length=len(name), most=LONGEST_GROUP))
    return check_text(field, name)


async def _check_mapping_free(transaction: Transaction, group: Group) -> None:
    """Checks that no other group has the mapping of a group."""
    if group.source is None:
        return
    wanted = comparable(group.source, str(group.external_name))
    for each in await transaction.groups.of_source(group.source):
        if each.folded_name != group.folded_name and comparable(group.source, str(each.external_name)) == wanted:
            external = str(each.external_name)
            raise ItemNameTaken(messages.EXTERNAL_GROUP_TAKEN(external=external, provider=group.source, name=each.name))


async def _refuse_asserted(transaction: Transaction, group: Group, principal: str, member: str) -> None:
    user = user_of(principal)
    found = None if user is None else await transaction.users.get(user)
    if found is not None and found.source and principal in await transaction.groups.members(group.folded_name, found.source):
        raise FromOutside(messages.EXTERNAL_MEMBERSHIP(member=member, group=group.name, provider=found.source))


async def _member(transaction: Transaction, principal: str) -> User | Group | None:
    user, group = user_of(principal), group_of(principal)
    if user is not None:
        return await transaction.users.get(user)
    return await transaction.groups.get(str(group))
