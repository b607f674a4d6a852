"""Implements com.vmware.vapi.metadata.privilege.service.operation: the privileges that operations need, by operation."""

from __future__ import annotations

import builtins

from contentlib.structures.privilege_metadata import PREFIX, OperationInfo, operation_privileges
from contentlib.structures.privileges import VIEW
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/privilege/service/{service_id}/operation"


class PrivilegeOperationService(Service):
    """The privileges that operations need, by operation."""

    vapi_id = f"{PREFIX}.service.operation"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", _PATH), errors=(NotFound,), also=(VIEW,))
    async def list(self, call: Call, service_id: Id) -> builtins.list[Id]:
        """Lists the operations of a service that need privileges."""
        found = self._catalogue.operations(service_id)
        return sorted(name for name, each in found.items() if each.privileges)

    @operation(Route("GET", f"{_PATH}/{{operation_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, service_id: Id, operation_id: Id) -> OperationInfo:
        """Returns the privileges of an operation."""
        return operation_privileges(self._catalogue.operation(service_id, operation_id))
