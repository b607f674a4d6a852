"""Implements com.vmware.vapi.metadata.metamodel.structure: the declarations of structures and errors."""

from __future__ import annotations

import builtins

from contentlib.structures.declarations import Metamodel
from contentlib.structures.metamodel import PREFIX, StructureInfo
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/metamodel/structure"


class MetamodelStructureService(Service):
    """The declarations of structures and errors."""

    vapi_id = f"{PREFIX}.structure"

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of the structures."""
        return builtins.list(self._metamodel.structures)

    @operation(Route("GET", f"{_PATH}/{{structure_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, structure_id: Id) -> StructureInfo:
        """Returns the declaration of a structure."""
        return self._metamodel.structure(structure_id)
