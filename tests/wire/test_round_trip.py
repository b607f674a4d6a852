"""Whatever an operation answers in a form can be sent back in it, and is the same."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from contentlib.vapi.registry import Call, Endpoint
from contentlib.vapi.types import DateTime, Type, fields_of
from wire import sample_services
from wire.client import Client, at_once
from wire.sample_services import VALUES, BoxModel

bounded = settings(derandomize=True, max_examples=60, database=None)
VALUE_KIND = "/rest/com/vmware/sample/value-kind?~action=everything"
FIRST, LAST = DateTime.parse("0001-01-01T00:00:00Z").milliseconds, DateTime.parse("9999-12-31T23:59:59.999Z").milliseconds

letters = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff", min_codepoint=0x20) | st.sampled_from(
    "\t\n"
)
texts = st.text(letters, max_size=6)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "string": texts,
    "id": texts,
    "uri": texts,
    "secret": texts,
    "integer": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "datetime": st.builds(DateTime, st.integers(FIRST, LAST)),
    "binary": st.binary(max_size=6),
}


def values(declared: Type | None, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a declared type."""
    assert declared is not None
    match declared.kind:
        case "optional":
            return st.none() if depth > 4 else st.none() | values(declared.of, depth)
        case "list":
            return st.lists(values(declared.of, depth + 1), max_size=3)
        case "set":
            return st.sets(values(declared.of, depth + 1), max_size=3)
        case "map":
            return st.dictionaries(values(declared.key), values(declared.of, depth + 1), max_size=3)
        case "enumeration":
            return st.sampled_from(list(declared.python))
        case "structure":
            fields = {field.name: values(field.type, depth + 1) for field in fields_of(declared.python)}
            return st.builds(declared.python, **fields)
    return KINDS[declared.kind]


boxes = values(Type("structure", python=BoxModel))


class Echo:
    """Answers a box, and remembers what comes back."""

    def __init__(self) -> None:
        self.answer: BoxModel | None = None
        self.came: BoxModel | None = None

    async def __call__(self, call: Call, value: BoxModel) -> BoxModel | None:
        self.came = value
        return self.answer


@cache
def echoing() -> tuple[Echo, Client]:
    echo, registry = Echo(), sample_services.registry()
    registry.endpoints[VALUES, "everything"] = Endpoint(registry.endpoints[VALUES, "everything"].operation, echo)
    return echo, Client(registry)


def answered(box: BoxModel, target: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """The bytes that a box is answered as."""
    echo, client = echoing()
    echo.answer = box
    response = at_once(client.send("POST", target, body, headers))
    assert response.status == 200, response.body
    return response.body


@bounded
@given(box=boxes)
def test_a_value_comes_back_in_json_of_rest(box: BoxModel) -> None:
    written = answered(box, VALUE_KIND, b'{"value":{}}')
    answered(box, VALUE_KIND, written)
    assert echoing()[0].came == box


@bounded
@given(box=boxes)
def test_a_value_comes_back_in_json_of_api(box: BoxModel) -> None:
    target = "/api/sample/value-kind?action=everything"
    written = answered(box, target, b'{"value":{}}')
    answered(box, target, b'{"value":' + written + b"}")
    assert echoing()[0].came == box


@bounded
@given(box=boxes)
def test_a_value_comes_back_in_xml(box: BoxModel) -> None:
    headers = {"content-type": "application/xml", "accept": "application/xml"}
    empty = b'<n:Everything-Input xmlns:n="http://vmware.com/sample/value_kind"><value/></n:Everything-Input>'
    written = answered(box, VALUE_KIND, empty, headers)
    answered(box, VALUE_KIND, written.replace(b"Everything-Result", b"Everything-Input"), headers)
    assert echoing()[0].came == box


@bounded
@given(box=boxes)
def test_a_value_comes_back_in_jsonrpc(box: BoxModel) -> None:
    written = json.loads(answered(box, "/api", _call({"STRUCTURE": {"": {}}})))["result"]["output"]
    answered(box, "/api", _call(written))
    assert echoing()[0].came == box


def _call(value: Any) -> bytes:
    given_input = {"STRUCTURE": {"operation-input": {"value": value}}}
    params = {"serviceId": VALUES, "operationId": "everything", "input": given_input}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "invoke", "params": params}).encode()
