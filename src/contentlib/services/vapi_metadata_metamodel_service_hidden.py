"""Implements com.vmware.vapi.metadata.metamodel.service.hidden: services that are not shown to people."""

from __future__ import annotations

import builtins

from contentlib.services.vapi_metadata_sources import SOURCE_SERVICES
from contentlib.structures.metamodel import PREFIX
from contentlib.structures.privileges import VIEW
from contentlib.structures.routing_metadata import PREFIX as ROUTING
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_SOURCES = {each.vapi_id for each in SOURCE_SERVICES}


class MetamodelHiddenService(Service):
    """The services that are not shown to people."""

    vapi_id = f"{PREFIX}.service.hidden"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", "/api/vapi/metadata/metamodel/service-hidden"), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists the services that are for other servers: the sources of metadata, and where calls are routed."""
        return [each for each in self._catalogue.all() if each.startswith(f"{ROUTING}.") or each in _SOURCES]
