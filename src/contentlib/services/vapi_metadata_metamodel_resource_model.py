"""Implements com.vmware.vapi.metadata.metamodel.resource.model: the structures that describe resources."""

from __future__ import annotations

from contentlib.structures.metamodel import PREFIX
from contentlib.structures.privileges import VIEW
from contentlib.vapi import messages
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id


class MetamodelResourceModelService(Service):
    """The structures that describe the resources of a type."""

    vapi_id = f"{PREFIX}.resource.model"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", "/api/vapi/metadata/metamodel/resource/{resource_id}/model"), errors=(NotFound,), also=(VIEW,))
    async def list(self, call: Call, resource_id: Id) -> set[Id]:
        """Lists the structures that operations return about a resource of a type."""
        models = self._catalogue.resources.get(resource_id)
        if models is None:
            raise NotFound(messages.NO_RESOURCE(resource=resource_id))
        return set(models)
