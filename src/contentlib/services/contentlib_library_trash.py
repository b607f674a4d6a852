"""Implements contentlib.library.trash: lists, restores and purges deleted libraries and items.

This service is our own: vCenter deletes permanently.
"""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library.catalog import trash
from contentlib.library.catalog.trash import Trash
from contentlib.structures.privileges import ABOUT_DELETED, DELETED, READ
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
    """Type of an object in the trash."""

    ITEM = "ITEM"
    LIBRARY = "LIBRARY"


class DeletedInfo(Structure):
    """A library or an item in the trash.

    `library_id` is the library of an item. `size` is in bytes; for a library, it includes all items that were deleted with it.
    `time` is the time of deletion, `until` the time of permanent removal. Times are in UTC.
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
    """Deleted libraries and items that can be restored."""

    vapi_id = _PREFIX

    def __init__(self, trash: Trash) -> None:
        self._trash = trash

    @operation(Route("GET", _PATH), privileges=(READ,), shows=DELETED)
    async def list(self, call: Call) -> builtins.list[DeletedInfo]:
        """Lists the libraries and items that can be restored, in order of deletion."""
        return [_info(thing) for thing in await self._trash.all()]

    @operation(Route("GET", _DELETED), errors=(NotFound,), privileges=(READ,), about=ABOUT_DELETED)
    async def get(self, call: Call, deleted_id: Id) -> DeletedInfo:
        """Returns a library or item that can be restored."""
        return _info(await self._trash.get(deleted_id))

    @operation(
        Route("POST", _DELETED, {"action": "restore"}, status=204),
        errors=(AlreadyExists, InvalidArgument, NotAllowedInCurrentState, NotFound),
        privileges=_RESTORING,
        about=ABOUT_DELETED,
    )
    async def restore(self, call: Call, deleted_id: Id, name: str | None) -> None:
        """Restores a library or an item with all its versions, under its own name or the given one."""
        await self._trash.restore(deleted_id, name)

    @operation(
        Route("POST", _DELETED, {"action": "purge"}, status=204), errors=(NotFound,), privileges=_PURGING, about=ABOUT_DELETED
    )
    async def purge(self, call: Call, deleted_id: Id) -> None:
        """Permanently removes a library or an item. Its disk space is freed after the server's grace period."""
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
