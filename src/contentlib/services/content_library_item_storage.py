"""Implements com.vmware.content.library.item.storage: the storage locations of an item's current content."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.library import model
from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog.items import Items
from contentlib.structures.conversions import Endpoints, checksum_info
from contentlib.structures.files import ChecksumInfo
from contentlib.structures.library import StorageBacking, StorageBackingType
from contentlib.structures.privileges import on_item
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Integer, Structure, Uri

_PATH = "/api/content/library/item/{library_item_id}/storage"
_PRIVILEGES = (on_item("ContentLibrary.ReadStorage"),)


class StorageInfo(Structure):
    """A file of an item and its locations on the storage. `version` increases with every new content of the file.

    `size` is in bytes, 0 if the file is not `cached`. Reading `file_download_endpoint` needs a login session in the header
    `vmware-api-session-id`.
    """

    vapi_name: ClassVar[str] = "com.vmware.content.library.item.storage.info"
    cached: bool
    name: str
    size: Integer
    storage_backing: StorageBacking
    storage_uris: builtins.list[Uri]
    version: str
    checksum_info: ChecksumInfo | None = None
    file_download_endpoint: Uri | None = None


class StorageService(Service):
    """The storage locations of items' files."""

    vapi_id = "com.vmware.content.library.item.storage"

    def __init__(self, items: Items, blobs: Blobs, endpoints: Endpoints) -> None:
        self._items = items
        self._blobs = blobs
        self._endpoints = endpoints

    @operation(Route("GET", _PATH, {"file_name": None}), errors=(NotFound,), privileges=_PRIVILEGES)
    async def get(self, call: Call, file_name: str, library_item_id: Id) -> builtins.list[StorageInfo]:
        """Returns the location of a file of an item. There is always exactly one."""
        return [await self._info(call, *await self._items.file(library_item_id, file_name))]

    @operation(Route("GET", _PATH), errors=(NotFound,), privileges=_PRIVILEGES)
    async def list(self, call: Call, library_item_id: Id) -> builtins.list[StorageInfo]:
        """Lists the locations of all files of an item."""
        item, version = await self._items.files(library_item_id)
        return [await self._info(call, item, file) for file in version.files]

    async def _info(self, call: Call, item: model.Item, file: model.StoredFile) -> StorageInfo:
        place = await self._blobs.place(file)
        return StorageInfo(
            cached=place.there,
            checksum_info=checksum_info(file.checksum),
            file_download_endpoint=self._endpoints.content(call, item, file) if place.there else None,
            name=file.name,
            size=file.size if place.there else 0,
            storage_backing=StorageBacking(datastore_id=place.storage or None, type=StorageBackingType.DATASTORE),
            storage_uris=[self._endpoints.on_datastore(item, file, place.storage)] if place.there else [],
            version=str(file.revision),
        )
