"""Implements com.vmware.vapi.metadata.authentication.service: the authentication of operations, by service."""

from __future__ import annotations

import builtins

from contentlib.structures.authentication_metadata import PREFIX, ServiceInfo, service_authentication
from contentlib.structures.privileges import VIEW
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/authentication/service"


class AuthenticationServiceService(Service):
    """Authentication of operations, by service."""

    vapi_id = f"{PREFIX}.service"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", _PATH), also=(VIEW,))
    async def list(self, call: Call) -> builtins.list[Id]:
        """Lists all services."""
        return self._catalogue.all()

    @operation(Route("GET", f"{_PATH}/{{service_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, service_id: Id) -> ServiceInfo:
        """Returns the authentication of a service's operations."""
        return service_authentication(self._catalogue.operations(service_id))
