"""Implements com.vmware.vapi.metadata.metamodel.enumeration: the declarations of enumerations."""

from __future__ import annotations

import builtins

from contentlib.structures.declarations import Metamodel
from contentlib.structures.metamodel import PREFIX, EnumerationInfo
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/metamodel/enumeration"


class MetamodelEnumerationService(Service):
    """The declarations of enumerations."""

    vapi_id = f"{PREFIX}.enumeration"

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the identifiers of the enumerations."""
        return builtins.list(self._metamodel.enumerations)

    @operation(Route("GET", f"{_PATH}/{{enumeration_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, enumeration_id: Id) -> EnumerationInfo:
        """Returns the declaration of an enumeration."""
        return self._metamodel.enumeration(enumeration_id)
