"""Keeps a server from losing its last administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator

from contentlib.access.rights import rights_of
from contentlib.access.roles import PRIVILEGES
from contentlib.library.errors import LastAdministrator
from contentlib.library.ports import Transaction
from contentlib.library.principals import ADMINISTRATOR, group_of, user_of


async def check_administered(transaction: Transaction) -> None:
    """LastAdministrator where a change, of which this is the end, leaves no enabled user who administers everything.

    A user without a password does not count: without API tokens, only an identity provider could let the user in, and it may be
    down, or withdraw the user's groups.
    """
    async for user in _candidates(transaction):
        found = await transaction.users.get(user)
        if found is None or not found.enabled or not found.password_hash:
            continue
        rights = await rights_of(transaction, user)
        if rights is not None and rights.everything >= PRIVILEGES:
            return
    raise LastAdministrator()


async def _candidates(transaction: Transaction) -> AsyncIterator[str]:
    """The users whom a permission makes administrators of everything, if no nearer one does otherwise."""
    for permission in await transaction.permissions.on_everything(ADMINISTRATOR):
        user, group = user_of(permission.principal), group_of(permission.principal)
        if user is not None:
            yield user
        for member in [] if group is None else await transaction.groups.users_in(group):
            yield member
