from __future__ import annotations

import json
from typing import Any

import pytest

from wire.client import Client, at_once, said


def sent(kind: str, query: str) -> tuple[int, Any]:
    """The status, and the value or the message of the answer."""
    client = Client()
    action = kind.replace("_", "-")
    response = at_once(client.send("POST", f"/rest/com/vmware/sample/value-kind?~action={action}&{query}"))
    assert client.failures == []
    return response.status, json.loads(response.body)["value"] if response.status == 200 else said(response)


@pytest.mark.parametrize(
    ("kind", "query", "value"),
    [
        ("string", "value=a+b%20c", "a b c"),
        ("string", "value=a&other=b&other.x=c", "a"),
        ("string", "other&value=a&", "a"),
        ("string", "v%61lue=a", "a"),
        ("string", "value=a;b", "a;b"),
        ("string", "value=a=b", "a=b"),
        ("boolean", "value=TRUE", True),
        ("integer", "value=%2B7", 7),
        ("double", "value=-.5e1", -5.0),
        ("list", "value=a", ["a"]),
        ("list", "value.2=b&value.1=a", ["a", "b"]),
        ("list", "value.1=a&value.10=j&" + "&".join(f"value.{n}=x" for n in range(2, 10)), ["a", *"xxxxxxxx", "j"]),
        ("set", "value=RED&value=RED", ["RED"]),
        ("map", "value.1.key=a&value.1.value.x=1", [{"key": "a", "value": {"x": 1}}]),
        ("structure", "value.x=1&value.newer.y=2", {"x": 1}),
    ],
)
def test_a_query_is_read_by_the_declared_type(kind: str, query: str, value: Any) -> None:
    assert sent(kind, query) == (200, value)


@pytest.mark.parametrize(
    ("kind", "query", "message"),
    [
        ("string", "", "value is required"),
        ("string", "value=a&value=b", "value is given more than once"),
        ("string", "value.x=a", "value must be string, not an object with the field 'x'"),
        ("integer", "value=", "value must be an integer of 64 bits, not ''"),
        ("integer", "value=1e3", "value must be an integer of 64 bits, not '1e3'"),
        ("integer", "value=" + "9" * 5000, "value must be an integer of 64 bits, not '999"),
        ("integer", "value=%D9%A3", "value must be an integer of 64 bits, not '٣'"),
        ("double", "value=NaN", "value must be a number, not 'NaN'"),
        ("double", "value=1e400", "value must be a number, not '1e400'"),
        ("boolean", "value=1", "value must be true or false, not '1'"),
        ("binary", "value=a", "value must be base64, not 'a'"),
        ("datetime", "value=2015-02-30T00:00:00Z", "value must be an ISO 8601 date and time, not '2015-02-30T00:00:00Z'"),
        ("enumeration", "value=PINK", "value must be one of RED, DARK_BLUE, not 'PINK'"),
        ("structure", "value=1", "value must be a structure (com.vmware.sample.point), its fields as value.field, not a value"),
        ("structure", "value.label=a", "value.x is required"),
        ("nested", "value.start.x=1&value.between.1.x=a", "value.between.1.x must be an integer of 64 bits, not 'a'"),
        ("list", "value.1=a&value.3=c", "value is a list numbered from 1; position 2 is missing"),
        ("list", "value.0=a", "value is a list numbered from 1; position 1 is missing"),
        ("list", "value.1=a&value.01.x=b", "value is a list numbered from 1; position 2 is missing or 1 is duplicated"),
        ("list", "value.a=a", "value is a list; 'a' is not a position"),
        ("list", "value.1234567=a", "value is a list; '1234567' is not a position"),
        ("list", "value=a&value.1=b", "'value.1' is below 'value', which already has a value"),
        ("list", "value.1=b&value=a", "'value' has both a value and fields"),
        ("map", "value=a", "value must be a map (map<string,com.vmware.sample.point>), its entries as value.1.key"),
        ("map", "value.1.key=a", "value.1 must have a key and a value"),
        ("string", "value.1" + ".1" * 40 + "=a", "query parameter 'val"),
        ("string", "value=%FF", "cannot read the query"),
        ("string", "value=%ED%A0%80", "cannot read the query"),
        ("string", "&".join(f"a{n}=1" for n in range(1001)), "cannot read the query"),
    ],
)
def test_what_does_not_fit_the_declaration_is_named_by_its_path(kind: str, query: str, message: str) -> None:
    status, text = sent(kind, query)
    assert (status, text[: len(message)]) == (400, message)


def test_a_parameter_may_not_stand_in_the_body_and_the_query() -> None:
    target = "/rest/com/vmware/sample/value-kind?~action=string&value=a"
    assert said(at_once(Client().send("POST", target, '{"value":"b"}'))) == "value is given in both body and query"


def test_parameters_may_be_shared_between_the_body_and_the_query() -> None:
    target = "/rest/com/vmware/sample/box?client_token=t-1"
    response = at_once(Client().send("POST", target, '{"create_spec":{"name":"a"}}'))
    assert response.body == b'{"value":"a|t-1"}'


def test_the_identifier_in_the_path_goes_before_one_in_the_query() -> None:
    target = "/rest/com/vmware/sample/box/id:a?~action=publish&box_id=b&force=false"
    assert at_once(Client().send("POST", target)).body == b'{"value":"a|False|0"}'
