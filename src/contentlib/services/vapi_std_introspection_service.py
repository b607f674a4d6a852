"""Implements com.vmware.vapi.std.introspection.service: the services of this server."""

from __future__ import annotations

from typing import ClassVar

from contentlib.structures.introspection import PREFIX
from contentlib.structures.privileges import VIEW
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PATH = "/api/vapi/std/introspection/service"


class Info(Structure):
    """The operations of a service."""

    vapi_name: ClassVar[str] = f"{PREFIX}.service.info"
    operations: set[Id]


class ServiceService(Service):
    """The services of this server."""

    vapi_id = f"{PREFIX}.service"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> set[Id]:
        """Lists the identifiers of all services."""
        return self._catalogue.services

    @operation(Route("GET", f"{_PATH}/{{id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, id: Id) -> Info:
        """Returns the identifiers of a service's operations."""
        return Info(operations=set(self._catalogue.operations(id)))
