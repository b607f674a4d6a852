"""Enforces quotas: refuses a change after which a library or a user would hold more than allowed.

What is held already stays allowed if a limit is lowered: only growth beyond a limit is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contentlib.library.errors import QuotaExceeded
from contentlib.library.messages import QUOTA_OF_BYTES, QUOTA_OF_ITEMS
from contentlib.library.model import Quota, Reservation, UpdateFile, UpdateSession, library_owner, user_owner
from contentlib.library.ports import Transaction


@asynccontextmanager
async def within_quotas(transaction: Transaction, library: str, user: str) -> AsyncIterator[None]:
    """Raises QuotaExceeded after a block in which a library or a user has grown beyond a limit; this undoes the transaction."""
    quotas, owner = transaction.quotas, library_owner(library)
    before = await quotas.of(owner, user_owner(user)) if user else [await quotas.get(owner)]
    yield
    for each in before:
        if each.most_bytes is not None or each.most_items is not None:
            _check(each, await quotas.get(each.owner))


async def check_room(transaction: Transaction, library: str, size: int, items: int = 0) -> None:
    """Raises QuotaExceeded if a library has no room for so many more bytes and items."""
    quota = await transaction.quotas.get(library_owner(library))
    _check(quota, Quota(quota.owner, quota.bytes + size, quota.items + items, quota.reserved))


async def reserve_room(transaction: Transaction, session: UpdateSession, file: UpdateFile, most: int) -> int:
    """Reserves room for so many bytes of a file, and returns how many are reserved for it.

    Raises QuotaExceeded if there is no room. Files that come out of an archive are covered by its reservation. It only grows,
    until the file is complete.
    """
    if file.archive is not None:
        return most
    now = await transaction.quotas.reserved(file.id)
    if most <= now:
        return now
    await _put(transaction, session, file, most)
    return most


async def settle_reservation(transaction: Transaction, session: UpdateSession, file: UpdateFile) -> None:
    """Gives back what was reserved for more bytes of a complete file than it has, or reserves what it has more."""
    if file.archive is None and await transaction.quotas.reserved(file.id) != file.received:
        await _put(transaction, session, file, file.received)


async def _put(transaction: Transaction, session: UpdateSession, file: UpdateFile, size: int) -> None:
    item = await transaction.items.get(session.item)
    if item is None:  # deleted: its session ends
        return
    async with within_quotas(transaction, item.library, session.user):
        await transaction.quotas.reserve(Reservation(file.id, session.id, item.library, session.user, size))


def _check(before: Quota, after: Quota) -> None:
    held, now = before.bytes + before.reserved, after.bytes + after.reserved
    owner = before.owner.replace(":", " ", 1)
    if before.most_bytes is not None and now > max(before.most_bytes, held):
        raise QuotaExceeded(QUOTA_OF_BYTES(owner=owner, limit=before.most_bytes, used=held, need=now - held))
    if before.most_items is not None and after.items > max(before.most_items, before.items):
        need = after.items - before.items
        raise QuotaExceeded(QUOTA_OF_ITEMS(owner=owner, limit=before.most_items, used=before.items, need=need))
