"""The services of vCenter that scripts look datastores up with are declared as the official SDK has them."""

from __future__ import annotations

from typing import Any

import pytest

from contentlib.services.vcenter_datacenter import DatacenterService
from contentlib.services.vcenter_datastore import DatastoreService
from contentlib.services.vcenter_folder import FolderService
from contentlib.vapi.declare import Service, operations_of
from contentlib.vapi.types import ENUMERATION_NAMES, Type, fields_of
from vim.bindings import stub_of

SERVICES: list[type[Service]] = [DatacenterService, DatastoreService, FolderService]
_KINDS = {"Void": "void", "Integer": "integer", "String": "string", "Boolean": "boolean", "Id": "id"}
_OPERATIONS = [(service, operation.name) for service in SERVICES for operation in operations_of(service)]


def shape(binding: Any) -> Any:
    """A type of the SDK, with the fields of its structures and the values of its enumerations."""
    kind = type(binding).__name__.removesuffix("Type")
    if kind == "Reference":
        return shape(binding.resolved_type)
    if kind == "Struct":
        return binding.name, {name: shape(binding.get_field(name)) for name in binding.get_field_names()}
    if kind == "Enum":
        values = [each for each in vars(binding.binding_class) if each.isupper()]
        return binding.name, sorted(values)
    if kind in ("Optional", "List", "Set"):
        return kind.lower(), shape(binding.element_type)
    return _KINDS[kind]


def declared(node: Type | None) -> Any:
    """The same of a type of ours."""
    if node is None:
        return "void"
    if node.kind == "structure":
        return node.python.vapi_name, {field.name: declared(field.type) for field in fields_of(node.python)}
    if node.kind == "enumeration":
        return ENUMERATION_NAMES[node.python], sorted(each.name for each in node.python)
    if node.of is not None:
        return node.kind, declared(node.of)
    return node.kind


@pytest.mark.parametrize(("service", "name"), _OPERATIONS)
def test_an_operation_is_declared_as_in_the_sdk(service: type[Service], name: str) -> None:
    stub = stub_of(service.vapi_id)
    theirs, rest = stub._operations[name], stub._rest_metadata[name]
    (ours,) = [each for each in operations_of(service) if each.name == name]
    taken = {each.name: declared(each.type) for each in ours.parameters}
    assert taken == {each: shape(theirs["input_type"].get_field(each)) for each in theirs["input_type"].get_field_names()}
    assert declared(ours.output) == shape(theirs["output_type"])
    assert {each.name for each in ours.errors} == {each.rpartition(".")[2] for each in theirs["errors"]}
    assert (ours.api.method, ours.api.path) == (rest.http_method, f"/api{rest._url_template}")


def test_no_operation_that_only_reads_is_missing() -> None:
    for service in SERVICES:
        reading = {name for name in stub_of(service.vapi_id)._operations if name in ("get", "list")}
        assert {each.name for each in operations_of(service)} == reading
