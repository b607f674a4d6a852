"""The contract's services as declarations, made from its data: all operations, also those that nobody serves yet."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from functools import cache
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

import msgspec

from contentlib.messages import Fault
from contentlib.vapi import std
from contentlib.vapi.declare import Route, Service, operation
from contentlib.vapi.errors import ERRORS
from contentlib.vapi.registry import Call, Registry
from contentlib.vapi.types import DateTime, Enumeration, Id, Integer, Secret, Structure, Uri, enumeration

CONTRACT: dict[str, Any] = json.loads(Path(__file__).parents[1].joinpath("contract", "content-library.json").read_text())
OPERATIONS: dict[str, Any] = {
    f"{service}.{name}": found for service, operations in CONTRACT["services"].items() for name, found in operations.items()
}
APART = re.compile(r"com\.vmware\.(cis\.session\.(get|delete)|cis\.tasks\..*|content\.library\.item\.changes\..*)")
"""The operations whose published address on `/rest` does not follow from their name."""

_BUILT_IN: dict[str, Any] = {
    "void": None,
    "id": Id,
    "uri": Uri,
    "secret": Secret,
    "string": str,
    "integer": Integer,
    "double": float,
    "boolean": bool,
    "datetime": DateTime,
    "opaque": Any,
    "anyerror": Any,
    std.LocalizableMessage.vapi_name: std.LocalizableMessage,
    std.LocalizationParam.vapi_name: std.LocalizationParam,
    std.NestedLocalizableMessage.vapi_name: std.NestedLocalizableMessage,
}


@cache
def annotation(text: str) -> Any:
    """The annotation that the contract's notation of a type stands for."""
    if text in _BUILT_IN:
        return _BUILT_IN[text]
    kind, _, inner = text.removesuffix(">").partition("<")
    match kind:
        case "optional":
            return annotation(inner) | None
        case "list":
            return list[annotation(inner)]  # type: ignore[misc]  # made from data
        case "set":
            return set[annotation(inner)]  # type: ignore[misc]  # made from data
        case "map":
            key, value = inner.split(",", 1)
            return dict[annotation(key), annotation(value)]  # type: ignore[misc]  # made from data
    return _enumeration(text) if text in CONTRACT["enumerations"] else _structure(text)


def _enumeration(name: str) -> Any:
    values = {value: value for value in CONTRACT["enumerations"][name]}
    functional: Any = Enumeration
    return enumeration(name)(functional(_python(name), values))


def _structure(name: str) -> Any:
    fields: list[Any] = [
        (field, annotation(text), None) if text.startswith("optional<") else (field, annotation(text))
        for field, text in CONTRACT["structures"][name].items()
    ]
    namespace = {"vapi_name": name, "__doc__": f"As {name}."}
    return msgspec.defstruct(_python(name), fields, bases=(Structure,), namespace=namespace, kw_only=True)


def _python(name: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[._]", name))


def route(name: str) -> Route:
    """The route of an operation, as a declaration has it: the variables of its path are its parameters."""
    api, rest = OPERATIONS[name]["api"], OPERATIONS[name]["rest"]
    variables = api["path_variables"] or {}
    return Route(
        api["method"],
        re.sub(r"\{(.+?)\}", lambda found: f"{{{variables[found[1]]}}}", api["path"]),
        api["dispatch_query"] or {},
        api["body_is_parameter"],
        api["header_parameters"] or {},
        api["success_status"],
        rest["path"] if APART.fullmatch(name) else None,
    )


def _method(name: str) -> Callable[..., Awaitable[Any]]:
    async def method(self: Service, call: Call, **arguments: Any) -> Any:
        raise ERRORS["internal_server_error"](Fault("sample.none", f"nobody serves {name}"))

    found = OPERATIONS[name]
    method.__annotations__ = {key: annotation(text) for key, text in found["parameters"].items()}
    method.__annotations__["return"] = annotation(found["output"])
    method.__signature__ = _signature(["self", "call", *found["parameters"]])  # type: ignore[attr-defined]  # made from data
    method.__doc__ = f"As {name}."
    return operation(route(name), errors=tuple(ERRORS[error] for error in found["errors"]))(method)


def _signature(names: list[str]) -> Signature:
    return Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names])


def registry() -> Registry:
    """All services of the contract; their operations do nothing."""
    services = []
    for service, operations in CONTRACT["services"].items():
        methods: dict[str, Any] = {name: _method(f"{service}.{name}") for name in operations}
        services.append(type(_python(service), (Service,), {"vapi_id": service} | methods)())
    return Registry(services)
