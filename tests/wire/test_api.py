from __future__ import annotations

import json

import pytest

from wire.client import Client, Pieces, at_once, error_type, said

BOX = "/api/sample/box"
LIST = "com.vmware.sample.box.list"


def answer(
    method: str, target: str, body: str | bytes | Pieces = b"", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    client = Client()
    response = at_once(client.send(method, target, body, headers))
    assert client.failures == []
    return response.status, response.body


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("GET", f"{BOX}/a", "", (200, b'{"id":"a"}')),
        ("HEAD", f"{BOX}/a", "", (200, b'{"id":"a"}')),
        ("GET", f"{BOX}/id:a", "", (200, b'{"id":"id:a"}')),
        ("GET", f"{BOX}/a%2Fb%3Ac:d", "", (200, b'{"id":"a/b:c:d"}')),
        ("GET", f"{BOX}?shelf_id=s", "", (200, b'["s"]')),
        ("GET", f"{BOX}/a/label?name=x", "", (200, b'"a|x"')),
        ("GET", f"{BOX}/a/label?name=", "", (200, b'"a|"')),
        ("GET", f"{BOX}/a/label", "", (200, b'["a"]')),
        ("DELETE", f"{BOX}/a/label/x%2Fy", "", (200, b'"a|x/y"')),
        ("POST", BOX, '{"name":"a"}', (201, b'"a|None"')),
        ("POST", f"{BOX}?action=create", '{"name":"a"}', (201, b'"a|None"')),
        ("POST", f"{BOX}?action=find", '{"x":7}', (200, b'["7"]')),
        ("POST", f"{BOX}/a?action=publish", '{"force":true,"targets":[{"x":1}]}', (200, b'"a|True|1"')),
        ("POST", f"{BOX}/a?action=publish&force=false", "", (200, b'"a|False|0"')),
        ("POST", f"{BOX}/a?action=force-delete", "", (204, b"")),
        ("POST", f"{BOX}/a?~action=force-delete", "", (204, b"")),
        ("POST", f"{BOX}/a?action=force-delete", "null", (204, b"")),
        ("DELETE", f"{BOX}/a", "", (204, b"")),
        ("PATCH", f"{BOX}/a", "{}", (204, b"")),
        ("GET", "/api/sample/label?x=1&label=a&words=b&words=c", "", (200, b'["1|a","b","c"]')),
        ("GET", "/api/sample/label?filter_spec.x=1&words.1=b", "", (200, b'["1|None","b"]')),
        ("GET", "/api/sample/label", "", (200, b'["-"]')),
    ],
)
def test_a_route_leads_to_its_operation(method: str, target: str, body: str, expected: tuple[int, bytes]) -> None:
    assert answer(method, target, body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"create_spec":{"name":"a"}}', (201, b'"a|None"')),
        ('{"name":"create_spec"}', (201, b'"create_spec|None"')),
        ('{"name":"a","create_spec":{"name":"b"}}', (201, b'"a|None"')),
    ],
)
def test_a_structure_that_is_the_body_may_stand_under_its_name_alone(body: str, expected: tuple[int, bytes]) -> None:
    assert answer("POST", BOX, body) == expected


def test_what_stands_under_its_name_is_named_by_its_path_too() -> None:
    response = at_once(Client().send("PATCH", f"{BOX}/a", '{"update_spec":{"size":"big"}}'))
    assert (response.status, said(response)) == (400, "update_spec.size must be an integer of 64 bits, not 'big'")


@pytest.mark.parametrize(
    ("headers", "query", "token"),
    [
        ({}, "", "None"),
        ({"client-token": "h"}, "", "h"),
        ({}, "?client_token=q", "q"),
        ({"client-token": "h"}, "?client_token=q", "q"),
    ],
)
def test_the_client_token_is_a_header_or_in_the_query(headers: dict[str, str], query: str, token: str) -> None:
    assert answer("POST", BOX + query, '{"name":"a"}', headers) == (201, f'"a|{token}"'.encode())


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/api/"),
        ("GET", "/api/sample"),
        ("GET", f"{BOX}/"),
        ("GET", f"{BOX}//label"),
        ("GET", f"{BOX}/a/"),
        ("GET", f"{BOX}/a/label/x/y"),
        ("POST", f"{BOX}?action=fly"),
        ("POST", f"{BOX}?~action=fly"),
        ("POST", f"{BOX}/a?action=fly"),
        ("POST", f"{BOX}/a"),
        ("DELETE", f"{BOX}/a?action=force-delete"),
    ],
)
def test_where_nothing_is_the_operation_is_not_found(method: str, target: str) -> None:
    response = at_once(Client().send(method, target, b"{}"))
    assert (response.status, error_type(response)) == (404, "OPERATION_NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [("PUT", BOX, "GET, HEAD, POST"), ("GET", "/api", "POST"), ("POST", f"{BOX}/a/label/x", "DELETE")],
)
def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(method: str, target: str, allow: str) -> None:
    response = at_once(Client().send(method, target))
    assert (response.status, dict(response.headers)["allow"]) == (405, allow)


@pytest.mark.parametrize(
    ("method", "target", "body", "message"),
    [
        ("GET", BOX, "", "shelf_id is required"),
        ("POST", BOX, "", "create_spec is required"),
        ("POST", BOX, "null", "create_spec must be a structure (com.vmware.sample.box_model), not null"),
        ("POST", BOX, '{"size":"big"}', "create_spec.size must be an integer of 64 bits, not 'big'"),
        (
            "POST",
            f"{BOX}/a?action=publish&force=true",
            '{"force":true}',
            "force is given in both body and query or header",
        ),
        ("GET", "/api/sample/label?x=many", "", "filter_spec.x must be an integer of 64 bits, not 'many'"),
        ("GET", f"{BOX}?filter.shelf=s", "", f"'filter.shelf' is not a query parameter of {LIST}; allowed: shelf_id"),
        (
            "GET",
            f"{BOX}?shelf_id?shelf_id=s",
            "",
            f"'shelf_id?shelf_id' is not a query parameter of {LIST}; allowed: shelf_id",
        ),
        ("DELETE", f"{BOX}/a?force", "", "'force' is not a query parameter of com.vmware.sample.box.delete"),
    ],
)
def test_what_does_not_fit_the_declaration_is_named_by_its_path(method: str, target: str, body: str, message: str) -> None:
    response = at_once(Client().send(method, target, body))
    assert (response.status, error_type(response), said(response)) == (400, "INVALID_ARGUMENT", message)


@pytest.mark.parametrize("path", ["%FF", "%C3", "%ED%A0%80"])
def test_a_segment_that_is_not_utf8_is_an_invalid_request(path: str) -> None:
    response = at_once(Client().send("GET", f"{BOX}/{path}"))
    assert (response.status, error_type(response)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("content_type", ["application/xml", "text/csv"])
def test_a_body_of_another_content_type_is_refused(content_type: str) -> None:
    response = at_once(Client().send("POST", BOX, "<a/>", {"content-type": content_type}))
    assert (response.status, error_type(response)) == (415, "INVALID_REQUEST")


def test_an_empty_body_in_pieces_is_no_body() -> None:
    headers = {"content-type": "application/json", "transfer-encoding": "chunked"}
    assert answer("POST", f"{BOX}/a?action=force-delete", Pieces(), headers) == (204, b"")


def test_a_body_over_the_limit_is_refused() -> None:
    response = at_once(Client(limit=10).send("POST", BOX, Pieces(b"{}", b" " * 9)))
    assert (response.status, error_type(response)) == (413, "INVALID_REQUEST")


def test_the_official_sdk_may_choose_in_the_query_and_say_in_the_body() -> None:
    body = b'{"name":"x"}'
    headers = {"content-type": "application/json", "content-length": str(len(body))}
    assert answer("GET", f"{BOX}/a/label?name", body, headers) == (200, b'"a|x"')


def test_a_get_that_says_no_length_has_no_body() -> None:
    assert answer("GET", f"{BOX}/a/label", Pieces(None)) == (200, b'["a"]')


def test_an_error_is_bare() -> None:
    response = at_once(Client().send("GET", f"{BOX}/none"))
    assert json.loads(response.body)["error_type"] == "NOT_FOUND"
    assert (response.status, response.content_type) == (404, "application/json")
