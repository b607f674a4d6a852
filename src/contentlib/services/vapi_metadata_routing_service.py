"""Implements com.vmware.vapi.metadata.routing.service: where calls of operations are routed, by service."""

from __future__ import annotations

import builtins

from contentlib.structures.privileges import VIEW
from contentlib.structures.routing_metadata import PREFIX, ServiceInfo, service_routes
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/routing/service"


class RoutingServiceService(Service):
    """Where calls of operations are routed, by service."""

    vapi_id = f"{PREFIX}.service"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the services whose operations have routes."""
        return self._catalogue.all()

    @operation(Route("GET", f"{_PATH}/{{service_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, service_id: Id) -> ServiceInfo:
        """Returns the routes of a service's operations."""
        return service_routes(self._catalogue.operations(service_id))
