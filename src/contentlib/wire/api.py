"""Implements the form `/api`: bare JSON, at the declared routes."""

from __future__ import annotations

from typing import Any

from contentlib.http.message import Request, Response
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import InvalidArgument, VapiError
from contentlib.vapi.registry import Call, Registry
from contentlib.wire import messages, rest_query
from contentlib.wire.addressed import AddressedForm
from contentlib.wire.calls import Calls, content_kind, error_headers, unknown_content_type
from contentlib.wire.dispatch import ApiAddresses, OperationAddress, Pairs
from contentlib.wire.json_values import encode, error_value
from contentlib.wire.tasked import Tasked, asked_for
from contentlib.wire.text import scalar
from contentlib.wire.walk import complete, part

JSON = "application/json"


class Api(AddressedForm):
    """Speaks `/api`."""

    def __init__(self, registry: Registry, calls: Calls, tasked: Tasked, *, strict: bool = False) -> None:
        super().__init__(calls, tasked)
        self.addresses = ApiAddresses(registry, "/api")
        self._strict = strict

    def _read_line(self, request: Request) -> tuple[OperationAddress, dict[str, str], Pairs, bool]:
        """Reads the request line: operation, path parameters, query parameters, and whether it requests a task."""
        action, pairs = rest_query.split(request.query) if request.query else (None, [])
        as_task, pairs = asked_for(pairs) if pairs else (False, pairs)
        if action is not None:
            pairs.insert(0, ("action", action))
        target, in_path = self.addresses.find(request.method, request.path, pairs)
        return target, in_path, pairs, as_task

    async def _arguments(
        self, request: Request, call: Call, target: OperationAddress, pairs: Pairs, in_path: dict[str, str]
    ) -> dict[str, Any]:
        """The operation's arguments, from path, body, query and headers."""
        pairs = target.named(pairs)
        body = await self._calls.body(request, known=bool(call.user))
        inside = _inside_body(request, target, body, strict=self._strict) if body else {}
        arguments = _outside_body(request, target, rest_query.unmarked(pairs, inside) if inside else pairs)
        for name in inside.keys() & arguments.keys():
            raise InvalidArgument(messages.GIVEN_IN_BODY_AND_ELSEWHERE(field=name))
        arguments.update(inside)
        for parameter in target.parameters:
            if parameter.name in in_path:
                arguments[parameter.name] = scalar(_inner(parameter.type), in_path[parameter.name], parameter.name)
        return complete(target.parameters, arguments)

    def _answer(self, _: Request, operation: Operation, result: Any) -> Response:
        status = operation.api.status
        if operation.output.kind == "void":
            return Response(204 if status == 200 else status)
        return Response(status, encode(result), JSON)

    def _error(self, _: Request, error: VapiError) -> Response:
        return error_response(error)


def _inner(declared: Any) -> Any:
    return part(declared.of) if declared.kind == "optional" else declared


def _inside_body(request: Request, target: OperationAddress, body: bytes, *, strict: bool) -> dict[str, Any]:
    """Returns the parameters that the body sets. With `strict`, undeclared members are rejected."""
    if content_kind(request.headers.get("content-type"), body) != "json":
        raise unknown_content_type(request.headers.get("content-type", ""))
    read = target.body.read(body)
    if strict:
        target.body.check(body)
    return {name: value for name, value in read.items() if value is not None}


def _outside_body(request: Request, target: OperationAddress, pairs: Pairs) -> dict[str, Any]:
    """The parameters in the query, and those in headers that the query does not hold."""
    arguments: dict[str, Any] = {}
    if pairs:
        spread = rest_query.spread(target.elsewhere, pairs) if request.method in ("GET", "HEAD") else pairs
        _check_known(target, spread)
        arguments = rest_query.given(target.elsewhere, spread)
    return in_headers(request, target) | arguments if target.headers else arguments


def _check_known(target: OperationAddress, pairs: Pairs) -> None:
    """Rejects unknown query parameters, as vCenter does: a filter with its `/rest` name would filter nothing."""
    known = [parameter.name for parameter in target.elsewhere]
    for name, _ in pairs:
        first = name.partition(".")[0]
        if first not in known and first not in target.dispatch and first != "action":
            operation = target.endpoint.operation.id
            if known:
                raise InvalidArgument(messages.NOT_IN_QUERY_BUT(field=name, operation=operation, allowed=known))
            raise InvalidArgument(messages.NOT_IN_QUERY(field=name, operation=operation))


def in_headers(request: Request, target: OperationAddress) -> dict[str, Any]:
    """The parameters that stand in headers."""
    return {
        parameter.name: scalar(_inner(parameter.type), request.headers[name], parameter.name)
        for name, parameter in target.headers
        if name in request.headers
    }


def error_response(error: VapiError) -> Response:
    """An error in this form."""
    return Response(error.status or error.api_status, encode(error_value(error)), JSON, error_headers(error))
