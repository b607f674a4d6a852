from __future__ import annotations

import json
from typing import Any

import pytest

from wire.client import Client, at_once, error_type, said

FORMS = {
    "rest": ("/rest/com/vmware/sample/value-kind?~action={}", "value"),
    "api": ("/api/sample/value-kind?action={}", None),
}


def sent(form: str, kind: str, body: str | bytes) -> tuple[int, Any]:
    """The status, and the value or the message of the answer."""
    target, member = FORMS[form]
    client = Client()
    response = at_once(client.send("POST", target.format(kind.replace("_", "-")), body))
    assert client.failures == []
    if response.status != 200:
        return response.status, said(response)
    value = json.loads(response.body)
    return 200, value[member] if member else value


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("string", "5", "value must be a string, not an integer"),
        ("string", "null", "value must be a string, not null"),
        ("secret", "5", "value must be a string, not an integer"),
        ("integer", "9223372036854775808", "value must be an integer of 64 bits, not 9223372036854775808"),
        ("integer", "-9223372036854775809", "value must be an integer of 64 bits, not -9223372036854775809"),
        ("integer", "1e19", "value must be an integer of 64 bits, not a fraction"),
        ("integer", "5.5", "value must be an integer of 64 bits, not a fraction"),
        ("integer", "true", "value must be an integer of 64 bits, not a boolean"),
        ("integer", '"5"', "value must be an integer of 64 bits, not '5'"),
        ("double", "9" * 400, "value must be a number, not an integer"),
        ("boolean", "1", "value must be true or false, not an integer"),
        ("binary", '"QUI"', "value must be base64, not 'QUI'"),
        ("datetime", '"2015-13-01T00:00:00Z"', "value must be an ISO 8601 date and time, not '2015-13-01T00:00:00Z'"),
        ("datetime", '"0001-01-01T00:00:00+01:00"', "value must be an ISO 8601 date and time, not '0001-01-01T00:00:00+01:00'"),
        ("enumeration", '"PINK"', "value must be one of RED, DARK_BLUE, not 'PINK'"),
        ("structure", "[]", "value must be a structure (com.vmware.sample.point), not an array"),
        ("structure", "{}", "value.x is required"),
        ("list", "{}", "value must be a list (list<string>), not an object"),
        ("list", '["a",null]', "value.2 must be a string, not null"),
        (
            "nested",
            '{"start":{"x":1},"between":[{"x":1},{"x":"a"}]}',
            "value.between.2.x must be an integer of 64 bits, not 'a'",
        ),
        ("map", '[{"key":"a"}]', 'value.1 must be an entry {"key": …, "value": …}'),
        ("map", '[{"key":"a","value":{"x":1}},{"key":"a","value":{"x":1}}]', "value.2.key is a duplicate map key"),
        ("enumeration_map", '{"PINK":1}', "value.1.key must be one of RED, DARK_BLUE, not 'PINK'"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_path(form: str, kind: str, value: str, message: str) -> None:
    assert sent(form, kind, f'{{"value":{value}}}') == (400, message)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "body",
    [
        b'{"value":"\\ud800"}',
        b'{"value":"\\udc00\\ud800"}',
        b'{"value":"\xed\xa0\x80"}',
        b'{"value":"\xff"}',
        b'{"value":NaN}',
        b'{"value":-Infinity}',
        b'{"value":1e400}',
        b'{"value":' + b"9" * 5000 + b"}",
        b'{"value":"a"} {}',
        b'{"value":"a",}',
        b"{'value':'a'}",
        b" ",
        b"\x00",
        '{"value":"a"}'.encode("utf-16"),
    ],
)
def test_what_is_not_json_is_an_invalid_request(form: str, body: bytes) -> None:
    status, message = sent(form, "string", body)
    assert status == 400
    assert message.startswith("request body is not valid JSON: ")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("depth", [10_000, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"x":', "}")])
def test_json_in_json_without_end_is_refused(form: str, depth: int, opening: str, closing: str) -> None:
    deep = opening * depth + "1" + closing * depth
    assert sent(form, "structure", f'{{"value":{deep}}}') == (400, "request body is nested too deeply")
    assert sent(form, "structure", f'{{"value":{{"x":1,"unknown":{deep}}}}}') == (400, "request body is nested too deeply")


@pytest.mark.parametrize("form", FORMS)
def test_a_structure_in_a_structure_without_end_is_refused(form: str) -> None:
    deep = '{"name":"a","below":' * 5000 + "{}" + "}" * 5000
    assert sent(form, "everything", f'{{"value":{{"tree":{deep}}}}}') == (400, "request body is nested too deeply")


@pytest.mark.parametrize("form", FORMS)
def test_a_byte_order_mark_is_ignored(form: str) -> None:
    assert sent(form, "string", b'\xef\xbb\xbf{"value":"a"}') == (200, "a")


@pytest.mark.parametrize("form", FORMS)
def test_of_two_members_with_one_name_the_last_counts(form: str) -> None:
    assert sent(form, "string", '{"value":"a","value":"b"}') == (200, "b")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("body", ["[]", "null", "5", '"value"'])
def test_a_body_that_is_no_object_is_an_invalid_request(form: str, body: str) -> None:
    status, message = sent(form, "string", body)
    assert status == 400
    assert message.startswith("request body must be a JSON object, not ")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("text", ["a\x00b", "\u2028", "\U0010ffff", "../../etc/passwd", "a/b", "x" * 300])
def test_any_text_passes_through(form: str, text: str) -> None:
    assert sent(form, "string", json.dumps({"value": text})) == (200, text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("written", ["7.0", "7e0", "0.7e1"])
def test_a_number_without_a_fraction_is_an_integer_however_it_is_written(form: str, written: str) -> None:
    assert sent(form, "integer", f'{{"value":{written}}}') == (200, 7)


def test_elements_of_a_set_count_once() -> None:
    assert sent("rest", "set", '{"value":["RED","RED"]}') == (200, ["RED"])


def test_fields_keep_their_order_also_beside_a_map() -> None:
    body = b'{"value":{"named":{"a":{"x":1}},"start":{"label":"a","x":1}}}'
    response = at_once(Client().send("POST", FORMS["rest"][0].format("nested"), body))
    assert response.body == b'{"value":{"start":{"x":1,"label":"a"},"named":[{"key":"a","value":{"x":1}}]}}'


def test_a_secret_of_a_wrong_type_is_not_repeated() -> None:
    response = at_once(Client().send("POST", FORMS["rest"][0].format("secret"), '{"value":["tr0ub4dor"]}'))
    assert error_type(response) == "INVALID_ARGUMENT"
    assert b"tr0ub4dor" not in response.body
