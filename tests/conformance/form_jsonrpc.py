"""The form JSON-RPC: requests written from its description, answers read by the official SDK's own decoders."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx

from conformance.contract import Operation, Type, fields_of
from conformance.decoding import decoded_typed, output_of
from conformance.forms import JSON, Arguments, Caller, Form, Heard, Sent, heard_error, plain, with_pairs
from conformance.sdk import (
    JsonRpcDictToVapi,
    ListValue,
    OptionalValue,
    StructValue,
    VoidValue,
    deserialize_response,
)

_SECURITY = "com.vmware.vapi.std.security"


class JsonRpc(Form):
    """JSON-RPC 2.0 at `/api`."""

    title = "JSON-RPC"

    def request(self, operation: Operation, arguments: Arguments) -> Sent:
        """One method for all operations; unset optionals are said to be unset, as the SDK does."""
        inputs = {name: typed(arguments.get(name), declared) for name, declared in operation.parameters.items()}
        params = {
            "serviceId": operation.service,
            "operationId": operation.name,
            "ctx": {"appCtx": {"opId": "conformance"}, "securityCtx": None},
            "input": {"STRUCTURE": {"operation-input": inputs}},
        }
        body = {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params}
        headers = {"content-type": JSON, "vapi-service": operation.service, "vapi-operation": operation.name}
        return Sent("POST", "/api", json.dumps(body).encode(), headers)

    def signed(self, sent: Sent, caller: Caller) -> Sent:
        """The request with a security context."""
        body = json.loads(sent.content)
        body["params"]["ctx"]["securityCtx"] = _security(caller)
        return replace(sent, content=json.dumps(body).encode())

    def answer(self, operation: Operation, response: httpx.Response) -> Heard:
        """A method result; the header `vapi-error` names its error."""
        assert response.status_code == 200
        assert response.headers["content-type"] == JSON
        result = JsonRpcDictToVapi.method_result(deserialize_response(response.content).result)
        assert response.headers.get("vapi-error") == (result.error and result.error.name)
        if result.error is not None:
            prefix, _, name = result.error.name.rpartition(".")
            assert prefix == "com.vmware.vapi.std.errors"
            return heard_error(name, with_pairs(untyped(result.error), entries=True))
        decoded_typed(output_of(operation), result.output)
        return Heard(plain(untyped(result.output), operation.output, entries=True))


def _security(caller: Caller) -> dict[str, str] | None:
    if caller is None:
        return None
    if isinstance(caller, str):
        return {"schemeId": f"{_SECURITY}.session_id", "sessionId": caller}
    return {"schemeId": f"{_SECURITY}.user_pass", "userName": caller[0], "password": caller[1]}


def typed(value: Any, declared: Type) -> Any:
    """A value with its types written out."""
    match declared.kind:
        case "optional":
            return {"OPTIONAL": None if value is None else typed(value, declared.of)}
        case "structure":
            fields = {name: typed(value.get(name), each) for name, each in fields_of(declared.name).items()}
            return {"STRUCTURE": {declared.name: fields}}
        case "list" | "set":
            return [typed(each, declared.of) for each in value]
        case "secret":
            return {"SECRET": value}
    return value


def untyped(value: Any) -> Any:
    """A value of the SDK as JSON would have it; unset fields are left out."""
    if isinstance(value, VoidValue):
        return None
    if isinstance(value, StructValue):
        fields = {name: untyped(each) for name, each in value.get_fields()}
        return {name: each for name, each in fields.items() if each is not None}
    if isinstance(value, ListValue):
        return [untyped(each) for each in value]
    if isinstance(value, OptionalValue):
        return untyped(value.value) if value.is_set() else None
    return value.value
