"""Describes the deployments of items with OVF packages, and refuses to deploy them: there are no hosts."""

from __future__ import annotations

from contentlib.library.bytes.blobs import Blobs
from contentlib.library.catalog import messages
from contentlib.library.catalog.items import Items, check_here
from contentlib.library.errors import Invalid, Unsupported
from contentlib.library.model import Item, StoredFile
from contentlib.library.packages import ovf
from contentlib.library.packages.deployment import Deployment, read_deployment

_FIELD = "ovf_library_item_id"


class OvfTemplates:
    """The operations on OVF packages that a vCenter has for deployments."""

    def __init__(self, items: Items, blobs: Blobs) -> None:
        self._items = items
        self._blobs = blobs

    async def read(self, item_id: str) -> Deployment:
        """Returns what the descriptor of an item offers to a deployment. Raises Invalid if there is no readable descriptor."""
        item, version = await self._items.files(item_id)
        return await self._read(item, _descriptor(item, version.files))

    async def _read(self, item: Item, file: StoredFile) -> Deployment:
        check_here(item)
        blob = await self._blobs.check(file.blob, file.name)

        def read() -> Deployment:
            return read_deployment(file.name, b"".join(self._blobs.store.read(blob.storage, blob.id)))

        try:
            return await self._blobs.on(blob.storage).run(read)
        except ovf.BadPackage as error:
            raise Invalid(messages.PACKAGE_UNREADABLE(field=_FIELD, problem=error.fault)) from error

    async def refuse_deployment(self, item_id: str) -> None:
        """Raises Unsupported, or Missing if the item does not exist."""
        await self._items.get(item_id)
        raise Unsupported(messages.NO_HOSTS(item=item_id))

    def refuse_capture(self, kind: str, identifier: str) -> None:
        """Raises Unsupported: there are no virtual machines to capture."""
        raise Unsupported(messages.NO_MACHINES(kind=kind[:80], identifier=identifier[:80]))


def _descriptor(item: Item, files: tuple[StoredFile, ...]) -> StoredFile:
    """Returns the descriptor of an item. Raises Invalid if it is missing or too large."""
    found = next((file for file in files if ovf.is_descriptor(file.name)), None)
    if found is None:
        raise Invalid(messages.NO_DESCRIPTOR(field=_FIELD, item=item.name, type=item.type))
    if found.size > ovf.LARGEST_DESCRIPTOR:
        raise Invalid(messages.DESCRIPTOR_TOO_LARGE(field=_FIELD, size=found.size, most=ovf.LARGEST_DESCRIPTOR))
    return found
