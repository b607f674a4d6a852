"""The official SDK is the judge of JSON-RPC: what it sends is understood, and it understands what it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from contentlib.messages import Message
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import ERRORS
from contentlib.vapi.registry import Call, Endpoint, Handler
from contentlib.vapi.types import DateTime, Type, fields_of
from wire import contract, sdk
from wire.client import Client
from wire.contract import OPERATIONS
from wire.sample_services import VALUES
from wire.sdk import data

WHEN = datetime(2015, 1, 1, 22, 13, 5, 651000, UTC)


def entry(key: Any, item: Any) -> Any:
    return data.StructValue("map-entry", values={"key": key, "value": item})


def point(x: int, label: str | None = None) -> Any:
    written = None if label is None else data.StringValue(label)
    return data.StructValue("com.vmware.sample.point", values={"x": data.IntegerValue(x), "label": data.OptionalValue(written)})


@pytest.mark.parametrize(
    ("operation", "value"),
    [
        ("string", data.StringValue("ü 漢字 😀 \x00")),
        ("string", data.StringValue("")),
        ("id", data.StringValue("obj-103:7")),
        ("uri", data.StringValue("https://lib.example/")),
        ("secret", data.SecretValue("tr0ub4dor")),
        ("integer", data.IntegerValue(2**63 - 1)),
        ("integer", data.IntegerValue(-(2**63))),
        ("double", data.DoubleValue(Decimal("1.5"))),
        ("double", data.DoubleValue(Decimal("-3"))),
        ("double", data.DoubleValue(Decimal("1E+300"))),
        ("boolean", data.BooleanValue(True)),
        ("datetime", data.StringValue("2015-01-01T22:13:05.651Z")),
        ("binary", data.BlobValue(bytes(range(256)))),
        ("enumeration", data.StringValue("DARK_BLUE")),
        ("structure", point(7, "seven")),
        ("structure", point(7)),
        ("list", data.ListValue([data.StringValue("a"), data.StringValue("")])),
        ("list", data.ListValue([])),
        ("structure_list", data.ListValue([point(1), point(2, "b")])),
        ("set", data.ListValue([data.StringValue("DARK_BLUE"), data.StringValue("RED")])),
        ("map", data.ListValue([entry(data.StringValue("a"), point(1))])),
        ("enumeration_map", data.ListValue([entry(data.StringValue("RED"), data.IntegerValue(1))])),
        (
            "map_list",
            data.ListValue([data.ListValue([entry(data.StringValue("RED"), data.StringValue("x"))]), data.ListValue([])]),
        ),
        ("optional", data.OptionalValue(data.StringValue("a"))),
        ("optional", data.OptionalValue(None)),
        ("optional_list", data.OptionalValue(data.ListValue([data.IntegerValue(1)]))),
    ],
)
def test_a_value_that_the_sdk_writes_comes_back_to_it(operation: str, value: Any) -> None:
    arguments = data.StructValue("operation-input", values={"value": value})
    result = sdk.invoke(Client(), VALUES, operation, arguments)
    assert result.error is None
    assert result.output == value


def test_a_void_result_is_void_to_the_sdk() -> None:
    result = sdk.invoke(Client(), VALUES, "void", data.StructValue("operation-input"))
    assert result.error is None
    assert result.output == data.VoidValue()


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_an_exception_of_its_own_class_to_the_sdk(name: str) -> None:
    async def fail(call: Call, **arguments: Any) -> Any:
        raise ERRORS[name](Message("sample.said", "box {box} does not exist")(box=7))

    registry = contract.registry()
    key = ("com.vmware.content.library", "get")
    declared = registry.endpoints[key].operation
    registry.endpoints[key] = Endpoint(_with_errors(declared), fail)
    with pytest.raises(sdk.error_class(name)) as caught:
        sdk.stub(Client(registry), key[0]).get("lib-1")
    (message,) = caught.value.messages
    assert (message.id, message.default_message, message.args) == ("contentlib.sample.said", "box 7 does not exist", ["7"])
    assert {name: param.s for name, param in message.params.items()} == {"box": "7"}
    assert caught.value.error_type == name.upper()


def _with_errors(declared: Operation) -> Operation:
    """The operation, declared to raise every error."""
    return replace(declared, errors=tuple(ERRORS.values()))


@cache
def answering(values: Callable[[Type], Any]) -> Client:
    """A client of the contract's services, all of whose operations answer values of their declared types."""
    registry = contract.registry()
    for key, endpoint in registry.endpoints.items():
        registry.endpoints[key] = Endpoint(endpoint.operation, _handler(values, endpoint.operation.output))
    return Client(registry)


def _handler(values: Callable[[Type], Any], output: Type) -> Handler:
    async def handler(call: Call, **arguments: Any) -> Any:
        return values(output)

    return handler


def full(declared: Type | None) -> Any:
    """A value of a type with all that it can hold."""
    assert declared is not None
    match declared.kind:
        case "void" | "any":
            return None
        case "optional":
            return full(declared.of)
        case "list":
            return [full(declared.of), full(declared.of)]
        case "set":
            return {full(declared.of)}
        case "map":
            return {full(declared.key): full(declared.of)}
        case "enumeration":
            return next(iter(declared.python))
        case "structure":
            return declared.python(
                **{field.name: full(field.type) for field in fields_of(declared.python) if field.name != "l"}
            )
    return {"integer": 7, "double": 1.5, "boolean": True, "datetime": DateTime.parse(WHEN.isoformat())}.get(declared.kind, "a")


def bare(declared: Type | None) -> Any:
    """A value of a type with no more than it must hold."""
    assert declared is not None
    match declared.kind:
        case "optional":
            return None
        case "list" | "set" | "map":
            return {"list": list, "set": set, "map": dict}[declared.kind]()
        case "structure":
            return declared.python(**{field.name: bare(field.type) for field in fields_of(declared.python)})
    return full(declared)


@pytest.mark.parametrize("values", [full, bare])
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_sdk_reads_what_every_operation_of_the_contract_answers(name: str, values: Callable[[Type], Any]) -> None:
    service, _, operation = name.rpartition(".")
    client = answering(values)
    method = sdk.stub(client, service)._api_interface._operations[operation]
    arguments = data.StructValue(
        "operation-input", values={key: _argument(text) for key, text in OPERATIONS[name]["parameters"].items()}
    )
    result = sdk.invoke(client, service, operation, arguments)
    assert result.error is None, result.error
    assert method["output_type"].definition.validate(result.output) is None


def _argument(text: str) -> Any:
    """An argument of a type as the SDK writes it, with no more than it must hold."""
    if text.startswith("optional<"):
        return data.OptionalValue(None)
    if text.startswith("list<"):
        return data.ListValue([])
    if text in contract.CONTRACT["structures"]:
        fields = contract.CONTRACT["structures"][text]
        return data.StructValue(text, values={name: _argument(inner) for name, inner in fields.items()})
    if text in contract.CONTRACT["enumerations"]:
        return data.StringValue(contract.CONTRACT["enumerations"][text][0])
    return {"boolean": data.BooleanValue(True), "integer": data.IntegerValue(1)}.get(text, data.StringValue("a"))


def test_structures_dates_and_enumerations_are_objects_of_the_sdk() -> None:
    session = sdk.stub(answering(full), "com.vmware.content.library.item.download_session").get("s-1")
    assert session.expiration_time == WHEN.replace(tzinfo=None)
    assert (session.state, session.client_progress) == ("ACTIVE", 7)
    assert session.error_message.params["a"].d == Decimal("1.5")
