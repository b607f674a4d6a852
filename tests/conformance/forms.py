"""The five wire forms, read a second time from their description: requests from arguments, results from responses."""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from conformance.contract import Operation, Type, fields_of, status_of, type_of
from conformance.decoding import API, REST, decoded, output_of
from conformance.values import check

Arguments = Mapping[str, Any]
Caller = str | tuple[str, str] | None
"""A session's token, a name and a password, or nobody."""

JSON = "application/json"
_MESSAGE = type_of("list<com.vmware.vapi.std.localizable_message>")


@dataclass(frozen=True)
class Sent:
    """A request, without what says who is calling."""

    method: str
    target: str
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Heard:
    """An answer: a result, or an error by its name with its first message."""

    result: Any = None
    error: str | None = None
    message: str = ""


class Form(ABC):
    """A wire form."""

    title: str

    @abstractmethod
    def request(self, operation: Operation, arguments: Arguments) -> Sent:
        """The request that calls an operation."""

    def signed(self, sent: Sent, caller: Caller) -> Sent:
        """The request with what says who is calling."""
        if caller is None:
            return sent
        if isinstance(caller, str):
            return replace(sent, headers=sent.headers | {"vmware-api-session-id": caller})
        basic = base64.b64encode(":".join(caller).encode()).decode()
        return replace(sent, headers=sent.headers | {"authorization": f"Basic {basic}"})

    @abstractmethod
    def answer(self, operation: Operation, response: httpx.Response) -> Heard:
        """What a response says; fails where it is not one of this form."""


def plain(value: Any, declared: Type, *, entries: bool) -> Any:
    """A value of JSON as `check` reads it: maps, entries or members on the wire, become lists of pairs."""
    declared = declared.bare()
    if declared.kind == "structure" and isinstance(value, dict):
        types = fields_of(declared.name)
        return {name: plain(each, types[name], entries=entries) if name in types else each for name, each in value.items()}
    if declared.kind in ("list", "set") and isinstance(value, list):
        return [plain(each, declared.of, entries=entries) for each in value]
    if declared.kind == "map":
        return list(_pairs(value, declared, entries=entries))
    return with_pairs(value, entries=entries) if declared.kind == "anyerror" else value


def _pairs(value: Any, declared: Type, *, entries: bool) -> Iterator[tuple[Any, Any]]:
    if not entries:
        for key, each in value.items():
            yield key, plain(each, declared.of, entries=entries)
        return
    for entry in value:
        assert entry.keys() == {"key", "value"}, f"a map entry must have a key and a value: {entry!r}"
        yield entry["key"], plain(entry["value"], declared.of, entries=entries)


def heard_error(name: str, value: Any) -> Heard:
    """An error, checked: its type and its messages."""
    assert value["error_type"] == name.upper(), value
    check(value["messages"], _MESSAGE, "messages")
    assert value["messages"], "an error says what happened"
    return Heard(error=name, message=value["messages"][0]["default_message"])


def with_pairs(error: dict[str, Any], *, entries: bool) -> dict[str, Any]:
    """An error whose maps are lists of pairs, as `check` reads them."""
    return error | {"messages": plain(error["messages"], _MESSAGE, entries=entries)}


def place(operation: Operation, arguments: Arguments) -> tuple[str, dict[str, Any]]:
    """The address on `/rest` with the identifier in it, and the other arguments."""
    rest, target = dict(arguments), str(operation.rest["path"])
    for name, value in arguments.items():
        if f"{{{name}}}" in target:
            target = target.replace(f"{{{name}}}", quote(value, safe=""))
            del rest[name]
    return target, rest


def place_to_post(operation: Operation, arguments: Arguments) -> tuple[str, str, dict[str, Any]]:
    """Method and address that take a body on `/rest`, and the arguments that go there.

    What has no method with a body is called by its action, with all of its arguments.
    """
    method = operation.rest["method"]
    if method in ("POST", "PATCH"):
        return method, *place(operation, arguments)
    service = operation.service.replace(".", "/").replace("_", "-")
    return "POST", f"/rest/{service}?~action={operation.name.replace('_', '-')}", dict(arguments)


class RestJson(Form):
    """`/rest` with JSON in and out."""

    title = "/rest JSON"

    def request(self, operation: Operation, arguments: Arguments) -> Sent:
        """The identifier in the path, `list`'s parameters in the query, all others in the body."""
        target, rest = place(operation, arguments)
        method = operation.rest["method"]
        if "query" in operation.rest:
            return Sent(method, f"{target}?{urlencode(rest)}" if rest else target)
        if method in ("GET", "DELETE") or not operation.parameters:
            return Sent(method, f"{target}?{urlencode(list(dotted('', rest)))}" if rest else target)
        return Sent(method, target, json.dumps(rest).encode(), {"content-type": JSON})

    def answer(self, operation: Operation, response: httpx.Response) -> Heard:
        """`{"value": …}`, nothing for a void result, or an error with its type's whole name."""
        if response.status_code != 200:
            return self._error(response)
        if operation.output.name == "void":
            assert response.content == b"", response.content
            return Heard()
        assert response.headers["content-type"] == JSON
        body = response.json()
        assert body.keys() == {"value"}
        decoded(output_of(operation), body["value"], REST)
        return Heard(plain(body["value"], operation.output, entries=True))

    def _error(self, response: httpx.Response) -> Heard:
        assert response.headers["content-type"] == JSON
        body = response.json()
        prefix, _, name = body["type"].rpartition(".")
        assert prefix == "com.vmware.vapi.std.errors"
        assert response.status_code == status_of(name, "rest")
        return heard_error(name, with_pairs(body["value"], entries=True))


class RestQuery(RestJson):
    """`/rest` with every parameter in the query."""

    title = "/rest query"

    def request(self, operation: Operation, arguments: Arguments) -> Sent:
        """Creates and updates at their own address, everything else by its action."""
        method, target, rest = place_to_post(operation, arguments)
        pairs = urlencode(list(dotted("", rest)))
        return Sent(method, target + ("?" if "?" not in target else "&") + pairs if pairs else target)


def dotted(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a value with its path, positions from 1."""
    before = f"{path}." if path else ""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from dotted(before + name, each)
    elif isinstance(value, list):
        for n, each in enumerate(value, 1):
            yield from dotted(f"{before}{n}", each)
    else:
        yield path, text_of(value)


def text_of(value: Any) -> str:
    """A scalar as text."""
    return json.dumps(value) if isinstance(value, bool | int) else str(value)


class ApiJson(Form):
    """`/api` with JSON in and out."""

    title = "/api JSON"

    def request(self, operation: Operation, arguments: Arguments) -> Sent:
        """Every argument where the contract puts it."""
        api, rest = operation.api, dict(arguments)
        path = api["path"]
        for variable, name in (api["path_variables"] or {}).items():
            path = path.replace(f"{{{variable}}}", quote(rest.pop(name), safe=""))
        query = {}
        for name, value in (api["dispatch_query"] or {}).items():
            query[name] = rest.pop(name) if value is None else value
        for name in api["query_parameters"] or ():
            if name in rest:
                query[name] = rest.pop(name)
        headers = {header: rest.pop(name) for header, name in (api["header_parameters"] or {}).items() if name in rest}
        target = f"{path}?{urlencode(query)}" if query else path
        return self._with_body(api, target, rest, headers)

    def _with_body(self, api: dict[str, Any], target: str, rest: dict[str, Any], headers: dict[str, str]) -> Sent:
        if api["body_is_parameter"]:
            body = rest.pop(api["body_is_parameter"])
            assert not rest
            return Sent(api["method"], target, json.dumps(body).encode(), headers | {"content-type": JSON})
        if not rest:
            return Sent(api["method"], target, b"", headers)
        if api["method"] == "GET":
            return Sent("GET", f"{target}?{urlencode(list(dotted('', rest)))}", b"", headers)
        return Sent(api["method"], target, json.dumps(rest).encode(), headers | {"content-type": JSON})

    def answer(self, operation: Operation, response: httpx.Response) -> Heard:
        """The bare result with the contract's status, or an error by its type."""
        if response.status_code != operation.api["success_status"]:
            assert response.headers["content-type"] == JSON
            body = response.json()
            name = body["error_type"].lower()
            assert response.status_code == status_of(name, "api")
            return heard_error(name, with_pairs(body, entries=False))
        if operation.output.name == "void":
            assert response.content == b"", response.content
            return Heard()
        assert response.headers["content-type"] == JSON
        decoded(output_of(operation), response.json(), API)
        return Heard(plain(response.json(), operation.output, entries=False))
