"""Implements com.vmware.vapi.std.introspection.operation: the parameters, results and errors of operations."""

from __future__ import annotations

import builtins
from typing import ClassVar

from contentlib.structures.introspection import PREFIX, DataDefinition, definition_of, error_of, input_of
from contentlib.structures.privileges import VIEW
from contentlib.vapi.catalogue import Catalogue
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import NotFound
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Id, Structure

_PATH = "/api/vapi/std/introspection/operation"


class Info(Structure):
    """The parameters, the result and the errors of an operation."""

    vapi_name: ClassVar[str] = f"{PREFIX}.operation.info"
    input_definition: DataDefinition
    output_definition: DataDefinition
    error_definitions: builtins.list[DataDefinition]


class OperationService(Service):
    """The operations of this server's services."""

    vapi_id = f"{PREFIX}.operation"

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @operation(Route("GET", _PATH), errors=(NotFound,), also=(VIEW,))
    async def list(self, call: Call, service_id: Id) -> set[Id]:
        """Lists the identifiers of a service's operations."""
        return set(self._catalogue.operations(service_id))

    @operation(Route("GET", _PATH, {"operation_id": None}), errors=(NotFound,), also=(VIEW,))
    async def get(self, call: Call, service_id: Id, operation_id: Id) -> Info:
        """Returns the parameters, the result and the errors of an operation."""
        found = self._catalogue.operation(service_id, operation_id)
        return Info(
            input_definition=input_of(found.parameters),
            output_definition=definition_of(found.output),
            error_definitions=[error_of(each) for each in (*found.errors, *found.beside)],
        )
