"""contentlib.library.trash: libraries and items that were deleted, and the way back.

A service of our own: upstream deletes for good.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library.catalog import trash
from contentlib.library.catalog.trash import Trash
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Structure, enumeration

_PREFIX = "contentlib.library.trash"
_PATH = "/api/contentlib/library/trash"
_DELETED = f"{_PATH}/{{deleted_id}}"
_RESTORING = (Privilege("ContentLibrary.AddLibraryItem"), Privilege("ContentLibrary.CreateLocalLibrary"))
_PURGING = (Privilege("ContentLibrary.DeleteLibraryItem"), Privilege("ContentLibrary.DeleteLocalLibrary"))


@enumeration(f"{_PREFIX}.type")
class DeletedType(Enumeration):
    """What a thing in the trash is."""

    ITEM = "ITEM"
    LIBRARY = "LIBRARY"


class DeletedInfo(Structure):
    """A library or an item in the trash.

    `library_id` is the library of an item; `size` is in bytes, of a library that of all items that were deleted with it.
    `time` is when it was deleted, and `until` when it is removed for good; times are in UTC.
    """

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    id: Id
    library_id: Id
    name: str
    size: Integer
    time: DateTime
    type: DeletedType
    until: DateTime
    user: str | None = None


class TrashService(Service):
    """What was deleted and can be restored."""

    vapi_id = _PREFIX

    def __init__(self, trash: Trash) -> None:
        self._trash = trash

    @operation(Route("GET", _PATH), privileges=(READ,))
    async def list(self, call: Call) -> builtins.list[DeletedInfo]:
        """Lists the libraries and items that can be restored, in the order in which they were deleted."""
        return [_info(thing) for thing in await self._trash.all()]

    @operation(Route("GET", _DELETED), errors=(NotFound,), privileges=(READ,))
    async def get(self, call: Call, deleted_id: Id) -> DeletedInfo:
        """Returns a library or item that can be restored."""
        return _info(await self._trash.get(deleted_id))

    @operation(
        Route("POST", _DELETED, {"action": "restore"}, status=204),
        errors=(AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound),
        privileges=_RESTORING,
    )
    async def restore(self, call: Call, deleted_id: Id, name: str | None) -> None:
        """Brings a library or an item back with all its versions, under its own name or the given one."""
        await self._trash.restore(deleted_id, name)

    @operation(Route("POST", _DELETED, {"action": "purge"}, status=204), errors=(NotFound,), privileges=_PURGING)
    async def purge(self, call: Call, deleted_id: Id) -> None:
        """Removes a library or an item for good; the space of its files is free after the grace time of the server."""
        await self._trash.purge(deleted_id)


def _info(thing: trash.Thing) -> DeletedInfo:
    return DeletedInfo(
        id=thing.id,
        library_id=thing.library,
        name=thing.name,
        size=thing.size,
        time=DateTime(thing.time),
        type=DeletedType(thing.type.value),
        until=DateTime(thing.until),
        user=thing.user or None,
    )
