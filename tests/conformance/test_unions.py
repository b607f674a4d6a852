"""The unions of the declarations against those that the official SDK checks, and against the contract."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract import ENUMERATIONS, OPERATIONS
from conformance.contract import fields_of as contract_fields
from conformance.decoding import API, REST, decoded, inputs_of, output_of
from conformance.sdk import StructType, UnionValidator
from contentlib.vapi.types import Structure, fields_of, type_of
from services.declared import reached

STRUCTURES, _ = reached()
WITH_UNIONS = {name: each for name, each in STRUCTURES.items() if each.unions}
TASK = {"cancelable": True, "description": {"id": "x", "default_message": "x", "args": []}, "operation": "a", "service": "b"}


def sdk_structures() -> dict[str, Any]:
    """The SDK's classes of all structures of all operations, by canonical name."""
    found: dict[str, Any] = {}

    def visit(node: Any) -> None:
        node = getattr(node, "resolved_type", node)
        if isinstance(node, StructType):
            if node.name in found:
                return
            found[node.name] = node.binding_class
            for field in node.get_field_names():
                visit(node.get_field(field))
        for inner in ("element_type", "key_type", "value_type"):
            if hasattr(node, inner):
                visit(getattr(node, inner))

    for operation in OPERATIONS.values():
        inputs = inputs_of(operation)
        for name in operation.parameters:
            visit(inputs.get_field(name))
        visit(output_of(operation))
    return found


SDK = sdk_structures()


def sdk_unions(name: str) -> dict[str, dict[str, dict[str, bool]]]:
    """The unions of a structure by their tags, as the SDK checks them."""
    validators = getattr(SDK[name], "_validator_list", None) or []
    return {each._discriminant_name: _cases(each) for each in validators if isinstance(each, UnionValidator)}


def _cases(validator: Any) -> dict[str, dict[str, bool]]:
    return {case: dict(fields) for case, fields in validator._case_map.items()}


def declared(structure: type[Structure]) -> dict[str, dict[str, dict[str, bool]]]:
    """The same of a structure of ours."""
    return {union.tag: {case: dict(fields) for case, fields in union.cases.items()} for union in structure.unions}


def test_the_sdk_knows_the_structures_of_the_contract() -> None:
    assert len(SDK) > 50
    assert sum(bool(sdk_unions(name)) for name in SDK) == len(WITH_UNIONS) == 29


@pytest.mark.parametrize("name", sorted(STRUCTURES.keys() & SDK.keys()))
def test_unions_are_those_of_the_sdk(name: str) -> None:
    assert declared(STRUCTURES[name]) == sdk_unions(name)


@pytest.mark.parametrize("name", WITH_UNIONS)
def test_unions_name_enumerations_and_optional_fields_of_the_contract(name: str) -> None:
    fields, types = contract_fields(name), {field.name: field.type for field in fields_of(WITH_UNIONS[name])}
    for union in WITH_UNIONS[name].unions:
        assert set(union.cases) == set(ENUMERATIONS[fields[union.tag].bare().name])
        assert types[union.tag].kind == "enumeration" or types[union.tag].of.kind == "enumeration"  # type: ignore[union-attr] # a list has a kind of item
        assert all(fields[field].name == "optional" for field in union.fields)


@pytest.mark.parametrize("style", [REST, API])
@pytest.mark.parametrize(
    "task",
    [
        {"status": "PENDING", "start_time": "2015-01-01T22:13:05.651Z"},
        {"status": "RUNNING", "start_time": "2015-01-01T22:13:05.651Z"},
    ],
)
def test_the_sdk_refuses_what_breaks_a_union(style: str, task: dict[str, str]) -> None:
    operation = OPERATIONS["com.vmware.cis.tasks.get"]
    assert decoded(output_of(operation), TASK | {"status": "PENDING"}, style).status == "PENDING"
    with pytest.raises(Exception, match=r"progress|start_time"):
        decoded(output_of(operation), TASK | task, style)


def test_a_type_of_ours_is_that_of_the_contract() -> None:
    assert all(str(type_of(each)) == name for name, each in WITH_UNIONS.items())
