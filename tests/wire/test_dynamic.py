"""Values of any type, and the unions of structures, in every form."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from contentlib.http.bodies import Bodies
from contentlib.messages import Fault
from contentlib.vapi.declare import Operation, Route, Service, operation
from contentlib.vapi.errors import NotFound, Unauthenticated
from contentlib.vapi.registry import Call, Registry
from contentlib.vapi.types import Anything, DateTime, Enumeration, Structure, Typed, enumeration, type_of
from contentlib.vapi.unions import TaggedUnion
from contentlib.wire import Wire, WireOptions
from wire.client import Client, OpenGate, at_once, error_type, said
from wire.sample_services import Color, Point

SERVICE = "com.vmware.sample.crate"
REST, API = "/rest/com/vmware/sample/crate", "/api/sample/crate"
XML = {"accept": "application/xml"}
POINT = Point(x=7, label="a")


@enumeration("com.vmware.sample.crate.kind")
class Kind(Enumeration):
    """What is in a crate."""

    GLASS = "GLASS"
    SAND = "SAND"


class Crate(Structure):
    """A crate."""

    vapi_name: ClassVar[str] = "com.vmware.sample.crate_model"
    unions = (TaggedUnion("kind", {"GLASS": {"padding": True}, "SAND": {}}),)
    kind: Kind
    padding: str | None = None


class Shown(Structure):
    """What is shown of something."""

    vapi_name: ClassVar[str] = "com.vmware.sample.shown"
    result: Anything | None = None


class Crates(Service):
    """Takes crates, and shows a value."""

    vapi_id = SERVICE

    def __init__(self, value: Any = None) -> None:
        self.value = value

    @operation(Route("GET", API))
    async def get(self, call: Call) -> Shown:
        """Shows the value."""
        return Shown(result=self.value)

    @operation(Route("POST", API, body="spec"))
    async def create(self, call: Call, spec: Crate) -> str:
        """Takes a crate."""
        return spec.kind

    @operation(Route("POST", API, {"action": "answer"}))
    async def answer(self, call: Call) -> Crate:
        """Answers the value, which it says is a crate."""
        crate: Crate = self.value
        return crate


def asked(client: Client, name: str, **inputs: Any) -> Any:
    """The output or the error of a call over JSON-RPC."""
    input_ = {"STRUCTURE": {"operation-input": inputs}}
    params = {"serviceId": SERVICE, "operationId": name, "ctx": {}, "input": input_}
    body = json.dumps({"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params})
    return json.loads(at_once(client.send("POST", "/api", body)).body)["result"]


def shown(value: Any) -> tuple[Any, Any, Any, str]:
    """A value over JSON-RPC, `/api`, `/rest` JSON and XML."""
    client = Client(Registry([Crates(value)]))
    rpc = asked(client, "get")["output"]["STRUCTURE"]["com.vmware.sample.shown"]["result"]["OPTIONAL"]
    api, rest = (json.loads(at_once(client.send("GET", path)).body) for path in (API, REST))
    xml = at_once(client.send("GET", REST, headers=XML)).body.decode()
    assert not client.failures
    return rpc, api["result"], rest["value"]["result"], "".join(line.strip() for line in xml.splitlines()[3:-2])


@pytest.mark.parametrize(
    ("declared", "value", "rpc", "api", "rest", "xml"),
    [
        (str, "a", "a", "a", "a", "<result>a</result>"),
        (int, 7, 7, 7, 7, "<result>7</result>"),
        (bool, True, True, True, True, "<result>true</result>"),
        (bytes, b"a", {"BINARY": "YQ=="}, "YQ==", "YQ==", "<result>YQ==</result>"),
        (
            DateTime,
            DateTime(0),
            "1970-01-01T00:00:00.000Z",
            "1970-01-01T00:00:00.000Z",
            "1970-01-01T00:00:00.000Z",
            "<result>1970-01-01T00:00:00.000Z</result>",
        ),
        (
            Point,
            POINT,
            {"STRUCTURE": {"com.vmware.sample.point": {"label": {"OPTIONAL": "a"}, "x": 7}}},
            {"x": 7, "label": "a"},
            {"x": 7, "label": "a"},
            "<result><x>7</x><label>a</label></result>",
        ),
        (
            list[Color],
            [Color.RED],
            ["RED"],
            ["RED"],
            ["RED"],
            "<result-array><array-item>RED</array-item></result-array>",
        ),
        (
            dict[str, int],
            {"a": 1},
            [{"STRUCTURE": {"map-entry": {"key": "a", "value": 1}}}],
            {"a": 1},
            [{"key": "a", "value": 1}],
            "<result-map><map-entry><key>a</key><value>1</value></map-entry></result-map>",
        ),
    ],
)
def test_a_value_of_any_type_is_written_by_its_type(declared: Any, value: Any, rpc: Any, api: Any, rest: Any, xml: str) -> None:
    assert shown(Typed(type_of(declared), value)) == (rpc, api, rest, xml)


def test_an_error_is_a_value_of_any_type() -> None:
    rpc, api, rest, xml = shown(NotFound(Fault("sample.none", "none", ("7",))))
    assert list(rpc) == ["ERROR"]
    assert api == rest
    assert api["error_type"] == "NOT_FOUND"
    assert xml.startswith("<result><error_type>NOT_FOUND</error_type><messages-array>")


@pytest.mark.parametrize("value", [{"changed": 0}, ["a"], "a", 1, POINT, object()])
def test_a_value_without_a_type_is_refused_in_every_form(value: Any) -> None:
    client = Client(Registry([Crates(value)]))
    assert list(asked(client, "get")["error"]["ERROR"]) == ["com.vmware.vapi.std.errors.internal_server_error"]
    for path, headers in ((API, {}), (REST, {}), (REST, XML)):
        response = at_once(client.send("GET", path, headers=headers))
        assert response.status == 500
        assert b"changed" not in response.body
    assert len(client.failures) == 4


WITH_PADDING = "spec.padding cannot be set when kind is SAND"
WITHOUT_PADDING = "spec.padding is required when kind is GLASS"


@pytest.mark.parametrize(
    ("spec", "text"), [({"kind": "SAND", "padding": "wool"}, WITH_PADDING), ({"kind": "GLASS"}, WITHOUT_PADDING)]
)
def test_a_request_that_breaks_a_union_is_refused_in_every_form(spec: dict[str, str], text: str) -> None:
    client = Client(Registry([Crates()]))
    (error,) = asked(client, "create", spec={"STRUCTURE": {"x": spec}})["error"]["ERROR"].values()
    assert error["messages"][0]["STRUCTURE"]["com.vmware.vapi.std.localizable_message"]["default_message"] == text
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in spec.items())
    xml = f'<Create-Input xmlns="http://vmware.com/sample/crate"><spec>{fields}</spec></Create-Input>'
    query = "&".join(f"spec.{name}={value}" for name, value in spec.items())
    for target, body, kind in (
        (API, json.dumps(spec), "application/json"),
        (REST, json.dumps({"spec": spec}), "application/json"),
        (f"{REST}?{query}", "", "application/json"),
        (REST, xml, "application/xml"),
    ):
        response = at_once(client.send("POST", target, body, {"content-type": kind}))
        assert (response.status, error_type(response), said(response)) == (400, "INVALID_ARGUMENT", text)
    assert not client.failures


def test_a_union_is_checked_for_those_alone_who_may_call() -> None:
    class Shut(OpenGate):
        async def admit(self, call: Call, operation: Operation, arguments: dict[str, Any]) -> None:
            raise Unauthenticated(Fault("sample.nobody", "nobody is known"))

    client = Client(Registry([Crates()]), gate=Shut())
    assert at_once(client.send("POST", API, '{"kind": "GLASS"}')).status == 401


@pytest.mark.parametrize("value", [Crate(kind=Kind.GLASS), Crate(kind="NOBODY", padding="a"), None])  # type: ignore[arg-type] # wrong on purpose
@pytest.mark.parametrize("checks", [True, False])
def test_answers_are_checked_where_that_is_wanted(value: Any, checks: bool) -> None:
    failures: list[BaseException] = []
    client = Client()
    client.wire = Wire(
        Registry([Crates(value)]),
        client.gate,
        bodies=Bodies(1000),
        report=lambda _request, _operation, error: failures.append(error),
        options=WireOptions(check_answers=checks),
    )
    response = at_once(client.send("POST", f"{API}?action=answer"))
    assert (response.status, len(failures)) == ((500, 1) if checks else (200, 0))
