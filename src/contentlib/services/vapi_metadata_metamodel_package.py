"""Implements com.vmware.vapi.metadata.metamodel.package: the declarations of this server, by package."""

from __future__ import annotations

import builtins

from contentlib.structures.declarations import Metamodel
from contentlib.structures.metamodel import PREFIX, PackageInfo
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/metamodel/package"


class MetamodelPackageService(Service):
    """The declarations of this server, by package."""

    vapi_id = f"{PREFIX}.package"

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of the packages."""
        return self._metamodel.packages

    @operation(Route("GET", f"{_PATH}/{{package_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, package_id: Id) -> PackageInfo:
        """Returns the declaration of a package."""
        return self._metamodel.package(package_id)
