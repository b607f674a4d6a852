"""Records the users of categories and tags."""

from __future__ import annotations

from contentlib.library.errors import Invalid
from contentlib.library.ports import UsedByRows
from contentlib.library.tagging import messages
from contentlib.library.tagging.texts import check_label

MOST_USERS = 1000


async def add_used_by(rows: UsedByRows, thing: str, user: str) -> None:
    """Adds a name, unless the thing has it."""
    check_label("used_by_entity", user)
    known = await rows.of(thing)
    if user in known:
        return
    if len(known) >= MOST_USERS:
        raise Invalid(messages.TOO_MANY_USERS(field="used_by_entity", thing=thing, most=MOST_USERS))
    await rows.add(thing, user)


async def remove_used_by(rows: UsedByRows, thing: str, user: str) -> None:
    """Removes a name, if the thing has it."""
    if user in await rows.of(thing):
        await rows.remove(thing, user)
