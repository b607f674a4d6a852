from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from contentlib.http.bodies import Bodies, TooManyBodies
from contentlib.http.message import Disconnected, Response
from contentlib.messages import Fault
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import Error, NotFound, ResourceBusy, ServiceUnavailable, Unauthenticated, VapiError
from contentlib.vapi.registry import Call, Endpoint
from contentlib.wire.calls import TOKEN
from wire import sample_services
from wire.client import Client, OpenGate, Pieces, at_once, error_type, said
from wire.sample_services import BOXES

SESSION = "/rest/com/vmware/cis/session"
BOX = "/rest/com/vmware/sample/box"
ADDRESSES = (f"{BOX}/id:a", "/api/sample/box/a")


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def call_of(headers: dict[str, str], *, public_url: str | None = None, scheme: str = "https") -> Call:
    client = Client(public_url=public_url)
    at_once(client.send("GET", f"{BOX}/id:a", headers=headers, scheme=scheme))
    (call,) = client.gate.calls
    return call


def failing(error: Exception, translated: VapiError | None = None) -> Client:
    """A client of services of which one operation, `get` of boxes, raises an error."""

    async def fail(call: Call, **arguments: Any) -> Any:
        raise error

    def translate(error: Exception, operation: Operation) -> VapiError | None:
        return translated

    registry = sample_services.registry()
    operation = registry.endpoints[BOXES, "get"].operation
    registry.endpoints[BOXES, "get"] = Endpoint(operation, fail, translate)
    return Client(registry)


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({"vmware-api-session-id": "t"}, "t"),
        ({"cookie": "vmware-api-session-id=t"}, "t"),
        ({"cookie": 'a=b; vmware-api-session-id="t"; c'}, "t"),
        ({"cookie": "xvmware-api-session-id=t"}, None),
        ({"cookie": "vmware-api-session-id=c", "vmware-api-session-id": "t"}, "t"),
    ],
)
def test_the_token_is_in_a_header_or_a_cookie(headers: dict[str, str], token: str | None) -> None:
    assert call_of(headers).token == token


@pytest.mark.parametrize(
    ("headers", "credentials"),
    [
        (basic("robin:s:cret"), ("robin", "s:cret")),
        (basic("Ü:ü"), ("Ü", "ü")),
        (basic(":"), ("", "")),
        ({"authorization": "basic  cm9iaW46cw== "}, ("robin", "s")),
        ({"authorization": "Bearer x"}, None),
    ],
)
def test_name_and_password_are_in_the_header_authorization(headers: dict[str, str], credentials: Any) -> None:
    assert call_of(headers).credentials == credentials


@pytest.mark.parametrize("header", ["Basic", "Basic !", "Basic cm9iaW4=", "Basic /w==", "Basic cm9iaW46cw"])
def test_credentials_that_cannot_be_read_are_unauthenticated(header: str) -> None:
    for address in ADDRESSES:
        response = at_once(Client().send("GET", address, headers={"authorization": header}))
        assert (response.status, error_type(response)) == (401, "UNAUTHENTICATED")
        assert dict(response.headers)["www-authenticate"] == 'Basic realm="contentlib"'


@pytest.mark.parametrize(
    ("host", "scheme", "public_url", "base_url"),
    [
        ("lib.example", "https", None, "https://lib.example"),
        ("lib.example:8443", "https", None, "https://lib.example:8443"),
        ("[::1]:80", "http", None, "http://[::1]:80"),
        ("evil.example/x?", "https", None, "https://localhost"),
        ("", "https", None, "https://localhost"),
        ("10.0.0.1", "http", "https://lib.example/", "https://lib.example"),
    ],
)
def test_urls_begin_as_the_client_reached_the_server(host: str, scheme: str, public_url: str | None, base_url: str) -> None:
    assert call_of({"host": host}, public_url=public_url, scheme=scheme).base_url == base_url


@pytest.mark.parametrize(("address", "status"), [(SESSION, 200), ("/api/session", 201)])
@pytest.mark.parametrize(
    ("scheme", "headers", "cookie"),
    [
        ("https", {}, "vmware-api-session-id=t0ken; Path=/; HttpOnly; SameSite=Strict; Secure"),
        ("http", {}, "vmware-api-session-id=t0ken; Path=/; HttpOnly; SameSite=Strict"),
        ("https", {"vmware-use-header-authn": "true"}, None),
    ],
)
def test_a_new_session_comes_with_a_cookie(
    address: str, status: int, scheme: str, headers: dict[str, str], cookie: str | None
) -> None:
    response = at_once(Client().send("POST", address, headers=basic("robin:s:cret") | headers, scheme=scheme))
    assert response.status == status
    assert dict(response.headers).get("set-cookie") == cookie


def test_the_cookie_is_for_tls_where_a_proxy_speaks_it() -> None:
    client = Client(public_url="https://lib.example")
    response = at_once(client.send("POST", SESSION, headers=basic("robin:s:cret"), scheme="http"))
    assert dict(response.headers)["set-cookie"].endswith("; SameSite=Strict; Secure")


@pytest.mark.parametrize(("site", "token"), [("same-origin", "t"), ("none", "t"), ("same-site", None), ("cross-site", None)])
def test_a_cookie_counts_only_for_pages_of_the_server_itself(site: str, token: str | None) -> None:
    assert call_of({"cookie": f"{TOKEN}=t", "sec-fetch-site": site}).token == token


def test_the_header_with_the_token_counts_for_every_page() -> None:
    assert call_of({TOKEN: "t", "sec-fetch-site": "cross-site"}).token == "t"


def test_an_answer_without_a_new_session_sets_no_cookie() -> None:
    for address in ADDRESSES:
        assert "set-cookie" not in dict(at_once(Client().send("GET", address)).headers)


def test_the_challenge_of_an_error_stands_in_the_header_and_the_body() -> None:
    client = failing(Unauthenticated(Fault("sample.who", "who is it"), challenge='Basic realm="here"'))
    for address in ADDRESSES:
        response = at_once(client.send("GET", address))
        assert dict(response.headers)["www-authenticate"] == 'Basic realm="here"'
        body = json.loads(response.body)
        assert body.get("value", body)["challenge"] == 'Basic realm="here"'


def outcome(client: Client) -> tuple[int, str, int]:
    """Status, type and number of failures told."""
    response = at_once(client.send("GET", ADDRESSES[0]))
    return response.status, error_type(response), len(client.failures)


def test_an_error_that_an_operation_declares_is_heard() -> None:
    assert outcome(failing(NotFound(Fault("sample.x", "there is no x")))) == (404, "NOT_FOUND", 0)


@pytest.mark.parametrize(
    "error", [ResourceBusy(Fault("sample.x", "x")), Error(Fault("sample.x", "x")), KeyError("tr0ub4dor"), RecursionError()]
)
def test_an_error_that_an_operation_does_not_declare_is_an_internal_server_error(error: Exception) -> None:
    assert outcome(failing(error)) == (500, "INTERNAL_SERVER_ERROR", 1)


def test_what_the_server_lacks_is_told_to_its_operator_too() -> None:
    lacking = OSError("the disk is gone")
    client = failing(lacking, ServiceUnavailable(Fault("sample.disk", "the server cannot reach its storage")))
    assert outcome(client) == (503, "SERVICE_UNAVAILABLE", 1)
    assert client.failures == [lacking]


class Unreachable(OpenGate):
    """Cannot look up any session."""

    async def authenticate(self, call: Call) -> None:
        raise OSError("the database cannot be reached")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_session_that_cannot_be_looked_up_is_service_unavailable(address: str) -> None:
    client = Client(gate=Unreachable())
    response = at_once(client.send("GET", address))
    assert (response.status, error_type(response)) == (503, "SERVICE_UNAVAILABLE")
    assert "the database cannot be reached" in said(response)
    assert len(client.failures) == 1


def test_an_error_of_the_rules_is_heard_as_what_it_is_translated_to() -> None:
    assert outcome(failing(KeyError("x"), NotFound(Fault("sample.x", "there is no x")))) == (404, "NOT_FOUND", 0)


def test_a_translation_that_the_operation_does_not_declare_is_an_internal_server_error() -> None:
    assert outcome(failing(KeyError("x"), ResourceBusy(Fault("sample.x", "x")))) == (500, "INTERNAL_SERVER_ERROR", 1)


def test_something_unforeseen_tells_the_operation_id_and_nothing_else() -> None:
    client = failing(KeyError("tr0ub4dor"))
    for address in ADDRESSES:
        response = at_once(client.send("GET", address))
        assert said(response) == "internal server error; see the server log for request req-1"
        assert b"tr0ub4dor" not in response.body


def test_a_name_that_is_no_unicode_can_be_told_in_each_form() -> None:
    client = failing(NotFound(Fault("sample.x", "there is no file \udcff.iso", ("\udcff.iso",))))
    for address in ADDRESSES:
        assert said(at_once(client.send("GET", address))) == "there is no file \\udcff.iso"
    assert b"no file \\udcff.iso<" in at_once(client.send("GET", ADDRESSES[0], headers={"accept": "text/xml"})).body


@pytest.mark.parametrize("address", [f"{BOX}", "/api/sample/box", "/api"])
def test_a_client_that_goes_away_gets_no_answer(address: str) -> None:
    client = Client()
    with pytest.raises(Disconnected):
        at_once(client.send("POST", address, Pieces(b"{", None)))
    assert client.failures == []


@pytest.mark.parametrize("form", ["rest", "api", "jsonrpc"])
async def test_the_gate_decides_before_the_operation_in_each_form(form: str) -> None:
    class Closed(OpenGate):
        async def admit(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:
            raise Unauthenticated(Fault("sample.closed", f"{operation.id} {arguments}"))

    response = await _get(Client(gate=Closed()), form)
    assert b"com.vmware.sample.box.get {'box_id': 'a'}" in response.body


async def _get(client: Client, form: str) -> Response:
    if form == "jsonrpc":
        arguments = {"STRUCTURE": {"operation-input": {"box_id": "a"}}}
        params = {"serviceId": BOXES, "operationId": "get", "input": arguments}
        return await client.send("POST", "/api", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": params}))
    return await client.send("GET", ADDRESSES[0] if form == "rest" else ADDRESSES[1])


class Shut(OpenGate):
    """Lets nobody in but who has the token."""

    async def authenticate(self, call: Call) -> None:
        if call.token != "t0ken":
            raise Unauthenticated(Fault("sample.session", "log in first"))
        call.user = "robin"


@pytest.mark.parametrize("address", [f"{BOX}?client_token=1", "/api/sample/box"])
async def test_no_byte_of_a_body_is_read_of_a_caller_without_a_session(address: str) -> None:
    body = Pieces(b'{"create_spec": 7}')
    response = await Client(gate=Shut()).send("POST", address, body)
    assert (response.status, error_type(response), body.taken) == (401, "UNAUTHENTICATED", 0)


async def test_the_sdk_may_send_a_long_body_where_its_session_is_in_it_or_in_a_header() -> None:
    client = Client(gate=Shut())
    security = {"schemeId": "com.vmware.vapi.std.security.session_id", "sessionId": "t0ken"}
    for ctx, headers, status in (
        ({"securityCtx": security}, {}, 200),
        ({}, {TOKEN: "t0ken"}, 200),
        ({"securityCtx": security | {"sessionId": "other"}}, {}, 413),
        ({}, {}, 413),
    ):
        given = {"STRUCTURE": {"operation-input": {"box_id": "a", "more": "x" * (1 << 20)}}}
        params = {"ctx": ctx, "serviceId": BOXES, "operationId": "get", "input": given}
        call = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": params})
        response = await client.send("POST", "/api", Pieces(call[:999].encode(), call[999:].encode()), headers)
        assert response.status == status, response.body[:200]


async def test_a_body_that_is_one_too_many_is_503_with_the_time_to_try_again() -> None:
    class Full(Bodies):
        async def read(self, *_: Any, **__: Any) -> bytes:
            raise TooManyBodies

    for address, kind in ((f"{BOX}", "SERVICE_UNAVAILABLE"), ("/api/sample/box", "SERVICE_UNAVAILABLE"), ("/api", None)):
        response = await Client(bodies=Full(1)).send("POST", address, b"{}")
        assert (response.status, dict(response.headers)["retry-after"]) == (503, "1")
        assert kind is None or error_type(response) == kind


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_link_changes_nothing_with_a_cookie_alone(method: str) -> None:
    client, target, kept = Client(gate=Shut()), f"{BOX}/id:a?~action=delete", {"cookie": f"{TOKEN}=t0ken"}
    assert (await client.send(method, target, headers=kept)).status == 403
    assert (await client.send(method, f"{BOX}/id:a", headers=kept)).status == 200
    assert (await client.send(method, f"{BOX}/id:a?~action=get", headers=kept)).status == 200
    assert (await client.send("POST", target, headers=kept)).status == 200
    assert (await client.send(method, target, headers={TOKEN: "t0ken"})).status == 200


@pytest.mark.parametrize("address", [SESSION, "/api/session"])
async def test_a_login_answers_its_token_as_a_header_too(address: str) -> None:
    response = await Client().send("POST", address, headers=basic("robin:s:cret"))
    assert dict(response.headers)[TOKEN] in response.body.decode()
    response = await Client().send("POST", address, headers={**basic("robin:s:cret"), "vmware-use-header-authn": "x"})
    assert {TOKEN, "set-cookie"}.isdisjoint(dict(response.headers))
