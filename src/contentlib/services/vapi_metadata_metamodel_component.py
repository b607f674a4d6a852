"""Implements com.vmware.vapi.metadata.metamodel.component: the declarations of this server, by component."""

from __future__ import annotations

import builtins

from contentlib.structures.declarations import Metamodel
from contentlib.structures.metamodel import PREFIX, ComponentData
from contentlib.structures.privileges import VIEW
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/metamodel/component"
_COMPONENT = f"{_PATH}/{{component_id}}"


class MetamodelComponentService(Service):
    """The declarations of this server, by component."""

    vapi_id = f"{PREFIX}.component"

    def __init__(self, metamodel: Metamodel) -> None:
        self._metamodel = metamodel

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the components."""
        return self._metamodel.components

    @operation(Route("GET", _COMPONENT), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, component_id: Id) -> ComponentData:
        """Returns the declarations of a component."""
        return ComponentData(info=self._metamodel.component(component_id), fingerprint=self._metamodel.fingerprint)

    @operation(Route("GET", f"{_COMPONENT}/fingerprint"), errors=(NotFound,), also=(VIEW,))
    async def fingerprint(self, call: Call, component_id: Id) -> str:
        """Returns a text that changes with the declarations."""
        self._metamodel.component(component_id)
        return self._metamodel.fingerprint
