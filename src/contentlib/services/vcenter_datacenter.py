"""Implements com.vmware.vcenter.datacenter: the datacenter, which scripts look up by name."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.inventory import DATACENTER, DATASTORE_FOLDER, HOST_FOLDER, NETWORK_FOLDER, ROOT, VM_FOLDER, Inventory
from contentlib.library.errors import Missing
from contentlib.structures.privileges import READ
from contentlib.vapi.declare import Privilege, Route, Service, operation
from contentlib.vapi.errors import Error, NotFound, ServiceUnavailable, UnableToAllocateResource, Unauthenticated, Unauthorized
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PATH = "/api/vcenter/datacenter"
_PREFIX = "com.vmware.vcenter.datacenter"


class FilterSpec(Structure):
    """Selects datacenters. A datacenter must match every field that is set."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.filter_spec"
    datacenters: set[Id] | None = None
    folders: set[Id] | None = None
    names: set[str] | None = None


class Summary(Structure):
    """A datacenter."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.summary"
    datacenter: Id
    name: str


class DatacenterInfo(Structure):
    """A datacenter and its four folders."""

    vapi_name: ClassVar[str] = f"{_PREFIX}.info"
    datastore_folder: Id
    host_folder: Id
    name: str
    network_folder: Id
    vm_folder: Id


class DatacenterService(Service):
    """The datacenter (read-only)."""

    vapi_id = _PREFIX

    def __init__(self, inventory: Inventory) -> None:
        self._name = inventory.datacenter

    @operation(
        Route("GET", _PATH),
        errors=(ServiceUnavailable, UnableToAllocateResource, Unauthenticated, Unauthorized),
        privileges=(READ,),
    )
    async def list(self, call: Call, filter: FilterSpec | None) -> builtins.list[Summary]:
        """Lists the datacenters that match a filter."""
        wanted = filter or FilterSpec()
        matches = (
            DATACENTER in (wanted.datacenters or (DATACENTER,))
            and ROOT.id in (wanted.folders or (ROOT.id,))
            and self._name in (wanted.names or (self._name,))
        )
        return [Summary(datacenter=DATACENTER, name=self._name)] if matches else []

    @operation(
        Route("GET", f"{_PATH}/{{datacenter}}"),
        errors=(Error, NotFound, ServiceUnavailable, Unauthenticated, Unauthorized),
        privileges=(Privilege("System.Read", "Datacenter", "datacenter"),),
    )
    async def get(self, call: Call, datacenter: Id) -> DatacenterInfo:
        """Returns a datacenter."""
        if datacenter != DATACENTER:
            raise Missing("datacenter", datacenter)
        return DatacenterInfo(
            datastore_folder=DATASTORE_FOLDER.id,
            host_folder=HOST_FOLDER.id,
            name=self._name,
            network_folder=NETWORK_FOLDER.id,
            vm_folder=VM_FOLDER.id,
        )
