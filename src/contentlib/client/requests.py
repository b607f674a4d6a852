"""Converts calls of declared operations to requests of the form `/api`, and answers to values."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from contentlib.client.failures import ClientFailed, printable
from contentlib.vapi.declare import Operation, operations_of
from contentlib.vapi.registry import Call
from contentlib.vapi.types import Type
from contentlib.wire.json_values import annotation, decoder, encode
from contentlib.wire.tasked import QUERY

Given = ParamSpec("Given")
Result = TypeVar("Result")
Declared = Callable[Concatenate[Any, Call, Given], Awaitable[Result]]
"""A method of a service class that is declared as an operation, such as `ItemService.get`."""

_READS = frozenset({"find", "get", "list", "probe", "validate"})
_REPEATED = _READS | {"add", "keep_alive", "prepare", "update"}
"""Operations that have the same effect if they are called twice."""
_TOKEN = "client_token"  # noqa: S105 - the name of a parameter
_BODILESS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request, relative to the server's URL. If it is `repeatable`, sending it twice is like sending it once."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | None
    repeatable: bool


@cache
def operation_of(method: Callable[..., Any]) -> Operation:
    """The declaration of a method of a service class."""
    service = getattr(sys.modules[method.__module__], method.__qualname__.partition(".")[0])
    return next(each for each in operations_of(service) if each.method == method.__name__)


def request_of(operation: Operation, given: dict[str, Any], *, task: bool = False) -> ApiRequest:
    """The request of a call, or of a call that runs as a task. Generates a missing client token, to make it repeatable."""
    route = operation.api
    arguments = {name: value for name, value in given.items() if value is not None}
    if any(parameter.name == _TOKEN for parameter in operation.parameters):
        arguments.setdefault(_TOKEN, str(uuid.uuid4()))
    repeatable = route.method in _BODILESS or _TOKEN in arguments or operation.name in _REPEATED
    path = _path(route.path, arguments)
    headers = {header: str(arguments.pop(name)) for header, name in route.headers.items() if name in arguments}
    query = [(name, value) for name, value in route.dispatch.items() if value is not None] + ([(QUERY, "true")] if task else [])
    body: bytes | None = None
    if route.body is not None:
        body = encode(arguments.pop(route.body, {}))
    elif route.method not in _BODILESS:
        body, arguments = encode(arguments), {}
    for name, value in arguments.items():
        query += _pairs(name, msgspec.json.decode(encode(value)))
    return ApiRequest(route.method, path + (f"?{urlencode(query)}" if query else ""), headers, body, repeatable)


def _path(path: str, arguments: dict[str, Any]) -> str:
    steps = [quote(str(arguments.pop(step[1:-1])), safe="") if step.startswith("{") else step for step in path.split("/")]
    return "/".join(steps)


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """A value in a query: the fields of a structure below its name, and each element of a list with its position."""
    match value:
        case dict():
            for field, inner in value.items():
                yield from _pairs(f"{name}.{field}", inner)
        case list():
            for position, inner in enumerate(value, 1):
                yield from _pairs(f"{name}.{position}", inner)
        case bool():
            yield name, str(value).lower()
        case _:
            yield name, str(value)


@cache
def _decoder(output: Type) -> msgspec.json.Decoder[Any]:
    return decoder(annotation(output))


def value_of(operation: Operation, body: bytes) -> Any:
    """The result in an answer. Raises ClientFailed if it is not what the operation returns."""
    if operation.output.kind == "void":
        return None
    try:
        return _decoder(operation.output).decode(body)
    except (ValueError, RecursionError) as error:
        shown = printable(body[:200].decode(errors="replace"))
        raise ClientFailed(f"{operation.id} answered {shown!r}; is this the URL of a contentlib server?") from error
