"""Reads the official SDK's bindings of a service into the form of `content-library.json`; nothing here comes from the product.

The bindings know parameters, types, errors and addresses on `/api`, but neither privileges nor statuses nor `/rest`. Those
follow the rules that hold for every operation of that file.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    # the SDK reads its messages by a deprecated function of Python, and imports parts of its API that it has deprecated
    warnings.filterwarnings("ignore", "read_binary is deprecated", DeprecationWarning)
    warnings.filterwarnings("ignore", r"com\.vmware\..* is deprecated as of release vSphere API", DeprecationWarning)
    import requests
    from vmware.vapi.bindings import type as sdk
    from vmware.vapi.bindings.stub import StubFactory
    from vmware.vapi.lib.connect import get_requests_connector
    from vmware.vapi.stdlib.client.factories import StubConfigurationFactory

SERVICES = (
    "com.vmware.cis.tagging.category",
    "com.vmware.cis.tagging.tag",
    "com.vmware.cis.tagging.tag_association",
    "com.vmware.vapi.metadata.authentication.component",
    "com.vmware.vapi.metadata.authentication.package",
    "com.vmware.vapi.metadata.authentication.service",
    "com.vmware.vapi.metadata.authentication.service.operation",
    "com.vmware.vapi.metadata.authentication.source",
    "com.vmware.vapi.metadata.cli.command",
    "com.vmware.vapi.metadata.cli.namespace",
    "com.vmware.vapi.metadata.cli.source",
    "com.vmware.vapi.metadata.metamodel.component",
    "com.vmware.vapi.metadata.metamodel.enumeration",
    "com.vmware.vapi.metadata.metamodel.package",
    "com.vmware.vapi.metadata.metamodel.resource",
    "com.vmware.vapi.metadata.metamodel.resource.model",
    "com.vmware.vapi.metadata.metamodel.service",
    "com.vmware.vapi.metadata.metamodel.service.hidden",
    "com.vmware.vapi.metadata.metamodel.service.operation",
    "com.vmware.vapi.metadata.metamodel.source",
    "com.vmware.vapi.metadata.metamodel.structure",
    "com.vmware.vapi.metadata.privilege.component",
    "com.vmware.vapi.metadata.privilege.package",
    "com.vmware.vapi.metadata.privilege.service",
    "com.vmware.vapi.metadata.privilege.service.operation",
    "com.vmware.vapi.metadata.privilege.source",
    "com.vmware.vapi.metadata.routing.component",
    "com.vmware.vapi.metadata.routing.package",
    "com.vmware.vapi.metadata.routing.service",
    "com.vmware.vapi.metadata.routing.service.operation",
    "com.vmware.vapi.metadata.routing.source",
    "com.vmware.vapi.std.introspection.operation",
    "com.vmware.vapi.std.introspection.provider",
    "com.vmware.vapi.std.introspection.service",
    "com.vmware.vcenter.ovf.export_flag",
    "com.vmware.vcenter.ovf.import_flag",
    "com.vmware.vcenter.ovf.library_item",
)
"""The services that users of content libraries call beside them."""

_SCALARS = {
    sdk.VoidType: "void",
    sdk.StringType: "string",
    sdk.IdType: "id",
    sdk.URIType: "uri",
    sdk.SecretType: "secret",
    sdk.IntegerType: "integer",
    sdk.DoubleType: "double",
    sdk.BooleanType: "boolean",
    sdk.DateTimeType: "datetime",
    sdk.BlobType: "binary",
    sdk.OpaqueType: "opaque",
    sdk.AnyErrorType: "anyerror",
}
_CONTAINERS = {sdk.OptionalType: "optional", sdk.ListType: "list", sdk.SetType: "set"}
_FACTORY = StubFactory(
    StubConfigurationFactory.new_std_configuration(
        get_requests_connector(session=requests.Session(), url="https://unused.invalid/api")
    )
)
_CONTENT = Path(__file__).with_name("content-library.json")


class Reader:
    """Collects services, and the structures and enumerations that they reach."""

    def __init__(self) -> None:
        self.services: dict[str, dict[str, Any]] = {}
        self.structures: dict[str, dict[str, str]] = {}
        self.enumerations: dict[str, list[str]] = {}
        self.inner: dict[str, bool] = {}
        """Whether a structure or enumeration is declared inside of a service or structure, or else in a package."""

    def read(self, service: str) -> None:
        """Reads all operations of a service."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"com\.vmware\..* is deprecated as of release vSphere API", DeprecationWarning)
            stub = _FACTORY.create_stub(service)._api_interface
        self.services[service] = {
            name: self._operation(service, name, declared, stub._rest_metadata[name])
            for name, declared in stub._operations.items()
        }

    def _operation(self, service: str, name: str, declared: Any, rest: Any) -> dict[str, Any]:
        inputs = declared["input_type"]
        parameters = {each: self._text(inputs.get_field(each)) for each in inputs.get_field_names()}
        output = self._text(declared["output_type"])
        return {
            "parameters": parameters,
            "output": output,
            "errors": sorted(each.rpartition(".")[2] for each in declared["errors"]),
            "api": _api(rest, output),
            "rest": _rest(service, name, parameters),
            "privileges": None,
        }

    def _text(self, declared: Any) -> str:
        """A type in the contract's notation."""
        if isinstance(declared, sdk.ReferenceType):
            declared = declared.resolved_type
        for kind, name in _CONTAINERS.items():
            if isinstance(declared, kind):
                return f"{name}<{self._text(declared.element_type)}>"
        if isinstance(declared, sdk.MapType):
            return f"map<{self._text(declared.key_type)},{self._text(declared.value_type)}>"
        if isinstance(declared, sdk.EnumType | sdk.StructType) and declared.binding_class is not None:
            self.inner[declared.name] = "." in declared.binding_class.__qualname__
        if isinstance(declared, sdk.EnumType):
            self.enumerations[declared.name] = sorted(map(str, declared.binding_class.get_values()))
            return str(declared.name)
        if isinstance(declared, sdk.DynamicStructType):  # which is a structure to the SDK, though one without fields
            return "opaque"
        if isinstance(declared, sdk.StructType):
            self._structure(declared)
            return str(declared.name)
        return _SCALARS[type(declared)]

    def _structure(self, declared: Any) -> None:
        if declared.name not in self.structures:
            fields = self.structures[declared.name] = {}
            for each in declared.get_field_names():
                fields[each] = self._text(declared.get_field(each))


def _api(rest: Any, output: str) -> dict[str, Any]:
    variables = {template: name for name, template in rest._path_variables.items()}
    return {
        "method": rest.http_method,
        "path": "/api" + rest._url_template.partition("?")[0],
        "dispatch_query": {name: _given(value) for name, value in rest._dispatch_parameters.items()} or None,
        "path_variables": variables or None,
        "query_parameters": list(rest._query_parameters) or None,
        "header_parameters": dict(rest._header_parameters) or None,
        "body_is_parameter": rest.request_body_parameter,
        "success_status": _status(rest, output),
    }


def _given(value: str) -> str | None:
    """What the query must hold under a name; None where the name alone counts."""
    return None if value == "null" else value


def _status(rest: Any, output: str) -> int:
    if output == "void":
        return 204
    return 201 if rest.http_method == "POST" and not rest._dispatch_parameters else 200


_METHODS = {"create": "POST", "list": "GET", "get": "GET", "update": "PATCH", "delete": "DELETE"}


def _rest(service: str, name: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The first identifier is in the path, what is not one of five names is an action."""
    path = "/rest/" + service.replace(".", "/").replace("_", "-")
    identifier = next((each for each, declared in parameters.items() if declared == "id"), None)
    at = f"{path}/id:{{{identifier}}}" if identifier else path
    if name == "list":
        return {"method": "GET", "path": path, "query": list(parameters)}
    alone = name not in ("get", "delete") or len(parameters) == 1
    if name in _METHODS and alone and (identifier or name == "create"):
        return {"method": _METHODS[name], "path": at}
    return {"method": "POST", "path": f"{at}?~action={name.replace('_', '-')}"}


def read(services: Iterable[str] = SERVICES) -> Reader:
    """The declarations of services, as the bindings have them."""
    reader = Reader()
    for service in services:
        reader.read(service)
    return reader


def whole() -> dict[str, Any]:
    """The contract of content libraries with the services beside them; what both have is as the first has it."""
    contract: dict[str, Any] = json.loads(_CONTENT.read_bytes())
    beside = read()
    for part in ("services", "structures", "enumerations"):
        contract[part] = {**getattr(beside, part), **contract[part]}
    return contract
