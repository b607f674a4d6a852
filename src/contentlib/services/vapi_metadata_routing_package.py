"""Implements com.vmware.vapi.metadata.routing.package: where calls of operations are routed, by package."""

from __future__ import annotations

import builtins

from contentlib.structures.privileges import VIEW
from contentlib.structures.routing_metadata import PREFIX, PackageInfo, package_routes
from contentlib.vapi.catalogue import Catalogue, ServiceGroups
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/routing/package"


class RoutingPackageService(Service):
    """Where calls of operations are routed, by package."""

    vapi_id = f"{PREFIX}.package"

    def __init__(self, catalogue: Catalogue) -> None:
        self._groups = ServiceGroups(catalogue, catalogue.all())

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the packages whose operations have routes."""
        return self._groups.packages()

    @operation(Route("GET", f"{_PATH}/{{package_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, package_id: Id) -> PackageInfo:
        """Returns the routes of a package's operations."""
        return package_routes(self._groups.of_package(package_id))
