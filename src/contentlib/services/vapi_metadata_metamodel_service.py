"""Implements com.vmware.vapi.metadata.metamodel.service: the declarations of services."""

from __future__ import annotations

import builtins

from contentlib.structures.declarations import Metamodel
from contentlib.structures.metamodel import PREFIX, ServiceInfo
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/metamodel/service"


class MetamodelServiceService(Service):
    """The declarations of services."""

    vapi_id = f"{PREFIX}.service"

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of the services."""
        return self._metamodel.services

    @operation(Route("GET", f"{_PATH}/{{service_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, service_id: Id) -> ServiceInfo:
        """Returns the declaration of a service."""
        return self._metamodel.service(service_id)
