from __future__ import annotations

import json

import pytest

from contentlib.wire.rest import wants_xml
from wire.client import Client, Pieces, at_once, error_type, said

BOX = "/rest/com/vmware/sample/box"


def answer(method: str, target: str, body: str | bytes | Pieces = b"", **headers: str) -> tuple[int, bytes]:
    client = Client()
    response = at_once(client.send(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()}))
    assert client.failures == []
    return response.status, response.body


@pytest.mark.parametrize(
    ("method", "target", "box"),
    [
        ("GET", f"{BOX}/id:a", "a"),
        ("GET", f"{BOX}/a", "a"),
        ("GET", f"{BOX}/id:a:b", "a:b"),
        ("GET", f"{BOX}/id:id:a", "id:a"),
        ("GET", f"{BOX}/id%3Aa%3Ab", "a:b"),
        ("GET", f"{BOX}/id:a%2Fb%20c+d", "a/b c+d"),
        ("GET", f"{BOX}/id:%C3%BC", "ü"),
        ("GET", f"{BOX}/id:..", ".."),
        ("GET", f"{BOX}/id:a%00b", "a\x00b"),
        ("GET", f"{BOX}/id:{'a' * 300}", "a" * 300),
        ("HEAD", f"{BOX}/id:a", "a"),
        ("POST", f"{BOX}/id:a?~action=get", "a"),
        ("DELETE", f"{BOX}/id:a?~action=get", "a"),
        ("PUT", f"{BOX}/id:a?%7Eaction=get", "a"),
        ("POST", f"{BOX}?~action=get&box_id=a:b", "a:b"),
        ("GET", "/rest/sample/box/a%3Ab", "a:b"),
    ],
)
def test_an_identifier_is_found_wherever_clients_put_it(method: str, target: str, box: str) -> None:
    assert answer(method, target) == (
        200,
        json.dumps({"value": {"id": box}}, ensure_ascii=False, separators=(",", ":")).encode(),
    )


@pytest.mark.parametrize("path", ["id:%FF", "%ED%A0%80", "id:%C3"])
def test_an_identifier_that_is_not_utf8_is_an_invalid_request(path: str) -> None:
    response = at_once(Client().send("GET", f"{BOX}/{path}"))
    assert (response.status, error_type(response)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/rest/com/vmware/sample"),
        ("GET", "/rest/com/vmware/sample/box/"),
        ("GET", "/rest/com/vmware/sample/box/id:a/"),
        ("GET", "/rest/com/vmware/sample/box/id:a/b"),
        ("GET", "/rest/"),
        ("POST", f"{BOX}?~action=fly"),
        ("POST", f"{BOX}/id:a?~action=fly"),
        ("POST", f"{BOX}?~action="),
        ("POST", f"{BOX}/id:a"),
        ("POST", f"{BOX}?~action=force_delete"),
        ("POST", "/rest/sample/box?~action=fly"),
        ("POST", "/rest/sample/box?action=fly"),
    ],
)
def test_where_nothing_is_the_operation_is_not_found(method: str, target: str) -> None:
    response = at_once(Client().send(method, target, b'{"create_spec":{}}'))
    assert (response.status, error_type(response)) == (404, "OPERATION_NOT_FOUND")


@pytest.mark.parametrize("body", ['{"name":"a"}', '{"create_spec":{"name":"a"}}'])
@pytest.mark.parametrize(("headers", "token"), [({"client_token": "t"}, "t"), ({}, "None")])
def test_the_addresses_of_api_below_rest_take_what_they_take_on_api(body: str, headers: dict[str, str], token: str) -> None:
    assert answer("POST", "/rest/sample/box", body, **headers) == (200, f'{{"value":"a|{token}"}}'.encode())


def test_the_old_addresses_take_no_parameters_in_headers() -> None:
    assert answer("POST", BOX, '{"create_spec":{"name":"a"}}', client_token="t") == (200, b'{"value":"a|None"}')


@pytest.mark.parametrize(
    ("method", "target", "allow"),
    [
        ("PUT", BOX, "GET, HEAD, POST"),
        ("DELETE", BOX, "GET, HEAD, POST"),
        ("PUT", f"{BOX}/id:a", "DELETE, GET, HEAD, PATCH, POST"),
        ("OPTIONS", "/rest/com/vmware/cis/session", "DELETE, GET, HEAD, POST"),
        ("PUT", "/rest/sample/box/a", "DELETE, GET, HEAD, PATCH, POST"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(method: str, target: str, allow: str) -> None:
    response = at_once(Client().send(method, target))
    assert (response.status, dict(response.headers)["allow"]) == (405, allow)
    assert error_type(response) == "OPERATION_NOT_FOUND"


@pytest.mark.parametrize("content_type", ["application/json", "application/xml"])
def test_an_empty_body_in_pieces_is_no_body(content_type: str) -> None:
    headers = {"content_type": content_type, "transfer_encoding": "chunked"}
    assert answer("POST", f"{BOX}/id:a?~action=force-delete", Pieces(), **headers) == (200, b"")


def test_a_void_result_is_an_empty_body_without_content_type() -> None:
    response = at_once(Client().send("DELETE", f"{BOX}/id:a"))
    assert (response.status, response.body, response.content_type) == (200, b"", None)


def test_the_content_type_of_json_has_nothing_beside_it() -> None:
    assert at_once(Client().send("GET", f"{BOX}/id:a")).content_type == "application/json"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/merge-patch+json", 200),
        ("application/x-www-form-urlencoded", 200),
        ("text/plain", 200),
        ("", 200),
        ("application/xml", 400),
    ],
)
def test_json_is_read_whatever_it_is_called_but_not_as_xml(content_type: str, status: int) -> None:
    assert answer("POST", BOX, '{"create_spec":{"name":"a"}}', content_type=content_type)[0] == status


@pytest.mark.parametrize("body", ["name=a", "{", "[]", "{" * 100_000])
def test_a_body_of_an_unknown_content_type_is_refused(body: str) -> None:
    response = at_once(Client().send("POST", BOX, body, {"content-type": "application/x-www-form-urlencoded"}))
    assert (response.status, error_type(response)) == (415, "INVALID_REQUEST")
    assert (
        said(response)
        == "unsupported content type 'application/x-www-form-urlencoded'; use application/json or application/xml"
    )


@pytest.mark.parametrize("headers", [{"content-length": "2097153"}, {"content-length": "9" * 5000}, {}])
def test_a_body_over_the_limit_is_refused(headers: dict[str, str]) -> None:
    pieces = Pieces(*(b" " * 65536 for _ in range(40)))
    response = at_once(Client().send("POST", BOX, pieces, headers))
    assert (response.status, error_type(response)) == (413, "INVALID_REQUEST")
    assert pieces.taken <= 33


@pytest.mark.parametrize(
    ("accept", "xml"),
    [
        (None, False),
        ("*/*", False),
        ("application/json", False),
        ("application/xml", True),
        ("text/xml", True),
        ("application/xml, application/json", True),
        ("application/json, application/xml", False),
        ("application/json;q=0.5, application/xml;q=0.6", True),
        ("text/html, application/xml;q=0.9, */*;q=0.8", True),
        ("application/xml;q=0", False),
        ("application/xml;q=nan", False),
        ("application/xml;q=x", False),
        ("application/*, text/xml;q=0.1", False),
        ("image/svg+xml, */*;q=0.1", False),
    ],
)
def test_xml_is_answered_to_those_who_would_rather_have_it(accept: str | None, xml: bool) -> None:
    assert wants_xml(accept) is xml


def test_request_and_answer_choose_their_form_each_on_its_own() -> None:
    xml = '<n:Find-Input xmlns:n="http://vmware.com/sample/box"><spec><x>7</x></spec></n:Find-Input>'
    assert answer("POST", f"{BOX}?~action=find", xml, content_type="text/xml") == (200, b'{"value":["7"]}')
    found = answer("POST", f"{BOX}?~action=find", '{"spec":{"x":7}}', accept="application/xml")
    assert b"<value-array>\n    <array-item>7</array-item>" in found[1]


def test_an_error_of_the_address_is_answered_in_the_form_that_the_client_accepts() -> None:
    assert b"<ns0:OperationNotFound " in answer("GET", "/rest/x", accept="application/xml")[1]


def test_a_void_result_in_xml_is_an_empty_root() -> None:
    assert b"<ns0:Delete-Result " in answer("DELETE", f"{BOX}/id:a", accept="application/xml")[1]
