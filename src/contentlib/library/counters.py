"""Keeps the counters of purged libraries, so that they continue above their old values if a library is imported again."""

from __future__ import annotations

import msgspec

from contentlib.library.model import LibraryType
from contentlib.library.ports import Transaction

_KEY = "reached/"


class Reached(msgspec.Struct, frozen=True):
    """The revision of a library, and the highest version and generation of its items and their files."""

    revision: int = 0
    version: int = 0
    generation: int = 0


async def recall(transaction: Transaction, library_id: str) -> Reached:
    """Returns the counters of a purged library."""
    value = await transaction.state.get(_KEY + library_id)
    return Reached() if value is None else msgspec.json.decode(value, type=Reached)


async def note(transaction: Transaction, library_id: str) -> None:
    """Notes how far a deleted library has come, before it goes; one that follows a publisher has his counters."""
    deleted = await transaction.deleted_libraries.get(library_id)
    if deleted is None or deleted.row.type is not LibraryType.LOCAL:
        return
    before = await recall(transaction, library_id)
    version, generation = await transaction.items.reached(library_id)
    reached = Reached(
        max(before.revision, deleted.row.revision), max(before.version, version), max(before.generation, generation)
    )
    await transaction.state.put(_KEY + library_id, msgspec.json.encode(reached).decode())
