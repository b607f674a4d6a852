"""Implements com.vmware.vapi.metadata.routing.service.operation: where calls of operations are routed, by operation."""

from __future__ import annotations

import builtins

from contentlib.structures.privileges import VIEW
from contentlib.structures.routing_metadata import OPERATION_ROUTES, PREFIX, OperationInfo
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/routing/service/{service_id}/operation"


class RoutingOperationService(Service):
    """Where calls of operations are routed, by operation."""

    vapi_id = f"{PREFIX}.service.operation"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", _PATH), errors=(NotFound,), also=(VIEW,))
    async def list(self, call: Call, service_id: Id) -> builtins.list[Id]:
        """Lists the operations of a service."""
        return sorted(self._catalogue.operations(service_id))

    @operation(Route("GET", f"{_PATH}/{{operation_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, service_id: Id, operation_id: Id) -> OperationInfo:
        """Returns the routes of an operation."""
        self._catalogue.operation(service_id, operation_id)
        return OPERATION_ROUTES
