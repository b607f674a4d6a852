"""Implements com.vmware.vcenter.datastore: the storages, which scripts look up by name."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.inventory import DATACENTER, DATASTORE_FOLDER, Datastore, Inventory, Space
from contentlib.library.errors import Missing
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import (
    InvalidArgument,
    NotFound,
    ServiceUnavailable,
    UnableToAllocateResource,
    Unauthenticated,
    Unauthorized,
)
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Enumeration, Id, Integer, Structure, enumeration

_PATH = "/api/vcenter/datastore"
_PREFIX = "com.vmware.vcenter.datastore"


@enumeration(f"{_PREFIX}.type")
class DatastoreType(Enumeration):
    """Type of a datastore. All datastores are NFS, which implies nothing about the disks."""

    CIFS = "CIFS"
    NFS = "NFS"
    NFS41 = "NFS41"
    VFFS = "VFFS"
    VMFS = "VMFS"
    VSAN = "VSAN"
    VVOL = "VVOL"


class FilterSpec(Structure):
    """Selects datastores. A datastore must match every field that is set."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.filter_spec"
    datacenters: set[Id] | None = None
    datastores: set[Id] | None = None
    folders: set[Id] | None = None
    names: set[str] | None = None
    types: set[DatastoreType] | None = None


class Summary(Structure):
    """A datastore. Sizes are in bytes, unset while it is not accessible."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.summary"
    datastore: Id
    name: str
    type: DatastoreType
    capacity: Integer | None = None
    free_space: Integer | None = None


class DatastoreInfo(Structure):
    """A datastore. The size is in bytes, unset while it is not accessible."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    accessible: bool
    multiple_host_access: bool
    name: str
    thin_provisioning_supported: bool
    type: DatastoreType
    free_space: Integer | None = None


class DatastoreService(Service):
    """Datastores (read-only)."""

    vapi_id = _PREFIX

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._datastores = {each.id: each for each in inventory.datastores}

    @operation(
        Route("GET", _PATH),
        errors=(InvalidArgument, ServiceUnavailable, UnableToAllocateResource, Unauthenticated, Unauthorized),
        privileges=(READ,),
    )
    async def list(self, call: Call, filter: FilterSpec | None) -> builtins.list[Summary]:
        """Lists the datastores that match a filter."""
        wanted = filter or FilterSpec()
        found = [each for each in self._datastores.values() if _matches(each, wanted)]
        spaces = await self._inventory.spaces()
        return [_summary(each, spaces[each.id]) for each in found]

    @operation(
        Route("GET", f"{_PATH}/{{datastore}}"),
        errors=(NotFound, ServiceUnavailable, Unauthenticated, Unauthorized),
        privileges=(Privilege("System.Read", "Datastore", "datastore"),),
    )
    async def get(self, call: Call, datastore: Id) -> DatastoreInfo:
        """Returns a datastore."""
        found = self._datastores.get(datastore)
        if found is None:
            raise Missing("datastore", datastore)
        space = await self._inventory.space(found)
        return DatastoreInfo(
            accessible=space.accessible,
            free_space=space.free if space.accessible else None,
            multiple_host_access=False,
            name=found.name,
            thin_provisioning_supported=True,
            type=DatastoreType.NFS,
        )


def _summary(datastore: Datastore, space: Space) -> Summary:
    return Summary(
        capacity=space.capacity if space.accessible else None,
        datastore=datastore.id,
        free_space=space.free if space.accessible else None,
        name=datastore.name,
        type=DatastoreType.NFS,
    )


def _matches(datastore: Datastore, wanted: FilterSpec) -> bool:
    return (
        datastore.id in (wanted.datastores or (datastore.id,))
        and datastore.name in (wanted.names or (datastore.name,))
        and DatastoreType.NFS in (wanted.types or (DatastoreType.NFS,))
        and DATASTORE_FOLDER.id in (wanted.folders or (DATASTORE_FOLDER.id,))
        and DATACENTER in (wanted.datacenters or (DATACENTER,))
    )
