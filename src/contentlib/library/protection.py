"""Checks whether a library may be deleted or changed."""

from __future__ import annotations

from contentlib.library import messages
from contentlib.library.errors import InUse, WrongState
from contentlib.library.model import Library
from contentlib.library.ports import Transaction

_NAMED = 10  # users that a message names


async def check_unused(transaction: Transaction, library: Library, thing: str) -> None:
    """Raises InUse, naming the users, if the library of the object to delete is in use."""
    users = [each.urn for each in await transaction.usages.of(library.id)]
    if users:
        more = len(users) - _NAMED
        if more <= 0:
            raise InUse(messages.LIBRARY_IN_USE(thing=thing, library=library.id, users=users))
        raise InUse(messages.LIBRARY_IN_USE_BY_MANY(thing=thing, library=library.id, users=users[:_NAMED], more=more))


def check_changeable(library: Library) -> None:
    """WrongState, saying why, while the content of the library cannot be changed."""
    if library.maintenance is not None:
        raise WrongState(messages.LIBRARY_IN_MAINTENANCE(library=library.id, reason=library.maintenance.reason))
