"""Implements JSON-RPC 2.0 at `POST /api`, the form of the official SDKs, with values that carry their types.

The SDK expects every optional field in a result, set or unset, and the id of its request.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any

from contentlib.http.message import Disconnected, Headers, Request, Response
from contentlib.messages import Fault
from contentlib.vapi.errors import InvalidArgument, InvalidRequest, OperationNotFound, Unauthenticated, Unsupported, VapiError
from contentlib.vapi.registry import Call, Endpoint, Registry
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import Structure, Type, Typed, fields_of
from contentlib.wire import messages
from contentlib.wire.calls import TOKEN, Calls, bearer_of, error_headers, retry_headers, token_of
from contentlib.wire.json_values import READER as PLAIN
from contentlib.wire.json_values import encode, json_type, parse
from contentlib.wire.saml import token_in_context
from contentlib.wire.tasked import MARK, Tasked
from contentlib.wire.text import wrong
from contentlib.wire.upstream import AbsentServices, absence
from contentlib.wire.walk import ValueReader, complete, part, shallow

JSON = "application/json"
_SECURITY = "com.vmware.vapi.std.security."
_SESSION = re.compile(rb'"sessionId"\s*:\s*(?:\{\s*"SECRET"\s*:\s*)?"([A-Za-z0-9_-]{1,128})"')
_TAGS = {"secret": "SECRET", "binary": "BINARY"}

PARSE, REQUEST, METHOD, PARAMS, INTERNAL, HEADERS = -32700, -32600, -32601, -32602, -32603, -31001
_FAULTS = {
    PARSE: "Parse error.",
    REQUEST: "Invalid Request.",
    METHOD: "Method not found.",
    PARAMS: "Invalid params.",
    INTERNAL: "Internal error.",
    HEADERS: "Mismatching operation identifier in HTTP header and payload",
}


class EnvelopeError(Exception):
    """An error in the envelope of a request. `code` is a JSON-RPC code."""

    def __init__(self, code: int, said: Fault, request_id: Any = None) -> None:
        super().__init__(said.text)
        self.code = code
        self.request_id = None if code in (PARSE, REQUEST) else request_id


class JsonRpc:
    """Speaks JSON-RPC."""

    def __init__(self, registry: Registry, calls: Calls, tasked: Tasked, absent: AbsentServices) -> None:
        self._absent = absent
        self._endpoints = registry.endpoints
        self._services = set(registry.services())
        self._calls = calls
        self._tasked = tasked

    async def handle(self, request: Request) -> Response:
        """The answer to a request; the status is 200, also for an error."""
        try:
            request_id, params = _envelope(await self._body(request))
            return await self._reply(request, request_id, params)
        except EnvelopeError as error:
            return _fault(error)
        except VapiError as error:  # the body is not read
            return _fault(EnvelopeError(REQUEST, error.fault), error.status or 200, error_headers(error))

    async def _body(self, request: Request) -> bytes:
        """Reads the body. The SDK names the session only in it, so a long one is read on if its start has a valid session."""

        async def vouch(start: bytes) -> bool:
            found = _SESSION.search(start)
            tokens = (token_of(request), found[1].decode() if found else None)
            bearer = bearer_of(request)
            return any([each and await self._calls.knows(each) for each in tokens]) or (
                bearer is not None and await self._calls.knows(None, bearer)
            )

        return await self._calls.body(request, known=False, vouch=vouch)

    async def _reply(self, request: Request, request_id: Any, params: dict[str, Any]) -> Response:
        """The result or the error of the operation that the request names."""
        service, operation = _named(request, request_id, params)
        try:
            endpoint = self._endpoint(service, operation)
            value = await self._invoke(request, endpoint, request_id, params)
            return _response(request_id, {"output": write(value, endpoint.operation.output)}, [])
        except (EnvelopeError, Disconnected):
            raise
        except VapiError as error:
            await self._calls.note(error)
            failure = error
        except Exception as error:
            failure = self._calls.failed(request, f"{service}.{operation}", error)
        headers = [("vapi-error", failure.canonical_name), *retry_headers(failure)]
        return _response(request_id, {"error": write_error(failure)}, headers)

    def _endpoint(self, service: str, operation: str) -> Endpoint:
        endpoint = self._endpoints.get((service, operation.removesuffix(MARK)))
        if endpoint is not None and operation.endswith(MARK):
            return self._tasked.endpoint(endpoint)
        if endpoint is None:
            raise self._no_such_operation(service, operation)
        return endpoint

    def _no_such_operation(self, service: str, operation: str) -> OperationNotFound | Unsupported:
        if service in self._services:
            known = sorted(name for each, name in self._endpoints if each == service)
            return OperationNotFound(messages.NO_SUCH_OPERATION(service=service, operation=operation, available=known))
        absent = self._absent.named(service)
        if absent is not None:
            return absence(absent, messages.SERVICE_NOT_AVAILABLE)
        return OperationNotFound(messages.NO_SUCH_SERVICE(service=service))

    async def _invoke(self, request: Request, endpoint: Endpoint, request_id: Any, params: dict[str, Any]) -> Any:
        """The operation's own result."""
        call = self._calls.of(request)
        _identify(call, request, params, request_id)
        await self._calls.authenticate(call, endpoint.operation)
        parameters = endpoint.operation.parameters
        with shallow():
            given = READER.given(parameters, _input(params.get("input"), request_id))
        return await self._calls.run(request, call, endpoint, complete(parameters, given))


def _response(request_id: Any, result: dict[str, Any], headers: Headers) -> Response:
    return Response(200, encode({"jsonrpc": "2.0", "id": request_id, "result": result}), JSON, headers)


def _envelope(body: bytes) -> tuple[Any, dict[str, Any]]:
    """The id and the parameters of a request."""
    try:
        raw = parse(body)
    except InvalidRequest as error:
        raise EnvelopeError(PARSE, error.fault) from error
    if not isinstance(raw, dict):
        raise EnvelopeError(REQUEST, messages.RPC_NOT_AN_OBJECT(given=json_type(raw)))
    request_id = raw.get("id")
    if not isinstance(request_id, str | int | float | None) or isinstance(request_id, bool):
        raise EnvelopeError(REQUEST, messages.RPC_ID(given=json_type(request_id)))
    if raw.get("jsonrpc") != "2.0" or not isinstance(raw.get("method"), str):
        raise EnvelopeError(REQUEST, messages.RPC_VERSION())
    if raw["method"] != "invoke":
        raise EnvelopeError(METHOD, messages.RPC_METHOD(method=raw["method"]), request_id)
    params = raw.get("params")
    if not isinstance(params, dict):
        raise EnvelopeError(PARAMS, messages.RPC_OBJECT_EXPECTED(member="params", given=json_type(params)), request_id)
    return request_id, params


def _named(request: Request, request_id: Any, params: dict[str, Any]) -> tuple[str, str]:
    """Service and operation; the headers that repeat them must agree."""
    found = []
    for key, header in (("serviceId", "vapi-service"), ("operationId", "vapi-operation")):
        name = params.get(key)
        if not isinstance(name, str):
            raise EnvelopeError(PARAMS, messages.RPC_STRING_EXPECTED(member=key, given=json_type(name)), request_id)
        if request.headers.get(header, name) != name:
            raise EnvelopeError(HEADERS, messages.RPC_HEADER(header=header, name=name), request_id)
        found.append(name)
    return found[0], found[1]


def _identify(call: Call, request: Request, params: dict[str, Any], request_id: Any) -> None:
    """Reads token or credentials from the security context, which takes precedence over the headers."""
    ctx = params.get("ctx")
    if not isinstance(ctx, dict | None):
        raise EnvelopeError(PARAMS, messages.RPC_OBJECT_EXPECTED(member="ctx", given=json_type(ctx)), request_id)
    security = (ctx or {}).get("securityCtx")
    if security is None:
        return
    if not isinstance(security, dict):
        raise EnvelopeError(PARAMS, messages.RPC_OBJECT_EXPECTED(member="securityCtx", given=json_type(security)), request_id)
    scheme = security.get("schemeId")
    if scheme == _SECURITY + "session_id":
        call.token = _secret(security.get("sessionId"), request.headers.get(TOKEN))
    elif scheme in (_SECURITY + "user_pass", _SECURITY + "user_password"):
        call.credentials = _secret(security.get("userName")) or "", _secret(security.get("password")) or ""
    elif scheme in (_SECURITY + "saml_bearer_token", _SECURITY + "saml_hok_token"):
        whole = {"jsonrpc": "2.0", "method": "invoke", "id": request_id, "params": params}
        call.saml = token_in_context(security, whole, signed=scheme.endswith("saml_hok_token"))
    elif scheme not in (None, _SECURITY + "none", _SECURITY + "no_authentication"):
        raise Unauthenticated(messages.SCHEME(scheme=str(scheme)))


def _secret(raw: Any, otherwise: str | None = None) -> str | None:
    """A string of the security context, tagged as a secret or not."""
    if isinstance(raw, dict):
        raw = raw.get("SECRET")
    return raw if isinstance(raw, str) else otherwise


def _input(raw: Any, request_id: Any) -> Mapping[str, Any]:
    """The members of the structure that holds the arguments."""
    if raw is None:
        return {}
    try:
        return READER.fields(raw, _INPUT, "input")
    except VapiError as error:
        raise EnvelopeError(PARAMS, error.fault, request_id) from error


def _fault(error: EnvelopeError, status: int = 200, headers: Headers | None = None) -> Response:
    fault = {"code": error.code, "message": _FAULTS[error.code], "data": str(error)}
    return Response(status, encode({"jsonrpc": "2.0", "id": error.request_id, "error": fault}), JSON, headers or [])


class TypedReader(ValueReader[Any]):
    """Reads tagged values. Missing tags are accepted."""

    def present(self, raw: Any) -> Any:
        """Returns the content of `OPTIONAL`."""
        return _untagged(raw, "OPTIONAL")

    def fields(self, raw: Any, declared: Type, path: str) -> Mapping[str, Any]:
        """The fields of `STRUCTURE`, whatever the name that it gives itself."""
        inner = _untagged(_untagged(raw, "OPTIONAL"), "STRUCTURE")
        if inner is not raw and isinstance(inner, dict) and len(inner) == 1:
            (inner,) = inner.values()
        if not isinstance(inner, dict):
            raise wrong(path, f"a structure ({declared})", json_type(inner))
        return inner

    def items(self, raw: Any, declared: Type, path: str) -> Iterable[Any]:
        """The elements of an array."""
        return PLAIN.items(_untagged(raw, "OPTIONAL"), declared, path)

    def entries(self, raw: Any, declared: Type, path: str) -> Iterable[tuple[Any, Any]]:
        """The fields of each structure `map-entry`."""
        raw = _untagged(raw, "OPTIONAL")
        if isinstance(raw, dict):
            return raw.items()
        return [self._entry(entry, declared, f"{path}.{n}") for n, entry in enumerate(PLAIN.items(raw, declared, path), 1)]

    def _entry(self, raw: Any, declared: Type, path: str) -> tuple[Any, Any]:
        entry = self.fields(raw, declared, path)
        if "key" not in entry or "value" not in entry:
            raise InvalidArgument(messages.ENTRY_INCOMPLETE(field=path))
        return entry["key"], entry["value"]

    def scalar(self, raw: Any, declared: Type, path: str) -> Any:
        """A string, number or boolean; a secret or bytes below their tag."""
        raw = _untagged(raw, "OPTIONAL")
        return PLAIN.scalar(_untagged(raw, _TAGS.get(declared.kind, "")), declared, path)


def _untagged(raw: Any, tag: str) -> Any:
    return raw[tag] if isinstance(raw, dict) and len(raw) == 1 and tag in raw else raw


READER = TypedReader()
_INPUT = Type("structure", python=Structure)
_MESSAGES = Type("list", of=Type("structure", python=LocalizableMessage))


def write(value: Any, declared: Type) -> Any:
    """A value with its tags."""
    match declared.kind:
        case "optional":
            return {"OPTIONAL": None if value is None else write(value, part(declared.of))}
        case "structure":
            return _write_structure(value)
        case "list":
            return [write(item, part(declared.of)) for item in value]
        case "set":
            return [write(item, part(declared.of)) for item in sorted(value)]
        case "map":
            return [_write_entry(key, value[key], declared) for key in sorted(value)]
        case "any":
            return _write_any(value)
        case "secret":
            return {"SECRET": value}
        case "binary":
            return {"BINARY": base64.b64encode(value).decode()}
    return value


def _write_structure(value: Structure) -> dict[str, Any]:
    fields = {field.name: write(getattr(value, field.name), field.type) for field in fields_of(type(value))}
    return {"STRUCTURE": {value.vapi_name: fields}}


def _write_entry(key: Any, value: Any, declared: Type) -> dict[str, Any]:
    return {"STRUCTURE": {"map-entry": {"key": write(key, part(declared.key)), "value": write(value, part(declared.of))}}}


def _write_any(value: Any) -> Any:
    """A value whose type is known only now; one without a type cannot be tagged, and no client could read it."""
    if isinstance(value, VapiError):
        return write_error(value)
    if isinstance(value, Typed):
        return write(value.value, value.declared)
    raise TypeError(f"a value of any type must be Typed or an error, not {type(value).__name__}")


def write_error(error: VapiError) -> dict[str, Any]:
    """An error with its tags; the SDK wants all its fields."""
    fields: dict[str, Any] = {
        "messages": write(error.messages, _MESSAGES),
        "data": {"OPTIONAL": None},
        "error_type": {"OPTIONAL": error.error_type},
    }
    if isinstance(error, Unauthenticated):
        fields["challenge"] = {"OPTIONAL": error.challenge}
    return {"ERROR": {error.canonical_name: fields}}
