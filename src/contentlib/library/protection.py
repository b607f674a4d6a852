"""Checks whether a library may be deleted or changed."""

from __future__ import annotations

from contentlib.library.errors import InUse, WrongState
from contentlib.library.model import Library
from contentlib.library.ports import Transaction

_NAMED = 10  # users that a message names


async def check_unused(transaction: Transaction, library: Library, thing: str) -> None:
    """Raises InUse, naming the users, if the library of the object to delete is in use."""
    users = [each.urn for each in await transaction.usages.of(library.id)]
    if users:
        more = f" and {len(users) - _NAMED} more" if len(users) > _NAMED else ""
        text = f"{thing} cannot be deleted: library {library.id} is in use by {', '.join(users[:_NAMED])}{more}"
        raise InUse("library.in_use", text, library.id, *users[:_NAMED])


def check_changeable(library: Library) -> None:
    """WrongState, saying why, while the content of the library cannot be changed."""
    if library.maintenance is not None:
        text = f"library {library.id} is in MAINTENANCE: {library.maintenance.reason}"
        raise WrongState("library.in_maintenance", text, library.id)
