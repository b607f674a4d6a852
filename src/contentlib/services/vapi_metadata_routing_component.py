"""Implements com.vmware.vapi.metadata.routing.component: where calls of operations are routed, by component."""

from __future__ import annotations

import builtins

from contentlib.structures.privileges import VIEW
from contentlib.structures.routing_metadata import PREFIX, ComponentData, ComponentInfo, package_routes
from contentlib.vapi.catalogue import Catalogue, ServiceGroups
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/routing/component"
_COMPONENT = f"{_PATH}/{{component_id}}"


class RoutingComponentService(Service):
    """Where calls of operations are routed, by component."""

    vapi_id = f"{PREFIX}.component"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._groups = ServiceGroups(catalogue, catalogue.all())

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the components whose operations have routes."""
        return self._groups.components()

    @operation(Route("GET", _COMPONENT), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, component_id: Id) -> ComponentData:
        """Returns the routes of a component's operations."""
        packages = {each: package_routes(self._groups.of_package(each)) for each in self._groups.of_component(component_id)}
        return ComponentData(info=ComponentInfo(packages=packages), fingerprint=self._catalogue.checksum)

    @operation(Route("GET", f"{_COMPONENT}/fingerprint"), errors=(NotFound,), also=(VIEW,))
    async def fingerprint(self, call: Call, component_id: Id) -> str:
        """Returns a text that changes with the declarations."""
        self._groups.of_component(component_id)
        return self._catalogue.checksum
