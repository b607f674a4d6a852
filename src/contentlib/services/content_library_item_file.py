"""Implements com.vmware.content.library.item.file: the files of an item's current content."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import Items
from contentlib.structures.conversions import Endpoints, checksum_info
from contentlib.structures.files import ChecksumInfo
from contentlib.structures.privileges import on_item
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound, Unsupported
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Integer, Structure, Uri

_PATH = "/api/content/library/item/{library_item_id}/file"
_ERRORS = (NotFound, Unsupported)
_PRIVILEGES = (on_item("System.Read"),)


class FileInfo(Structure):
    """A file of an item. `version` increases with every new content. `size` is in bytes, 0 if the file is not `cached`.

    Reading `file_download_endpoint` needs a login session in the header `vmware-api-session-id`. It is unset, and the file is
    not `cached`, while the storage does not have the bytes.
    """

    vapi_name: ClassVar[str] = "com.vmware.content.library.item.file.info"
    cached: bool
    name: str
    size: Integer
    version: str
    checksum_info: ChecksumInfo | None = None
    file_download_endpoint: Uri | None = None


class FileService(Service):
    """The files of items."""

    vapi_id = "com.vmware.content.library.item.file"

    def __init__(self, items: Items, blobs: Blobs, endpoints: Endpoints) -> None:
        self._items = items
        self._blobs = blobs
        self._endpoints = endpoints

    @operation(Route("GET", _PATH, {"name": None}), errors=_ERRORS, privileges=_PRIVILEGES)
    async def get(self, call: Call, library_item_id: Id, name: str) -> FileInfo:
        """Returns a file of an item."""
        return await self._info(call, *await self._items.file(library_item_id, name))

    @operation(Route("GET", _PATH), errors=_ERRORS, privileges=_PRIVILEGES)
    async def list(self, call: Call, library_item_id: Id) -> builtins.list[FileInfo]:
        """Lists the files of an item."""
        item, version = await self._items.files(library_item_id)
        return [await self._info(call, item, file) for file in version.files]

    async def _info(self, call: Call, item: model.Item, file: model.StoredFile) -> FileInfo:
        there = (await self._blobs.place(file)).there
        return FileInfo(
            cached=there,
            checksum_info=checksum_info(file.checksum),
            file_download_endpoint=self._endpoints.content(call, item, file) if there else None,
            name=file.name,
            size=file.size if there else 0,
            version=str(file.revision),
        )
