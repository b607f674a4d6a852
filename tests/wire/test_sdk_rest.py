"""What the official SDK sends over HTTP that nobody else does, at the addresses of `/api` with and under another name."""

from __future__ import annotations

import json

import pytest

from wire.client import Client, at_once, error_type


def answer(method: str, target: str, body: str, headers: dict[str, str] | None = None) -> object:
    given = {"content-length": str(len(body)), **(headers or {})}
    response = at_once(Client().send(method, target, body, given))
    assert response.status < 300, response
    found = json.loads(response.body)
    return found["value"] if target.startswith("/rest") else found


@pytest.mark.parametrize("prefix", ["/api", "/rest"])
def test_a_get_may_name_a_parameter_in_the_query_and_hold_it_in_the_body(prefix: str) -> None:
    assert answer("GET", f"{prefix}/sample/box?shelf_id", '{"shelf_id":"s"}') == ["s"]
    assert answer("GET", f"{prefix}/sample/box/a/label?name", '{"name":"x"}') == "a|x"


@pytest.mark.parametrize("prefix", ["/api", "/rest"])
def test_a_parameter_that_the_query_gives_a_value_does_not_stand_in_the_body_too(prefix: str) -> None:
    body = '{"shelf_id":"s"}'
    target = f"{prefix}/sample/box?shelf_id=t"
    response = at_once(Client().send("GET", target, body, {"content-length": str(len(body))}))
    assert error_type(response) == "INVALID_ARGUMENT"


@pytest.mark.parametrize("body", ['{"name":"a"}', '{"create_spec":{"name":"a"}}'])
def test_a_body_that_is_a_parameter_may_be_bare_under_rest(body: str) -> None:
    assert answer("POST", "/rest/sample/box", body) == "a|None"


def test_the_client_token_is_in_a_header_under_rest_too() -> None:
    assert answer("POST", "/rest/sample/box", '{"name":"a"}', {"client-token": "t"}) == "a|t"


def test_a_bare_body_is_not_taken_at_the_address_of_a_service() -> None:
    response = at_once(Client().send("POST", "/rest/com/vmware/sample/box", '{"name":"a"}'))
    assert error_type(response) == "INVALID_ARGUMENT"
