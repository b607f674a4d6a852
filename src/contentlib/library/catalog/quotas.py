"""Reads, sets and verifies the quotas of libraries and users."""

from __future__ import annotations

import msgspec

from contentlib.library.catalog.libraries import find_library
from contentlib.library.errors import Invalid, Missing
from contentlib.library.messages import OUT_OF_RANGE
from contentlib.library.model import HeldAmount, Quota, library_owner, user_owner
from contentlib.library.ports import MetadataStore, Transaction

_LARGEST = 2**63 - 1


class QuotaLimits(msgspec.Struct, frozen=True):
    """The limits of a quota. None is unlimited."""

    bytes: int | None = None
    items: int | None = None


class WrongTotal(msgspec.Struct, frozen=True):
    """A total that differs from the sum of the rows."""

    owner: str
    noted: HeldAmount
    computed: HeldAmount


class Quotas:
    """The quotas of libraries and users."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def of_library(self, library_id: str) -> Quota:
        """The quota of a library. Raises Missing for an unknown one."""
        async with self._metadata.reading() as transaction:
            return await transaction.quotas.get(await _library(transaction, library_id))

    async def of_user(self, name: str) -> Quota:
        """The quota of a user. Raises Missing for an unknown one."""
        async with self._metadata.reading() as transaction:
            return await transaction.quotas.get(await _user(transaction, name))

    async def limit_library(self, library_id: str, limits: QuotaLimits) -> None:
        """Sets the limits of a library. Content that is there stays, even if it is more."""
        _check(limits)
        async with self._metadata.transaction(durable=True) as transaction:
            await transaction.quotas.limit(await _library(transaction, library_id), limits.bytes, limits.items)

    async def limit_user(self, name: str, limits: QuotaLimits) -> None:
        """Sets the limits of a user. Content that is there stays, even if it is more."""
        _check(limits)
        async with self._metadata.transaction(durable=True) as transaction:
            await transaction.quotas.limit(await _user(transaction, name), limits.bytes, limits.items)

    async def of_libraries(self) -> dict[str, Quota]:
        """The quotas of all libraries, by identifier."""
        async with self._metadata.reading() as transaction:
            libraries = await transaction.libraries.find()
            found = {each.owner: each for each in await transaction.quotas.all()}
        return {each: found.get(library_owner(each), Quota(library_owner(each))) for each in libraries}

    async def of_users(self) -> dict[str, Quota]:
        """The quotas of all users who hold something or have limits, also of removed ones, by name."""
        async with self._metadata.reading() as transaction:
            found = await transaction.quotas.all()
        prefix = user_owner("")
        return {each.owner.removeprefix(prefix): each for each in found if each.owner.startswith(prefix)}

    async def limited(self) -> list[Quota]:
        """The quotas that have a limit."""
        async with self._metadata.reading() as transaction:
            found = await transaction.quotas.all()
        return [each for each in found if each.most_bytes is not None or each.most_items is not None]

    async def verify(self, *, repair: bool = False) -> list[WrongTotal]:
        """Compares all totals with the sums of rows, and corrects wrong ones if wanted."""
        if repair:
            async with self._metadata.transaction(durable=True) as transaction:
                wrong = await _wrong(transaction)
                for each in wrong:
                    await transaction.quotas.correct(each.owner, each.computed)
                return wrong
        async with self._metadata.reading() as transaction:
            return await _wrong(transaction)


async def _wrong(transaction: Transaction) -> list[WrongTotal]:
    noted = {each.owner: each.held for each in await transaction.quotas.all()}
    computed = await transaction.quotas.sums()
    pairs = [(each, noted.get(each, HeldAmount()), computed.get(each, HeldAmount())) for each in sorted({*noted, *computed})]
    return [WrongTotal(*pair) for pair in pairs if pair[1] != pair[2]]


async def _library(transaction: Transaction, library_id: str) -> str:
    return library_owner((await find_library(transaction, library_id)).id)


async def _user(transaction: Transaction, name: str) -> str:
    user = await transaction.users.get(name)
    if user is None:
        raise Missing("user", name)
    return user_owner(user.name)


def _check(limits: QuotaLimits) -> None:
    for field, value in (("bytes_limit", limits.bytes), ("items_limit", limits.items)):
        if value is not None and not 0 <= value <= _LARGEST:
            raise Invalid(OUT_OF_RANGE(field=f"spec.{field}", least=0, most=_LARGEST, given=value))
