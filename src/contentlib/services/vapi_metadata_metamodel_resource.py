"""Implements com.vmware.vapi.metadata.metamodel.resource: the types of resources that identifiers belong to."""

from __future__ import annotations

from contentlib.structures.metamodel import PREFIX
from contentlib.structures.privileges import VIEW
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id


class MetamodelResourceService(Service):
    """The types of resources."""

    vapi_id = f"{PREFIX}.resource"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", "/api/vapi/metadata/metamodel/resource"), also=(VIEW,))
    async def list(self, call: Call) -> set[Id]:
        """Lists the types of resources that operations work on."""
        return set(self._catalogue.resources)
