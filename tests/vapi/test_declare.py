from __future__ import annotations

import pytest

from contentlib.vapi.declare import Operation, Privilege, Route, Service, operation, operations_of
from contentlib.vapi.errors import InvalidArgument, NotFound, ResourceBusy
from contentlib.vapi.registry import Call, Registry, untranslated
from contentlib.vapi.types import Field, Id, Type

ROUTE = Route("GET", "/api/thing/{thing}")


class Things(Service):
    """Things."""

    vapi_id = "com.vmware.sample.thing"

    @operation(ROUTE, errors=(NotFound,), privileges=(Privilege("Thing.Read", on="thing"),))
    async def get(self, call: Call, thing: Id, deep: bool | None) -> list[str]:
        """Reads a thing.

        And more about that.
        """
        return [thing]

    @operation(Route("GET", "/api/thing"), anonymous=True)
    async def list_(self, call: Call) -> None:
        """Lists things."""

    async def helper(self) -> None:
        """No operation."""


def declared(name: str) -> Operation:
    return next(each for each in operations_of(Things) if each.name == name)


def test_the_operations_of_a_service_are_its_marked_methods() -> None:
    assert [each.name for each in operations_of(Things)] == ["get", "list"]


def test_an_operation_is_what_its_signature_and_its_mark_say() -> None:
    assert declared("get") == Operation(
        service="com.vmware.sample.thing",
        name="get",
        parameters=(Field("thing", Type("id")), Field("deep", Type("optional", of=Type("boolean")))),
        output=Type("list", of=Type("string")),
        errors=(NotFound,),
        privileges=(Privilege("Thing.Read", on="thing"),),
        api=ROUTE,
        summary="Reads a thing.",
        anonymous=False,
        method="get",
    )
    assert declared("get").id == "com.vmware.sample.thing.get"


def test_a_name_that_python_has_for_itself_ends_in_an_underscore() -> None:
    listing = declared("list")
    assert (listing.name, listing.method, listing.anonymous, listing.output) == ("list", "list_", True, Type("void"))


@pytest.mark.parametrize(("error", "heard"), [(NotFound, True), (ResourceBusy, False), (InvalidArgument, True)])
def test_an_operation_declares_its_errors_and_those_that_happen_everywhere(error: type, heard: bool) -> None:
    assert declared("get").declares(error) is heard


async def test_a_registry_finds_an_operation_and_what_performs_it() -> None:
    registry = Registry([Things()])
    endpoint = registry.endpoints["com.vmware.sample.thing", "get"]
    assert endpoint.operation == declared("get")
    assert await endpoint.handler(Call("r-1", "https://lib.example"), thing="a", deep=None) == ["a"]
    assert endpoint.translate(KeyError(), endpoint.operation) is None
    assert endpoint.translate is untranslated


def test_a_registry_lists_the_operations_of_each_service() -> None:
    services = Registry([Things()]).services()
    assert {name: [each.operation.name for each in found] for name, found in services.items()} == {
        "com.vmware.sample.thing": ["get", "list"]
    }
