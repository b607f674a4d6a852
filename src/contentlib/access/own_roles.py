"""Manages roles that administrators add to the built-in ones."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from contentlib.access import messages
from contentlib.access.roles import ADMINISTRATORS_ONLY, BUILT_IN, PRIVILEGES, find_role
from contentlib.library.errors import BuiltIn, InUse, Invalid, ItemNameTaken, Missing
from contentlib.library.names import check_description, check_name, fold
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import Role

KIND = "role"


class OwnRoles:
    """The operations on roles."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def create(self, name: str, privileges: Iterable[str], description: str) -> str:
        """Creates a role and answers its name; Taken where there is one of that name."""
        check_description("spec.description", description)
        role = Role(check_name("spec.name", name), fold(name), _checked(privileges), description)
        async with self._metadata.transaction(durable=True) as transaction:
            if await find_role(transaction, name) is not None:
                raise ItemNameTaken(messages.ROLE_TAKEN(name=name))
            await transaction.roles.add(role)
        return name

    async def get(self, name: str) -> Role:
        """A role, built in or not."""
        async with self._metadata.reading() as transaction:
            return await known_role(transaction, name)

    async def all(self) -> list[Role]:
        """The roles that are built in, then the others by name."""
        async with self._metadata.reading() as transaction:
            return [*BUILT_IN.values(), *await transaction.roles.all()]

    async def update(self, name: str, privileges: Iterable[str] | None, description: str | None) -> None:
        """Changes what is given, for all who have the role."""
        checked = None if privileges is None else _checked(privileges)
        if description is not None:
            check_description("spec.description", description)
        async with self._metadata.transaction(durable=True) as transaction:
            role = await _changeable(transaction, name)
            await transaction.roles.put(
                replace(
                    role,
                    privileges=role.privileges if checked is None else checked,
                    description=role.description if description is None else description,
                )
            )

    async def remove(self, name: str) -> None:
        """Removes a role; InUse while a permission or a token has it."""
        async with self._metadata.transaction(durable=True) as transaction:
            role = await _changeable(transaction, name)
            used = await transaction.permissions.all(role=role.folded_name)
            narrowing = [each for each in await transaction.api_tokens.all() if each.role == role.folded_name]
            if used or narrowing:
                raise InUse(messages.ROLE_IN_USE(name=role.name, permissions=len(used), tokens=len(narrowing)))
            await transaction.roles.remove(role.folded_name)


async def known_role(transaction: Transaction, name: str) -> Role:
    """The role, or Missing."""
    role = await find_role(transaction, name)
    if role is None:
        raise Missing(KIND, name)
    return role


async def _changeable(transaction: Transaction, name: str) -> Role:
    role = await known_role(transaction, name)
    if role.folded_name in BUILT_IN:
        raise BuiltIn(role.name)
    return role


def _checked(privileges: Iterable[str]) -> tuple[str, ...]:
    wanted = sorted(set(privileges))
    unknown = [each for each in wanted if each not in PRIVILEGES]
    if unknown:
        raise Invalid(messages.UNKNOWN_PRIVILEGE(field="spec.privileges", given=unknown[0][:80]))
    for each in wanted:
        if each in ADMINISTRATORS_ONLY:
            raise Invalid(messages.ADMINISTRATORS_PRIVILEGE(field="spec.privileges", given=each))
    return tuple(wanted)
