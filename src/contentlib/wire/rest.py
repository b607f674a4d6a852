"""Implements the form `/rest`: JSON, query parameters and XML in, value-wrapped JSON or XML out."""

from __future__ import annotations

from typing import Any

from contentlib.http.message import Request, Response
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import InvalidArgument, VapiError
from contentlib.vapi.registry import Call, Registry
from contentlib.wire import messages, rest_query, rest_xml
from contentlib.wire.addressed import AddressedForm
from contentlib.wire.api import in_headers
from contentlib.wire.calls import Calls, content_kind, error_headers
from contentlib.wire.dispatch import OperationAddress, Pairs, RestAddresses
from contentlib.wire.json_values import encode, listed, listed_error, parse
from contentlib.wire.tasked import Tasked, asked_for
from contentlib.wire.walk import complete

JSON = "application/json"
XML = "application/xml"


class Rest(AddressedForm):
    """Speaks `/rest`."""

    def __init__(self, registry: Registry, calls: Calls, tasked: Tasked) -> None:
        super().__init__(calls, tasked)
        self.addresses = RestAddresses(registry)

    def _read_line(self, request: Request) -> tuple[OperationAddress, dict[str, str], Pairs, bool]:
        """Reads the request line: operation, path parameters, query parameters, and whether it requests a task."""
        action, pairs = rest_query.split(request.query) if request.query else (None, [])
        as_task, pairs = asked_for(pairs) if pairs else (False, pairs)
        target, in_path = self.addresses.find(request.method, request.path, action, pairs)
        return target, in_path, pairs, as_task

    async def _arguments(
        self, request: Request, call: Call, target: OperationAddress, pairs: Pairs, in_path: dict[str, str]
    ) -> dict[str, Any]:
        """The operation's arguments, from path, body and query."""
        pairs = target.named(pairs)
        body = await self._calls.body(request, known=bool(call.user))
        if body:
            arguments = self._from_body(request, target, body, pairs)
        else:
            arguments = rest_query.given(target.elsewhere, pairs) if pairs else {}
        if target.headers and not request.path.startswith(target.service_path):
            arguments |= {name: value for name, value in in_headers(request, target).items() if arguments.get(name) is None}
        arguments.update(in_path)
        return complete(target.parameters, arguments)

    def _from_body(self, request: Request, target: OperationAddress, body: bytes, pairs: Pairs) -> dict[str, Any]:
        """The parameters in the body, and those that only the query holds."""
        kind = content_kind(request.headers.get("content-type"), body)
        if kind == "xml":
            arguments = rest_xml.read(body, target.endpoint.operation, target.elsewhere)
        elif _is_bare(request, target, body):
            arguments = target.body.read(body)
        elif not pairs:
            return target.members.read(body)
        else:
            arguments = target.members.walk(body)
        queried = rest_query.given(target.elsewhere, rest_query.unmarked(pairs, arguments))
        for name in queried.keys() & arguments.keys():
            raise InvalidArgument(messages.GIVEN_IN_BODY_AND_QUERY(field=name))
        return arguments | queried

    def _answer(self, request: Request, operation: Operation, result: Any) -> Response:
        if wants_xml(request.headers.get("accept")):
            return Response(200, rest_xml.result(operation, result), XML)
        if operation.output.kind == "void":
            return Response(200)
        return Response(200, b'{"value":' + encode(listed(result, operation.output)) + b"}", JSON)

    def _error(self, request: Request, error: VapiError) -> Response:
        status = error.status or error.rest_status
        if wants_xml(request.headers.get("accept")):
            return Response(status, rest_xml.error(error), XML, error_headers(error))
        body = encode({"type": error.canonical_name, "value": listed_error(error)})
        return Response(status, body, JSON, error_headers(error))


def _is_bare(request: Request, target: OperationAddress, body: bytes) -> bool:
    """Whether a body is a parameter itself: VMware's SDK writes it so at the addresses of `/api` under `/rest`."""
    operation = target.endpoint.operation
    if operation.api.body is None or request.path.startswith(target.service_path):
        return False
    raw = parse(body)
    return isinstance(raw, dict) and operation.api.body not in raw


def wants_xml(accept: str | None) -> bool:
    """Whether a client would rather have XML than JSON."""
    if accept is None or "xml" not in accept:
        return False
    xml, json, anything = 0.0, 0.0, 0.0
    for weight, kind in _preferences(accept):
        if kind in (XML, "text/xml"):
            xml = max(xml, weight)
        elif kind == JSON:
            json = max(json, weight)
        elif kind in ("*/*", "application/*"):
            anything = max(anything, weight)
    return xml > json if json else xml > 0 and xml >= anything


def _preferences(accept: str) -> list[tuple[float, str]]:
    """Each media type with its weight; of two with one weight the first is a hair heavier."""
    found = []
    for n, item in enumerate(accept.split(",")):
        kind, *notes = (note.strip().lower() for note in item.split(";"))
        weights = [note[2:] for note in notes if note.startswith("q=")]
        found.append((_weight(weights[0] if weights else "1") * (1 - n * 1e-6), kind))
    return found


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
