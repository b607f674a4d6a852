"""Records usages of libraries, which prevent accidental deletion."""

from __future__ import annotations

import re

from contentlib.library.catalog import messages
from contentlib.library.catalog.libraries import find_library
from contentlib.library.clock import Clock
from contentlib.library.errors import Invalid, ItemNameTaken, Missing
from contentlib.library.identifiers import new_identifier
from contentlib.library.model import Usage
from contentlib.library.ports import MetadataStore, Transaction

KIND = "library usage"
_URN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-9;-~]+:[!-9;-~]+:[!-~]+")
_LENGTH = 2000


class Usages:
    """The operations on usages."""

    def __init__(self, metadata: MetadataStore, clock: Clock) -> None:
        self._metadata = metadata
        self._clock = clock

    async def add(self, library_id: str, urn: str) -> str:
        """Declares that a resource uses a library, and answers the usage's identifier; Taken when it does already."""
        if len(urn) > _LENGTH or not _URN.fullmatch(urn):
            raise Invalid(messages.NOT_A_URN(field="spec.resource_urn", most=_LENGTH))
        usage = Usage(new_identifier(), library_id, urn, self._clock.now())
        async with self._metadata.transaction(durable=True) as transaction:
            await find_library(transaction, library_id)
            for other in await transaction.usages.of(library_id):
                if other.urn == urn:
                    raise ItemNameTaken(messages.USAGE_EXISTS(library=library_id, urn=urn, usage=other.id))
            await transaction.usages.add(usage)
        return usage.id

    async def get(self, library_id: str, usage_id: str) -> Usage:
        """Returns the usage. Raises Missing if the library has none of that identifier."""
        async with self._metadata.reading() as transaction:
            return await _find(transaction, library_id, usage_id)

    async def of(self, library_id: str) -> list[Usage]:
        """All usages of a library, in order of creation."""
        async with self._metadata.reading() as transaction:
            await find_library(transaction, library_id)
            return await transaction.usages.of(library_id)

    async def remove(self, library_id: str, usage_id: str) -> None:
        """The library is not in use by that resource any more."""
        async with self._metadata.transaction(durable=True) as transaction:
            usage = await _find(transaction, library_id, usage_id)
            await transaction.usages.remove(usage.id)


async def _find(transaction: Transaction, library_id: str, usage_id: str) -> Usage:
    await find_library(transaction, library_id)
    usage = await transaction.usages.get(usage_id)
    if usage is None or usage.library != library_id:
        raise Missing(KIND, usage_id)
    return usage
