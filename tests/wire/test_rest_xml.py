from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from wire.client import Client, Pieces, at_once

NS = "http://vmware.com/sample/value_kind"
XML = {"content-type": "application/xml"}
BOMB = '<!DOCTYPE a [<!ENTITY a0 "aaaaaaaaaa">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
ENDS = "]>"


def document(operation: str, inside: str, prolog: str = "") -> str:
    return f'{prolog}<n:{operation}-Input xmlns:n="{NS}">{inside}</n:{operation}-Input>'


def told(action: str, body: str | bytes, content_type: str = "application/xml") -> tuple[int, str]:
    """The status, and the value or the message of the answer."""
    client = Client()
    headers = {"content-type": content_type, "accept": "application/xml"}
    response = at_once(client.send("POST", f"/rest/com/vmware/sample/value-kind?~action={action}", body, headers))
    assert client.failures == []
    root = etree.fromstring(response.body)
    text = root.findtext("value" if response.status == 200 else "messages-array/array-item/default_message")
    return response.status, text or ""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "iso-8859-1"])
def test_a_document_is_read_in_the_encoding_that_it_names(encoding: str) -> None:
    prolog = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    assert told("string", document("String", "<value>ü</value>", prolog).encode(encoding)) == (200, "ü")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32", "utf-7"])
@pytest.mark.parametrize(
    "declaration",
    [
        "<!DOCTYPE a>",
        BOMB + ENDS,
        '<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://192.0.2.1/a.dtd"> %p;]>',
    ],
)
def test_a_document_type_declaration_is_refused_in_any_encoding(encoding: str, declaration: str) -> None:
    prolog = f'<?xml version="1.0" encoding="{encoding}"?><!-- before -->{declaration}'
    body = document("String", '<value b="&a9;">x</value>', prolog).encode(encoding)
    assert told("string", body) == (400, "XML with a DOCTYPE is not accepted")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE a SYSTEM "{uri}">',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "{uri}"> %p;]>',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "{uri}">]>',
    ],
)
def test_no_file_is_read_for_a_document(tmp_path: Path, encoding: str, declaration: str) -> None:
    (tmp_path / "secret.txt").write_text("not <markup")
    prolog = declaration.format(uri=(tmp_path / "secret.txt").as_uri())
    status, text = told("string", document("String", "<value>&e;</value>", prolog).encode(encoding))
    assert status == 400
    assert "secret" not in text


def test_text_that_looks_like_a_declaration_is_text() -> None:
    assert told("string", document("String", "<value><![CDATA[<!DOCTYPE a>]]></value>")) == (200, "<!DOCTYPE a>")


@pytest.mark.parametrize(
    "inside",
    [
        "<value>&nope;</value>",
        "<value>a\x00b</value>",
        "<value>&#0;</value>",
        "<value>&#xd800;</value>",
        "<value>" + "<a>" * 100_000 + "</a>" * 100_000 + "</value>",
        "<" + "a" * 200_000 + "/>",
        "<value",
    ],
)
def test_what_is_not_xml_is_an_invalid_request(inside: str) -> None:
    status, text = told("string", document("String", inside))
    assert status == 400
    assert text.startswith("invalid XML body: ")


def test_an_error_of_the_parser_stands_on_one_line() -> None:
    assert "\n" not in told("string", "<a>\n<b>\x00</a>")[1]


def test_a_structure_in_a_structure_without_end_is_refused() -> None:
    inside = "<value><tree><name>a</name>" + "<below><name>a</name>" * 240 + "</below>" * 240 + "</tree></value>"
    assert told("everything", document("Everything", inside)) == (400, "request body is nested too deeply")


def test_very_many_attributes_and_namespaces_are_ignored() -> None:
    many = " ".join(f'a{n}="" xmlns:n{n}="u{n}"' for n in range(10_000))
    assert told("string", document("String", f"<value {many}>x</value>")) == (200, "x")


def test_comments_and_instructions_are_ignored() -> None:
    assert told("string", document("String", "<!-- a --><value>a<!-- b -->b<?c d?>c</value>")) == (200, "abc")


@pytest.mark.parametrize(
    ("action", "inside", "message"),
    [
        ("string", "<value>a</value><value>b</value>", "value is given more than once"),
        ("string", "<value><a/></value>", "value must be string, not an element with the child 'a'"),
        ("string", "", "value is required"),
        ("structure", "<value>a</value>", "value must be a structure (com.vmware.sample.point), not 'a'"),
        ("structure", "<value/>", "value.x is required"),
        ("structure", "<value><x>many</x></value>", "value.x must be an integer of 64 bits, not 'many'"),
        ("structure", "<value><x>9223372036854775808</x></value>", "value.x must be an integer of 64 bits, not '92"),
        ("list", "<value-array>a</value-array>", "value must be a list of elements array-item, not 'a'"),
        ("list", "<value-array><item>a</item></value-array>", "value must be a list of elements array-item, not one with"),
        ("list", "<value>a</value>", "value is required"),
        ("map", "<value-map><map-entry><key>a</key></map-entry></value-map>", "value.1 must have a key and a value"),
        (
            "set",
            "<value-array><array-item>RED</array-item><array-item>PINK</array-item></value-array>",
            "value.2 must be one of",
        ),
        (
            "nested",
            "<value><start><x>1</x></start><between-array><array-item/></between-array></value>",
            "value.between.1.x is",
        ),
    ],
)
def test_what_does_not_fit_the_declaration_is_named_by_its_path(action: str, inside: str, message: str) -> None:
    operation = action.capitalize()
    status, text = told(action, document(operation, inside))
    assert status == 400
    assert text.startswith(message)


@pytest.mark.parametrize("root", ["String-Input", "{http://vmware.com/other}String-Input", f"{{{NS}}}Strings-Input"])
def test_another_root_element_is_an_invalid_request(root: str) -> None:
    status, text = told("string", etree.tostring(etree.Element(root)))
    assert status == 400
    assert text.startswith(f"root element must be {{{NS}}}String-Input, not ")


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    response = at_once(
        Client().send(
            "POST",
            "/rest/com/vmware/sample/value-kind?~action=string",
            '{"value":"a\\u0000\\uffff\\rb"}',
            {"accept": "text/xml"},
        )
    )
    assert etree.fromstring(response.body).findtext("value") == "a\ufffd\ufffd\rb"


def test_a_body_in_pieces_is_read() -> None:
    body = document("String", "<value>abc</value>").encode()
    pieces = Pieces(*(body[n : n + 7] for n in range(0, len(body), 7)))
    response = at_once(Client().send("POST", "/rest/com/vmware/sample/value-kind?~action=string", pieces, XML))
    assert response.body == b'{"value":"abc"}'


def test_parameters_may_stand_in_the_query_beside_an_xml_body() -> None:
    body = '<n:Publish-Input xmlns:n="http://vmware.com/sample/box"><force>true</force></n:Publish-Input>'
    target = "/rest/com/vmware/sample/box/id:7?~action=publish&targets.1.x=1"
    assert at_once(Client().send("POST", target, body, XML)).body == b'{"value":"7|true|1"}'.replace(b"true", b"True")
