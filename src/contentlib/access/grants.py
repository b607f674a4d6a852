"""Manages permissions: a role for a user or a group, on a library or everywhere. No one grants more than they have."""

from __future__ import annotations

from contentlib.access.administrators import check_administered
from contentlib.access.groups import find_principal
from contentlib.access.own_roles import known_role
from contentlib.access.rights import Rights, privileges_of
from contentlib.access.roles import MODIFY_PERMISSIONS
from contentlib.library.catalog.libraries import find_library
from contentlib.library.errors import Missing, NotGrantable
from contentlib.library.identifiers import new_identifier
from contentlib.library.ports import MetadataStore, Transaction
from contentlib.library.principals import Permission

KIND = "permission"


class Grants:
    """The operations on permissions; `rights` are those of the caller."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def set(self, rights: Rights, name: str, role: str, library: str | None, *, is_group: bool) -> str:
        """Gives a principal a role on a library or, without one, on everything, in place of the one that it has there.

        NotGrantable where either role has a privilege that the caller has not.
        """
        async with self._metadata.transaction(durable=True) as transaction:
            if library is not None:
                await find_library(transaction, library)
            principal = await find_principal(transaction, name, is_group=is_group)
            wanted = (await known_role(transaction, role)).folded_name
            await _check_covered(transaction, rights, wanted, library)
            before = await transaction.permissions.find(principal, library)
            if before is None:
                made = Permission(new_identifier(), principal, wanted, library)
                await transaction.permissions.add(made)
            else:
                await _check_covered(transaction, rights, before.role, library)
                made = Permission(before.id, principal, wanted, library)
                await transaction.permissions.put(made)
            if library is None:
                await check_administered(transaction)
        return made.id

    async def get(self, identifier: str) -> Permission:
        """A permission."""
        async with self._metadata.reading() as transaction:
            return await _find(transaction, identifier)

    async def all(self, library: str | None) -> list[Permission]:
        """All permissions, or those on a library."""
        async with self._metadata.reading() as transaction:
            if library is not None:
                await find_library(transaction, library)
            return await transaction.permissions.all(library)

    async def remove(self, rights: Rights, identifier: str) -> None:
        """Takes a permission away; NotGrantable where its role has a privilege that the caller has not."""
        async with self._metadata.transaction(durable=True) as transaction:
            permission = await _find(transaction, identifier)
            await _check_covered(transaction, rights, permission.role, permission.library)
            await transaction.permissions.remove(identifier)
            if permission.library is None:
                await check_administered(transaction)


async def _find(transaction: Transaction, identifier: str) -> Permission:
    permission = await transaction.permissions.get(identifier)
    if permission is None:
        raise Missing(KIND, identifier)
    return permission


async def _check_covered(transaction: Transaction, rights: Rights, role: str, library: str | None) -> None:
    held = rights.everything if library is None else rights.on(library) | _everywhere(rights)
    lacking = sorted(await privileges_of(transaction, role) - held)
    if lacking:
        raise NotGrantable(role, lacking[0])


def _everywhere(rights: Rights) -> frozenset[str]:
    """Those who may change permissions on everything go on to change them on a library that is closed to them."""
    return rights.everything if MODIFY_PERMISSIONS in rights.everything else frozenset()
