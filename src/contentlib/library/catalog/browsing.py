"""Lists the content of libraries as files of a datastore: contentlib-LIBRARY/ITEM/FILE."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from contentlib.library.catalog.items import current_version
from contentlib.library.model import StoredFile
from contentlib.library.ports import MetadataStore, Transaction

_DIRECTORY = "contentlib-"
_AT_ONCE = 100  # rows that are read before others get their turn

Seen = Callable[[list[str]], Awaitable[set[str]]]
"""Those of some libraries that the caller may read."""
Fits = Callable[[str], bool]
"""Whether a name is wanted."""


class Entry(NamedTuple):
    """A directory, or a file with its size in bytes. `modified` is in milliseconds since 1970 UTC."""

    name: str
    modified: int
    size: int | None = None

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return self.size is None


class Browsing:
    """The directories of datastores.

    The top has a directory for each library of the storage, a library's one for each of its items. A file is on the storage
    that has its bytes, which is not the library's while a library is being moved.
    """

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def entries(self, storage: str, path: Sequence[str], seen: Seen, fits: Fits, most: int) -> list[Entry] | None:
        """The entries of a directory whose names fit, at most one more than `most`; None if there is no such directory.

        What the caller may not read is not there.
        """
        if not path:
            return await self._libraries(storage, seen, fits, most)
        library = library_of(path[0])
        if library is None or len(path) > 2 or not await seen([library]):
            return None
        async with self._metadata.reading() as transaction:
            if await transaction.libraries.get(library) is None:
                return None
            if len(path) == 1:
                return await _items(transaction, library, fits, most)
            return await _files(transaction, storage, library, path[1], fits, most)

    async def _libraries(self, storage: str, seen: Seen, fits: Fits, most: int) -> list[Entry]:
        async with self._metadata.reading() as transaction:
            found = await transaction.libraries.find(storage=storage)
        visible = await seen(found)
        wanted = [each for each in found if each in visible and fits(directory_of(each))]
        async with self._metadata.reading() as transaction:
            rows = [await transaction.libraries.get(each) for each in wanted[: most + 1]]
        return [Entry(directory_of(each.id), each.modified) for each in rows if each is not None]


async def _items(transaction: Transaction, library: str, fits: Fits, most: int) -> list[Entry]:
    wanted = [each for each in await transaction.items.find(library=library) if fits(each)]
    found = []
    for number, each in enumerate(wanted[: most + 1]):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
        item = await transaction.items.get(each)
        if item is not None:
            found.append(Entry(item.id, item.modified))
    return found


async def _files(
    transaction: Transaction, storage: str, library: str, item_id: str, fits: Fits, most: int
) -> list[Entry] | None:
    item = await transaction.items.get(item_id)
    if item is None or item.library != library:
        return None
    version = await current_version(transaction, item)
    wanted = [file for file in version.files if fits(file.name)][: most + 1]
    return [Entry(each.name, version.created, each.size) for each in wanted if await _is_on(transaction, storage, each)]


async def _is_on(transaction: Transaction, storage: str, file: StoredFile) -> bool:
    blob = await transaction.blobs.get(file.blob)
    return blob is not None and blob.storage == storage


def directory_of(library: str) -> str:
    """The name of a library's directory."""
    return f"{_DIRECTORY}{library}"


def library_of(directory: str) -> str | None:
    """The library whose directory has that name, or None."""
    library = directory.removeprefix(_DIRECTORY)
    return library if library and library != directory else None
