"""Finds libraries and items by the names that people use: a name or an id, and LIBRARY/ITEM."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from contentlib.client.connection import ServerConnection
from contentlib.client.failures import Answered, ClientFailed, NotFoundHere
from contentlib.services import content_library, content_library_item
from contentlib.services.content_library import LibraryService
from contentlib.services.content_library_item import ItemModel, ItemService
from contentlib.structures.library import LibraryModel

_AT_ONCE = 16
Found = TypeVar("Found", LibraryModel, ItemModel)
Read = TypeVar("Read")


class NameFinder:
    """Finds libraries and items of a server. An exact name wins over one in other case, and any name over an id."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    async def libraries(self) -> list[LibraryModel]:
        """All libraries that the user may read, by name."""
        found = await each_of(await self._connection.call(LibraryService.list), self._library)
        return sorted(found, key=_name)

    async def items(self, library: str) -> list[ItemModel]:
        """All items of a library, by name."""
        found = await each_of(await self._connection.call(ItemService.list, library_id=library), self._item)
        return sorted(found, key=_name)

    async def library(self, name: str) -> LibraryModel:
        """A library by name or id."""
        found = await self._library_named(name)
        if found is None:
            raise NotFoundHere(f"library {name!r} does not exist, or you may not read it; see: contentlib library ls")
        return found

    async def item(self, name: str) -> ItemModel:
        """An item by LIBRARY/ITEM, or by its id alone."""
        library, inside = await self.within(name)
        if inside is None:
            raise ClientFailed(f"expected LIBRARY/ITEM, got {name!r}")
        found = await self.item_of(library, inside)
        if found is None:
            raise NotFoundHere(f"item {inside!r} does not exist in library {library.name!r}")
        return found

    async def item_of(self, library: LibraryModel, name: str) -> ItemModel | None:
        """An item of a library by name or id, if it exists."""
        spec = content_library_item.FindSpec(library_id=library.id, name=name)
        found = await each_of(await self._connection.call(ItemService.find, spec=spec), self._item)
        if found:
            return _one(name, found)
        item = await self._by_id(name, self._item)
        return item if item is not None and item.library_id == library.id else None

    async def within(self, name: str) -> tuple[LibraryModel, str | None]:
        """The library of LIBRARY or LIBRARY/ITEM, and the rest. Names may contain a slash: the first one that fits counts."""
        steps = name.split("/")
        for count in range(1, len(steps) + 1):
            library = await self._library_named("/".join(steps[:count]))
            if library is not None:
                return library, "/".join(steps[count:]) or None
        raise NotFoundHere(f"library {steps[0]!r} does not exist, or you may not read it; see: contentlib library ls")

    async def _library_named(self, name: str) -> LibraryModel | None:
        if not name:
            return None
        spec = content_library.FindSpec(name=name)
        found = await each_of(await self._connection.call(LibraryService.find, spec=spec), self._library)
        return _one(name, found) if found else await self._by_id(name, self._library)

    async def _by_id(self, name: str, get: Callable[[str], Awaitable[Found]]) -> Found | None:
        try:
            return await get(name)
        except Answered as error:
            if error.kind in ("NOT_FOUND", "INVALID_ARGUMENT"):
                return None
            raise

    async def _library(self, identifier: str) -> LibraryModel:
        return await self._connection.call(LibraryService.get, library_id=identifier)

    async def _item(self, identifier: str) -> ItemModel:
        return await self._connection.call(ItemService.get, library_item_id=identifier)


async def each_of(identifiers: Iterable[str], get: Callable[[str], Awaitable[Read]]) -> list[Read]:
    """Reads objects by their identifiers, some at once. Leaves out those that were deleted meanwhile."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def read(identifier: str) -> Read | None:
        async with places:
            try:
                return await get(identifier)
            except Answered as error:
                if error.kind != "NOT_FOUND":
                    raise
                return None

    return [each for each in await asyncio.gather(*map(read, identifiers)) if each is not None]


def _one(name: str, found: list[Found]) -> Found:
    """The one that is meant. Libraries may share a name where the server allows it."""
    exact = [each for each in found if each.name == name] or found
    if len(exact) > 1:
        raise ClientFailed(f"{len(exact)} objects are named {name!r}; give the id: {', '.join(str(each.id) for each in exact)}")
    return exact[0]


def _name(found: LibraryModel | ItemModel) -> tuple[str, str]:
    return (found.name or "").casefold(), found.id or ""
