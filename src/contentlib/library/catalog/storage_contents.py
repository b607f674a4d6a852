"""Finds what needs a storage, to tell whether it can be removed from the settings."""

from __future__ import annotations

import msgspec

from contentlib.library.model import StorageUse, UpdateSession
from contentlib.library.ports import MetadataStore


class StorageContents(msgspec.Struct, frozen=True, kw_only=True):
    """What the database has on a storage.

    `libraries` are those whose new content is received there, `uses` what content versions name, `sessions` the ACTIVE update
    sessions that receive files there, and `fetching` the libraries of files that are complete and whose items are not.
    """

    storage: str
    libraries: tuple[str, ...]
    uses: tuple[StorageUse, ...]
    sessions: tuple[UpdateSession, ...]
    fetching: tuple[str, ...]
    bytes: int

    @property
    def pending(self) -> list[str]:
        """The libraries that need the storage, each once."""
        return list(dict.fromkeys([*self.libraries, *(each.library for each in self.uses if each.library), *self.fetching]))

    @property
    def is_needed(self) -> bool:
        """Whether anything would be missing without the storage. Running downloads of deleted items do not count."""
        return bool(self.pending or self.sessions)


async def contents_of(metadata: MetadataStore, storage: str) -> StorageContents:
    """What needs a storage. Takes time in proportion to the number of its blobs."""
    async with metadata.reading() as transaction:
        deleted = [each.row for each in await transaction.deleted_libraries.all(0)]
        return StorageContents(
            storage=storage,
            libraries=(
                *await transaction.libraries.find(storage=storage),
                *(each.id for each in deleted if each.storage == storage),
            ),
            uses=tuple(await transaction.blobs.uses(storage)),
            sessions=tuple(await transaction.update_sessions.active_on(storage)),
            fetching=tuple(each.library for each in await transaction.arrivals.on(storage)),
            bytes=await transaction.blobs.named_bytes(storage),
        )
