from __future__ import annotations

import json
from typing import Any

import pytest

from contentlib.http.message import Response
from contentlib.vapi.registry import Endpoint
from wire import sample_services
from wire.client import Client, Pieces, at_once
from wire.sample_services import BOXES, VALUES

USER = {"schemeId": "com.vmware.vapi.std.security.user_pass", "userName": "robin", "password": "s:cret"}


def envelope(operation: str, arguments: dict[str, Any], **members: Any) -> dict[str, Any]:
    params = {"serviceId": VALUES, "operationId": operation, "input": {"STRUCTURE": {"operation-input": arguments}}}
    return {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params} | members


def sent(body: Any, headers: dict[str, str] | None = None, client: Client | None = None) -> Response:
    client = client or Client()
    raw = body if isinstance(body, str | bytes | Pieces) else json.dumps(body)
    response = at_once(client.send("POST", "/api", raw, headers))
    assert client.failures == []
    assert response.content_type == "application/json"
    return response


def fault(body: Any, headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Code and data of the envelope's error."""
    response = sent(body, headers)
    assert response.status == 200
    error = json.loads(response.body)["error"]
    return error["code"], error["data"]


def failure(response: Response) -> tuple[str, str]:
    """The name of an operation's error, and its message."""
    ((name, fields),) = json.loads(response.body)["result"]["error"]["ERROR"].items()
    assert dict(response.headers)["vapi-error"] == name
    (message,) = fields["messages"]
    return name.rpartition(".")[2], message["STRUCTURE"]["com.vmware.vapi.std.localizable_message"]["default_message"]


@pytest.mark.parametrize(
    ("body", "code", "data"),
    [
        ("", -32700, "request body is not valid JSON: Input data was truncated"),
        ("{", -32700, "request body is not valid JSON: Input data was truncated"),
        ("[" * 10_000, -32700, "request body is nested too deeply"),
        ([], -32600, "request must be an object, not an array; batches are not supported"),
        ({}, -32600, 'request must have "jsonrpc": "2.0" and a method'),
        (envelope("string", {}, jsonrpc="1.0"), -32600, 'request must have "jsonrpc": "2.0" and a method'),
        (envelope("string", {}, id=[]), -32600, "id must be a string or a number, not an array"),
        (envelope("string", {}, method="call"), -32601, "unsupported method 'call'; the only method is invoke"),
        (envelope("string", {}, params=None), -32602, "params must be an object, not null"),
        (envelope("string", {}, params={"serviceId": 1}), -32602, "serviceId must be a string, not an integer"),
        (envelope("string", {}, params={"serviceId": VALUES}), -32602, "operationId must be a string, not null"),
    ],
)
def test_a_fault_of_the_envelope_is_an_error_of_jsonrpc(body: Any, code: int, data: str) -> None:
    assert fault(body) == (code, data)


@pytest.mark.parametrize(
    ("member", "value", "data"),
    [
        ("ctx", [], "ctx must be an object, not an array"),
        ("ctx", {"securityCtx": "x"}, "securityCtx must be an object, not a string"),
        ("input", [], "input must be a structure (), not an array"),
    ],
)
def test_a_fault_of_the_parameters_is_an_error_of_jsonrpc(member: str, value: Any, data: str) -> None:
    request = envelope("string", {"value": "a"})
    request["params"][member] = value
    assert fault(request) == (-32602, data)


@pytest.mark.parametrize("request_id", ["1", "", 7, -1.5, None])
def test_the_id_of_the_request_comes_back(request_id: Any) -> None:
    assert json.loads(sent(envelope("string", {"value": "a"}, id=request_id)).body)["id"] == request_id
    assert json.loads(sent(envelope("string", {}, id=request_id, method="call")).body)["id"] == request_id


@pytest.mark.parametrize("header", ["vapi-service", "vapi-operation"])
def test_a_header_that_disagrees_with_the_body_is_refused(header: str) -> None:
    code, data = fault(envelope("string", {"value": "a"}), {header: "other"})
    assert (code, data.partition(" does not")[0]) == (-31001, f"header {header}")


def test_headers_that_agree_with_the_body_are_taken() -> None:
    headers = {"vapi-service": VALUES, "vapi-operation": "string"}
    assert json.loads(sent(envelope("string", {"value": "a"}), headers).body)["result"] == {"output": "a"}


def test_a_body_over_the_limit_is_refused() -> None:
    response = sent(Pieces(b"{}", b" " * 9), client=Client(limit=10))
    assert (response.status, json.loads(response.body)["error"]["code"]) == (413, -32600)


@pytest.mark.parametrize(
    ("service", "operation", "message"),
    [
        ("com.vmware.none", "get", "service 'com.vmware.none' does not exist"),
        (VALUES, "fly", "service 'com.vmware.sample.value_kind' has no operation 'fly'; available: betray, binary, boolean, "),
    ],
)
def test_an_unknown_operation_is_not_found(service: str, operation: str, message: str) -> None:
    request = envelope(operation, {})
    request["params"]["serviceId"] = service
    kind, said = failure(sent(request))
    assert (kind, said[: len(message)]) == ("operation_not_found", message)


@pytest.mark.parametrize(
    ("operation", "value", "message"),
    [
        ("string", {"OPTIONAL": None}, "value must be a string, not null"),
        ("string", None, "value must be a string, not null"),
        ("integer", 2**63, "value must be an integer of 64 bits, not 9223372036854775808"),
        ("integer", "7", "value must be an integer of 64 bits, not '7'"),
        ("secret", {"SECRET": 7}, "value must be a string, not an integer"),
        ("secret", {"BINARY": "tr0ub4dor"}, "value must be a string, not an object"),
        ("binary", {"BINARY": "a"}, "value must be base64, not 'a'"),
        ("structure", {"STRUCTURE": {"com.vmware.sample.point": {}}}, "value.x is required"),
        ("structure", {"STRUCTURE": []}, "value must be a structure (com.vmware.sample.point), not an array"),
        ("structure", "x", "value must be a structure (com.vmware.sample.point), not a string"),
        ("list", {"STRUCTURE": {}}, "value must be a list (list<string>), not an object"),
        ("list", ["a", {"OPTIONAL": 1}], "value.2 must be a string, not an integer"),
        ("map", [{"STRUCTURE": {"map-entry": {"key": "a"}}}], "value.1 must have a key and a value"),
        ("enumeration", "PINK", "value must be one of RED, DARK_BLUE, not 'PINK'"),
    ],
)
def test_what_does_not_fit_the_declaration_is_named_by_its_path(operation: str, value: Any, message: str) -> None:
    assert failure(sent(envelope(operation, {"value": value}))) == ("invalid_argument", message)


def test_an_argument_that_is_missing_is_named() -> None:
    request = envelope("string", {})
    assert failure(sent(request)) == ("invalid_argument", "value is required")
    del request["params"]["input"]
    assert failure(sent(request)) == ("invalid_argument", "value is required")


@pytest.mark.parametrize("value", ["a", {"OPTIONAL": "a"}])
def test_the_tag_of_an_optional_is_not_missed(value: Any) -> None:
    assert json.loads(sent(envelope("optional", {"value": value})).body)["result"] == {"output": {"OPTIONAL": "a"}}


def test_a_structure_in_a_structure_without_end_is_refused() -> None:
    deep: Any = None
    for _ in range(200):
        deep = {"STRUCTURE": {"com.vmware.sample.tree": {"name": "a", "below": {"OPTIONAL": deep}}}}
    box = {"STRUCTURE": {"com.vmware.sample.box_model": {"tree": {"OPTIONAL": deep}}}}
    assert failure(sent(envelope("everything", {"value": box}))) == ("invalid_request", "request body is nested too deeply")


def seen(ctx: Any, headers: dict[str, str] | None = None) -> tuple[str | None, tuple[str, str] | None]:
    """Token and credentials of the call that a request makes."""
    client = Client()
    request = envelope("string", {"value": "a"})
    request["params"]["ctx"] = ctx
    sent(request, headers, client)
    (call,) = client.gate.calls
    return call.token, call.credentials


def session(token: Any) -> dict[str, Any]:
    return {"securityCtx": {"schemeId": "com.vmware.vapi.std.security.session_id", "sessionId": token}}


def test_the_security_context_says_who_calls() -> None:
    assert seen({"securityCtx": USER}) == (None, ("robin", "s:cret"))
    assert seen({"securityCtx": USER | {"password": {"SECRET": "s:cret"}}}) == (None, ("robin", "s:cret"))
    assert seen(session("t")) == ("t", None)
    assert seen(session({"SECRET": "t"})) == ("t", None)


def test_the_security_context_goes_before_the_headers() -> None:
    assert seen(session("t"), {"vmware-api-session-id": "h"}) == ("t", None)
    assert seen(session(None), {"vmware-api-session-id": "h"}) == ("h", None)
    assert seen(None, {"vmware-api-session-id": "h"}) == ("h", None)


def test_an_unknown_security_scheme_is_unauthenticated() -> None:
    request = envelope("string", {"value": "a"})
    request["params"]["ctx"] = {"securityCtx": {"schemeId": "com.vmware.vapi.std.security.oauth_token"}}
    name, text = failure(sent(request))
    assert (name, "oauth_token" in text) == ("unauthenticated", True)


def test_what_cannot_be_written_is_an_internal_server_error() -> None:
    for operation in ("lie", "break", "betray"):
        client = Client()
        response = at_once(client.send("POST", "/api", json.dumps(envelope(operation, {}))))
        name, text = failure(response)
        assert (name, "tr0ub4dor" in text, len(client.failures)) == ("internal_server_error", False, 1)


def test_a_text_that_is_no_unicode_is_an_internal_server_error() -> None:
    async def broken(call: Any, **arguments: Any) -> Any:
        return "\ud800"

    registry = sample_services.registry()
    registry.endpoints[BOXES, "create"] = Endpoint(registry.endpoints[BOXES, "create"].operation, broken)
    request = envelope("create", {"create_spec": {}})
    request["params"]["serviceId"] = BOXES
    response = at_once(Client(registry).send("POST", "/api", json.dumps(request)))
    assert failure(response)[0] == "internal_server_error"
