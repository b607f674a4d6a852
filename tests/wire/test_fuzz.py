"""Whatever comes in, an answer comes out, and it is never a 500."""

from __future__ import annotations

import json
import string
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from contentlib.http.message import Response
from wire import sample_services, vectors
from wire.client import Client, at_once
from wire.sample_services import BOXES, KINDS, VALUES
from wire.vectors import FORMS

bounded = settings(derandomize=True, max_examples=100, database=None)
ACTIONS = [kind.replace("_", "-") for kind in KINDS]
XML = {"content-type": "application/xml", "accept": "application/xml"}
VALUE_KIND = "/rest/com/vmware/sample/value-kind"
REQUESTS = {form: [vectors.message(vector.request) for vector in vectors.read(form) if not vector.raises] for form in FORMS}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["RED", "2015-01-01T22:13:05.651Z", "AA==", "9" * 30, "\x00", "id:"])
)
names = st.text(max_size=4) | st.sampled_from(
    ["value", "x", "label", "start", "between", "named", "key", "STRUCTURE", "OPTIONAL", "SECRET", "BINARY", "map-entry", "1"]
)
documents = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4))


def accepted(method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Response:
    """The answer to a request; it must be one that the client can read, and none of the server's own failures."""
    response = at_once(_client().send(method, target, body, headers))
    assert _client().failures == []
    assert response.status in (200, 201, 204, 400, 401, 404, 405, 413, 415)
    if response.content_type == "application/json":
        json.loads(response.body)
    elif response.content_type == "application/xml":
        etree.fromstring(response.body)
    else:
        assert response.body == b""
    return response


@cache
def _client() -> Client:
    """One for all requests: each has its own parameters and answer."""
    return Client()


def rpc(operation: str, value: Any, service: str = VALUES) -> bytes:
    given_input = {"STRUCTURE": {"operation-input": {"value": value}}}
    params = {"serviceId": service, "operationId": operation, "input": given_input}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": params}).encode()


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (f"{VALUE_KIND}?~action=everything", {}),
        (f"{VALUE_KIND}?~action=everything", XML),
        ("/api/sample/box", {"content-type": "application/json"}),
        ("/api/sample/value-kind?action=nested", {}),
        ("/api", {"content-type": "application/json"}),
    ],
)
@bounded
@given(body=st.binary(max_size=200))
@example(body=b"\xef\xbb\xbf{}")
@example(body=b"\xff\xfe{\x00}\x00")
@example(body=b"\x00")
def test_any_bytes_are_answered(target: str, headers: dict[str, str], body: bytes) -> None:
    accepted("POST", target, body, headers)


@bounded
@given(action=st.sampled_from(ACTIONS), document=documents)
def test_any_document_is_answered_as_a_value_in_each_form_of_json(action: str, document: Any) -> None:
    body = json.dumps({"value": document}).encode()
    accepted("POST", f"{VALUE_KIND}?~action={action}", body)
    accepted("POST", f"/api/sample/value-kind?action={action}", body)
    accepted("POST", "/api", rpc(action.replace("-", "_"), document))


@bounded
@given(document=documents)
def test_any_document_is_answered_as_a_body_in_each_form_of_json(document: Any) -> None:
    body = json.dumps(document).encode()
    for target in (f"{VALUE_KIND}?~action=nested", "/rest/com/vmware/sample/box", "/api/sample/box", "/api"):
        accepted("POST", target, body)


@bounded
@given(
    member=st.sampled_from(["jsonrpc", "id", "method", "params"]), inner=st.sampled_from([None, "ctx", "input"]), new=documents
)
def test_any_document_is_answered_in_a_place_of_the_envelope(member: str, inner: str | None, new: Any) -> None:
    envelope = json.loads(rpc("string", "a"))
    if inner:
        envelope["params"][inner] = {"securityCtx": new} if inner == "ctx" else new
    else:
        envelope[member] = new
    accepted("POST", "/api", json.dumps(envelope).encode())


@pytest.mark.parametrize("form", FORMS)
@bounded
@given(data=st.data())
def test_a_request_with_some_bytes_changed_is_answered(form: str, data: st.DataObject) -> None:
    request = data.draw(st.sampled_from(REQUESTS[form]))
    method, target = request.first.split(" ")
    if form == "rest_query":
        target = data.draw(_changed(target.encode())).decode("latin-1")
        body = request.body
    else:
        body = data.draw(_changed(request.body))
    accepted(method, target if target.startswith(("/rest/", "/api")) else "/rest/" + target, body, request.headers)


@st.composite
def _changed(draw: st.DrawFn, body: bytes) -> bytes:
    """The bytes with a piece of them taken away, doubled or replaced, once or twice."""
    for _ in range(draw(st.integers(1, 2))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 8)))
        body = body[:start] + draw(st.sampled_from([b"", body[start:end] * 2]) | st.binary(max_size=4)) + body[end:]
    return body


query_names = st.lists(
    st.sampled_from(["value", "1", "2", "0", "01", "key", "x", "start", "between", "named", "", "a"]), min_size=1, max_size=5
).map(".".join)


@bounded
@given(
    action=st.sampled_from(ACTIONS), pairs=st.lists(st.tuples(query_names, st.text("17aRED%+&;=. ", max_size=5)), max_size=6)
)
def test_any_query_is_answered(action: str, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"value.{name}={value}" for name, value in pairs)
    accepted("POST", f"{VALUE_KIND}?~action={action}&{query}")
    accepted("GET", f"/api/sample/label?filter_spec.{query}")


@bounded
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]),
    path=st.text(string.printable + "%é\x00\ud7ff", max_size=30),
    query=st.text(string.printable + "é", max_size=30),
)
def test_any_address_is_answered(method: str, path: str, query: str) -> None:
    for start in ("/rest/", "/rest/com/vmware/sample/box/", "/api/", "/api/sample/box/"):
        accepted(method, f"{start}{path.replace('?', '')}?{query}")


@bounded
@given(
    name=st.sampled_from(["accept", "content-type", "authorization", "cookie", "host", "client-token", "content-length"]),
    value=st.text(st.characters(max_codepoint=255), max_size=40)
    | st.text("application/xml,json;q=01.;*", max_size=40)
    | st.text(string.ascii_letters, max_size=20).map("Basic {}".format),
)
def test_any_header_is_answered(name: str, value: str) -> None:
    accepted("POST", "/rest/com/vmware/sample/box", b'{"create_spec":{}}', {name: value})
    accepted("POST", "/api/sample/box", b"{}", {name: value})
    accepted("POST", "/api", rpc("string", "a"), {name: value})
    accepted("POST", "/api", rpc("create", {}, BOXES), {name: value})


def test_every_operation_of_the_samples_answers_an_empty_body() -> None:
    for endpoint in sample_services.registry().endpoints.values():
        route = endpoint.operation.api
        query = "&".join(f"{name}={value or ''}" for name, value in route.dispatch.items())
        response = at_once(Client().send(route.method, f"{route.path}?{query}"))
        assert response.status != 404 or endpoint.operation.name == "fail"
