"""Implements com.vmware.vapi.metadata.authentication.service.operation: the authentication of operations, by operation."""

from __future__ import annotations

import builtins

from contentlib.structures.authentication_metadata import PREFIX, OperationInfo, operation_authentication
from contentlib.structures.privileges import VIEW
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id

_PATH = "/api/vapi/metadata/authentication/service/{service_id}/operation"


class AuthenticationOperationService(Service):
    """Authentication of operations, by operation."""

    vapi_id = f"{PREFIX}.service.operation"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", _PATH), errors=(NotFound,), also=(VIEW,))
    async def list(self, call: Call, service_id: Id) -> builtins.list[Id]:
        """Lists the operations of a service."""
        found = self._catalogue.operations(service_id)
        return sorted(found)

    @operation(Route("GET", f"{_PATH}/{{operation_id}}"), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, service_id: Id, operation_id: Id) -> OperationInfo:
        """Returns the authentication of an operation."""
        return operation_authentication(self._catalogue.operation(service_id, operation_id))
