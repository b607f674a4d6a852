"""What the server says of its own declarations, against what the official SDK knows of the same operations."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.contract import OPERATIONS as CONTRACT
from conformance.decoding import inputs_of, output_of
from contentlib.structures.introspection import DataDefinition, DataType, definition_of, input_of
from services.declared import OPERATIONS, SERVICES
from services.test_declarations import LEFT_OUT
from whole import Whole, told

PATH = "/api/vapi/std/introspection"
ANY = {"OPAQUE", "ANY_ERROR", "DYNAMIC_STRUCTURE"}
"""Kinds that are one here: values whose type is known only at run time."""
NAMES = {"BLOB": "BINARY", "INTEGER": "LONG"}
"""The SDK's own names for two kinds."""


def of_sdk(definition: Any) -> Any:
    """A definition of the SDK, as nested tuples."""
    written = re.sub(r"(?<=.)([A-Z])", r"_\1", definition.type).upper()
    kind = NAMES.get(written, written)
    if kind in ("LIST", "OPTIONAL"):
        return kind, of_sdk(definition.element_type)
    if kind == "STRUCTURE":
        fields = {each: of_sdk(definition.get_field(each)) for each in definition.get_field_names()}
        return kind, definition.name, {each: fields[each] for each in fields if (definition.name, each) not in LEFT_OUT}
    if kind == "STRUCTURE_REF":
        return kind, definition.name
    return "ANY" if kind in ANY else kind


def of_ours(definition: DataDefinition) -> Any:
    """A definition of ours, as nested tuples."""
    kind = definition.type.value
    if definition.element_definition is not None:
        return kind, of_ours(definition.element_definition)
    if definition.fields is not None:
        return kind, definition.name, {name: of_ours(each) for name, each in definition.fields.items()}
    if definition.name is not None:
        return kind, definition.name
    return "ANY" if kind in ANY else kind


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_an_operation_takes_and_answers_is_what_the_sdk_knows(name: str) -> None:
    declared = OPERATIONS[name]
    assert of_ours(input_of(declared.parameters)) == of_sdk(inputs_of(CONTRACT[name]).definition)
    assert of_ours(definition_of(declared.output)) == of_sdk(output_of(CONTRACT[name]).definition)


async def test_every_service_describes_every_operation(app: Whole) -> None:
    services = (await app.send("GET", f"{PATH}/service")).json()
    assert set(services) == set(SERVICES)
    for service in services:
        operations = (await app.send("GET", f"{PATH}/service/{service}")).json()["operations"]
        assert sorted(operations) == sorted((await app.send("GET", f"{PATH}/operation?service_id={service}")).json())
        for operation in operations:
            answer = await app.send("GET", f"{PATH}/operation?service_id={service}&operation_id={operation}")
            assert answer.status_code == 200, answer.text
            assert answer.json()["input_definition"]["name"] == "operation-input"


async def test_errors_are_described_with_their_names(app: Whole) -> None:
    target = f"{PATH}/operation?service_id=com.vmware.cis.tagging.category&operation_id=delete"
    errors = (await app.send("GET", target)).json()["error_definitions"]
    names = ["not_found", "unauthorized", "unauthenticated"]
    assert [each["name"] for each in errors] == [f"com.vmware.vapi.std.errors.{name}" for name in names]
    assert {each["type"] for each in errors} == {DataType.ERROR}
    assert "challenge" in errors[2]["fields"]
    assert errors[0]["fields"].keys() == {"messages", "data", "error_type"}


async def test_the_provider_has_a_checksum_of_its_declarations(app: Whole) -> None:
    provider = (await app.send("GET", f"{PATH}/provider")).json()
    assert provider["id"] == "contentlib"
    assert provider == (await app.send("GET", f"{PATH}/provider")).json()
    assert len(provider["checksum"]) == 64


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("/service/com.vmware.nothing", "service 'com.vmware.nothing' does not exist"),
        ("/operation?service_id=com.vmware.nothing", "service 'com.vmware.nothing' does not exist"),
        (
            "/operation?service_id=com.vmware.content.library&operation_id=x",
            "service com.vmware.content.library has no operation 'x'",
        ),
    ],
)
async def test_what_is_not_declared_is_not_found(app: Whole, target: str, text: str) -> None:
    assert told(await app.send("GET", PATH + target)) == (404, "NOT_FOUND", text)


async def test_the_privileges_are_those_that_are_declared(app: Whole) -> None:
    """By each way to an operation: its own, its service's, its package's and its component's."""
    path = "/api/vapi/metadata/privilege"
    create = f"{path}/service/com.vmware.cis.tagging.tag/operation/create"
    info = (await app.send("GET", create)).json()
    on_category = {"property_path": "create_spec.category_id", "privileges": ["InventoryService.Tagging.CreateTag"]}
    assert info == {"privileges": [], "privilege_info": [on_category]}
    service = (await app.send("GET", f"{path}/service/com.vmware.cis.tagging.tag")).json()
    assert service["operations"]["create"] == info
    package = (await app.send("GET", f"{path}/package/com.vmware.cis.tagging")).json()
    assert package["services"]["com.vmware.cis.tagging.tag"] == service
    component = (await app.send("GET", f"{path}/component/com.vmware.cis")).json()
    assert component["info"]["packages"]["com.vmware.cis.tagging"] == package
    assert component["fingerprint"] == (await app.send("GET", f"{path}/component/com.vmware.cis/fingerprint")).json()


async def test_what_needs_privileges_is_listed_once(app: Whole) -> None:
    path = "/api/vapi/metadata/privilege"
    services = (await app.send("GET", f"{path}/service")).json()
    packages = (await app.send("GET", f"{path}/package")).json()
    components = (await app.send("GET", f"{path}/component")).json()
    assert "com.vmware.cis.session" not in services  # a login needs none
    assert sorted({each.rpartition(".")[0] for each in services}) == packages
    found = [(await app.send("GET", f"{path}/component/{each}")).json()["info"]["packages"] for each in components]
    assert sorted(name for each in found for package in each.values() for name in package["services"]) == services


async def test_all_but_the_login_want_a_session(app: Whole) -> None:
    path = "/api/vapi/metadata/authentication"
    session = {"scheme_type": "SESSION_AWARE", "scheme": "com.vmware.vapi.std.security.session_id"}
    session["session_manager"] = "com.vmware.cis.session"
    assert set((await app.send("GET", f"{path}/service")).json()) == set(SERVICES)
    component = (await app.send("GET", f"{path}/component/com.vmware.cis")).json()
    services = component["info"]["packages"]["com.vmware.cis"]["services"]
    assert services["com.vmware.cis.tasks"]["operations"]["get"] == {"schemes": [session]}
    login = services["com.vmware.cis.session"]["operations"]
    assert login["delete"] == {"schemes": [session]}
    schemes = [f"com.vmware.vapi.std.security.{each}" for each in ("user_pass", "saml_bearer_token", "saml_hok_token")]
    assert login["create"] == {"schemes": [{"scheme_type": "SESSIONLESS", "scheme": each} for each in schemes]}
