from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis

from contentlib.vapi.registry import Registry
from contentlib.wire.openapi import document
from wire import contract, sample_services
from wire.client import Client

REGISTRIES = {"samples": sample_services.registry, "contract": contract.registry}

each_registry = pytest.mark.parametrize("registry", [made() for made in REGISTRIES.values()], ids=list(REGISTRIES))


def described(registry: Registry) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document(registry))
    return found


def operations(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The described operations, by method and path."""
    return {f"{method.upper()} {path}": found for path, place in value["paths"].items() for method, found in place.items()}


@each_registry
def test_the_document_is_valid_and_all_of_it_can_be_used(registry: Registry) -> None:
    value = described(registry)
    schema = schemathesis.openapi.from_dict(value)
    schema.validate()
    made = [result.ok() for result in schema.get_all_operations()]
    assert [f"{each.method.upper()} {each.path}" for each in made] == list(operations(value))


@each_registry
@pytest.mark.parametrize("form", ["/rest/", "/api/"])
def test_every_operation_is_in_the_document_in_each_form(registry: Registry, form: str) -> None:
    listed = [
        name
        for address, found in operations(described(registry)).items()
        if f" {form}" in address
        for name in found["x-vapi-operations"]
    ]
    assert sorted(listed) == sorted(endpoint.operation.id for endpoint in registry.endpoints.values())


@each_registry
def test_every_reference_leads_somewhere(registry: Registry) -> None:
    value = described(registry)
    for reference in _references(value):
        place = value
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [found for inner in value.values() for found in _references(inner)]
    return [found for inner in value for found in _references(inner)] if isinstance(value, list) else []


def test_operation_ids_are_unique() -> None:
    ids = [found["operationId"] for found in operations(described(contract.registry())).values()]
    assert len(ids) == len(set(ids))


def test_an_action_is_the_end_of_a_path() -> None:
    found = operations(described(sample_services.registry()))
    publish = found["POST /api/sample/box/{box_id}?action=publish"]
    assert publish["requestBody"]["content"]["application/json"]["schema"]["required"] == ["force"]
    assert (
        found["POST /rest/com/vmware/sample/box/id:{box_id}?~action=publish"]["operationId"]
        == "rest.com.vmware.sample.box.publish"
    )


def test_operations_that_a_parameter_tells_apart_are_one_with_both_answers() -> None:
    found = operations(described(sample_services.registry()))["GET /api/sample/box/{box_id}/label"]
    assert found["x-vapi-operations"] == ["com.vmware.sample.box.label.get", "com.vmware.sample.box.label.list"]
    assert {each["name"]: each["required"] for each in found["parameters"]} == {"box_id": True, "name": False}
    answers = found["responses"]["200"]["content"]["application/json"]["schema"]["anyOf"]
    assert answers == [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]


def test_the_whole_body_is_a_parameter_where_the_route_says_so() -> None:
    found = operations(described(sample_services.registry()))
    model = {"$ref": "#/components/schemas/com.vmware.sample.box_model"}
    create = found["POST /api/sample/box"]
    assert create["requestBody"] == {"required": True, "content": {"application/json": {"schema": model}}}
    assert [(each["name"], each["in"]) for each in create["parameters"]] == [("Client-Token", "header")]
    wrapped = found["POST /rest/com/vmware/sample/box"]["requestBody"]["content"]["application/json"]["schema"]
    assert (list(wrapped["properties"]), wrapped["required"]) == (["create_spec", "client_token"], ["create_spec"])


def test_maps_are_objects_on_api_and_lists_of_entries_on_rest() -> None:
    schemas = described(sample_services.registry())["components"]["schemas"]
    on_api, on_rest = (schemas[f"{form}com.vmware.sample.line"]["properties"]["named"]["anyOf"][0] for form in ("", "rest."))
    assert on_api["additionalProperties"] == {"$ref": "#/components/schemas/com.vmware.sample.point"}
    assert on_rest["items"]["required"] == ["key", "value"]


def test_statuses_are_those_of_the_form() -> None:
    found = operations(described(sample_services.registry()))
    on_api = found["PATCH /api/sample/box/{box_id}"]["responses"]
    on_rest = found["PATCH /rest/com/vmware/sample/box/id:{box_id}"]["responses"]
    assert "resource_busy" in on_api["500"]["$ref"]
    assert "resource_busy" in on_rest["400"]["$ref"]
    assert ("204" in on_api, "200" in on_rest) == (True, True)
    assert {"401", "403", "404", "413", "415", "500", "503"} < set(on_api)


def test_a_structure_in_the_query_is_spread_over_it() -> None:
    found = operations(described(sample_services.registry()))
    assert [each["name"] for each in found["GET /api/sample/label"]["parameters"]] == ["x", "label", "colors", "words"]
    tasks = operations(described(contract.registry()))["GET /api/cis/tasks"]["parameters"]
    assert [each["name"] for each in tasks] == [
        "operations",
        "services",
        "status",
        "tasks",
        "users",
        "exclude_result",
        "return_all",
    ]


def test_what_starts_a_session_asks_for_a_password_and_the_rest_for_the_session() -> None:
    registry = sample_services.registry()
    found = operations(described(registry))
    assert found["GET /api/session"]["security"] == [{"session": []}, {"cookie": []}]
    assert found["POST /api/session"]["security"] == [{"basic": []}]


def test_privileges_and_sentences_are_told() -> None:
    get = operations(described(sample_services.registry()))["GET /api/sample/box/{box_id}"]
    assert (get["summary"], get["x-vapi-privileges"]) == ("Reads a box.", ["Box.Read"])


def test_the_document_is_made_once_and_is_always_the_same() -> None:
    wire = Client().wire
    assert wire.openapi() is wire.openapi()
    assert wire.openapi() == Client().wire.openapi()
