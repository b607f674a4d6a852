from __future__ import annotations

import re
from dataclasses import replace

import pytest

from contentlib.vapi.declare import Operation
from contentlib.wire import rest_query
from contentlib.wire.dispatch import ApiAddresses, RestAddresses, rest_address
from wire.contract import APART, OPERATIONS, registry

REGISTRY = registry()
REST = RestAddresses(REGISTRY)
API = ApiAddresses(REGISTRY, "/api")

each_operation = pytest.mark.parametrize("name", OPERATIONS)


def declared(name: str) -> Operation:
    service, _, operation = name.rpartition(".")
    return REGISTRY.endpoints[service, operation].operation


def filled(path: str) -> tuple[str, dict[str, str]]:
    """The path with a value for each of its variables, and those values."""
    names = re.findall(r"\{(.+?)\}", path)
    return re.sub(r"\{(.+?)\}", r"a:\1%2F", path), {name: f"a:{name}/" for name in names}


def test_the_contract_has_89_operations() -> None:
    assert len(REGISTRY.endpoints) == len(OPERATIONS) == 89


@each_operation
def test_the_address_on_rest_is_the_published_one(name: str) -> None:
    assert rest_address(declared(name)) == (OPERATIONS[name]["rest"]["method"], OPERATIONS[name]["rest"]["path"])


@pytest.mark.parametrize("name", [name for name in OPERATIONS if APART.fullmatch(name)])
def test_only_what_does_not_follow_from_the_name_is_declared_apart(name: str) -> None:
    operation = declared(name)
    assert operation.api.rest is not None
    assert rest_address(replace(operation, api=replace(operation.api, rest=None)))[1] != operation.api.rest


@each_operation
def test_the_published_address_on_rest_leads_to_the_operation(name: str) -> None:
    rest = OPERATIONS[name]["rest"]
    path, _, query = rest["path"].partition("?")
    path, values = filled(path)
    action, pairs = rest_query.split(query)
    target, in_path = REST.find(rest["method"], path, action, pairs)
    assert (target.endpoint.operation.id, in_path) == (name, values)


@each_operation
def test_the_address_on_api_leads_to_the_operation(name: str) -> None:
    api = OPERATIONS[name]["api"]
    path, _ = filled(api["path"])
    pairs = [(key, value or "x") for key, value in (api["dispatch_query"] or {}).items()]
    target, in_path = API.find(api["method"], path, pairs)
    assert target.endpoint.operation.id == name
    assert in_path == {ours: f"a:{theirs}/" for theirs, ours in (api["path_variables"] or {}).items()}


@each_operation
def test_the_address_on_api_without_api_leads_to_the_operation_on_rest_too(name: str) -> None:
    api = OPERATIONS[name]["api"]
    path, _ = filled(api["path"].replace("/api", "/rest", 1))
    pairs = [(key, value or "x") for key, value in (api["dispatch_query"] or {}).items()]
    target, _ = REST.find(api["method"], path, None, pairs)
    assert target.endpoint.operation.id == name


@each_operation
def test_every_operation_is_an_action_of_its_service_on_rest(name: str) -> None:
    """All parameters may stand in the body or the query then."""
    service, _, operation = name.rpartition(".")
    path = "/rest/" + service.replace(".", "/").replace("_", "-")
    target, in_path = REST.find("POST", path, operation.replace("_", "-"), [])
    assert (target.endpoint.operation.id, in_path) == (name, {})


@each_operation
def test_what_stands_in_a_path_stands_nowhere_else(name: str) -> None:
    api = OPERATIONS[name]["api"]
    target, in_path = API.find(
        api["method"], filled(api["path"])[0], [(k, v or "x") for k, v in (api["dispatch_query"] or {}).items()]
    )
    assert {field.name for field in target.elsewhere} == set(OPERATIONS[name]["parameters"]) - set(in_path)
