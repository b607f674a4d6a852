"""Implements com.vmware.vcenter.folder: the folders of the inventory, which scripts look up by name."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.inventory import DATACENTER, FOLDERS, ROOT, Folder, Inventory
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import InvalidArgument, ServiceUnavailable, UnableToAllocateResource, Unauthenticated, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Enumeration, Id, Structure, enumeration

_PREFIX = "com.vmware.vcenter.folder"


@enumeration(f"{_PREFIX}.type")
class FolderType(Enumeration):
    """Type of a folder's content."""

    DATACENTER = "DATACENTER"
    DATASTORE = "DATASTORE"
    HOST = "HOST"
    NETWORK = "NETWORK"
    VIRTUAL_MACHINE = "VIRTUAL_MACHINE"


class FilterSpec(Structure):
    """Selects folders. A folder must match every field that is set."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.filter_spec"
    datacenters: set[Id] | None = None
    folders: set[Id] | None = None
    names: set[str] | None = None
    parent_folders: set[Id] | None = None
    type: FolderType | None = None


class Summary(Structure):
    """A folder."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.summary"
    folder: Id
    name: str
    type: FolderType


class FolderService(Service):
    """Folders (read-only)."""

    vapi_id = _PREFIX

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    @operation(
        Route("GET", "/api/vcenter/folder"),
        errors=(InvalidArgument, ServiceUnavailable, UnableToAllocateResource, Unauthenticated, Unauthorized),
        privileges=(READ,),
    )
    async def list(self, call: Call, filter: FilterSpec | None) -> builtins.list[Summary]:
        """Lists the folders that match a filter."""
        wanted = filter or FilterSpec()
        return [
            Summary(folder=each.id, name=each.name, type=FolderType(each.kind)) for each in FOLDERS if _matches(each, wanted)
        ]


def _matches(folder: Folder, wanted: FilterSpec) -> bool:
    """The root folder is in no datacenter. The four folders of the datacenter have the datacenter as parent, and no folder."""
    inside = folder is not ROOT
    return (
        folder.id in (wanted.folders or (folder.id,))
        and folder.name in (wanted.names or (folder.name,))
        and (wanted.type or folder.kind) == folder.kind
        and not wanted.parent_folders
        and (not wanted.datacenters or (inside and DATACENTER in wanted.datacenters))
    )
