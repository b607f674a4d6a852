"""Implements com.vmware.vapi.metadata.metamodel.service.operation: the declarations of operations."""

from __future__ import annotations

import builtins

from contentlib.structures.declarations import Metamodel
from contentlib.structures.metamodel import PREFIX, OperationInfo
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/metamodel/service/{service_id}/operation"


class MetamodelOperationService(Service):
    """The declarations of operations."""

    vapi_id = f"{PREFIX}.service.operation"

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel

    @operation(Route("GET", _PATH), errors=(NotFound,), also=(VIEW,))
    async def list(self, call: Call, service_id: Id) -> builtins.list[Id]:
        """Lists the identifiers of a service's operations."""
        return sorted(self._metamodel.service(service_id).operations)

    @operation(Route("GET", f"{_PATH}/{{operation_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, service_id: Id, operation_id: Id) -> OperationInfo:
        """Returns the declaration of an operation."""
        return self._metamodel.operation(service_id, operation_id)
