"""The form `/rest` XML, read a second time from its description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
from lxml import etree

from conformance.contract import Operation, Type, fields_of, status_of, type_of
from conformance.decoding import REST, decoded, entries, output_of
from conformance.forms import Arguments, Form, Heard, Sent, heard_error, place_to_post, text_of

XML = "application/xml"
_ERRORS = "http://vmware.com/vapi/std/errors"
_MESSAGES = type_of("list<com.vmware.vapi.std.localizable_message>")


def camel(name: str) -> str:
    """`keep_alive` as `KeepAlive`."""
    return "".join(word.capitalize() for word in name.split("_"))


def namespace(service: str) -> str:
    """The namespace of a service."""
    return "http://vmware.com/" + service.removeprefix("com.vmware.").replace(".", "/")


class RestXml(Form):
    """`/rest` with XML in and out."""

    title = "/rest XML"

    def request(self, operation: Operation, arguments: Arguments) -> Sent:
        """Creates and updates at their own address, everything else by its action with all parameters in the document."""
        method, target, rest = place_to_post(operation, arguments)
        root = etree.Element(f"{{{namespace(operation.service)}}}{camel(operation.name)}-Input")
        for name, value in rest.items():
            _append(root, name, value, operation.parameters[name])
        return Sent(method, target, etree.tostring(root), {"content-type": XML, "accept": XML})

    def answer(self, operation: Operation, response: httpx.Response) -> Heard:
        """The document's `value`, nothing for a void result, or an error whose root is its name."""
        assert response.headers["content-type"] == XML, response
        root = etree.fromstring(response.content)
        if response.status_code != 200:
            return _error(root, response.status_code)
        assert root.tag == f"{{{namespace(operation.service)}}}{camel(operation.name)}-Result"
        if operation.output.name == "void":
            assert len(root) == 0
            return Heard()
        (child,) = root
        assert child.tag == _tag("value", operation.output)
        result = _read(child, operation.output)
        decoded(output_of(operation), entries(result), REST)
        return Heard(result)


def _tag(name: str, declared: Type) -> str:
    kind = declared.bare().kind
    return name + {"list": "-array", "set": "-array", "map": "-map"}.get(kind, "")


def _append(parent: etree._Element, name: str, value: Any, declared: Type) -> None:
    declared = declared.bare()
    element = etree.SubElement(parent, _tag(name, declared))
    if declared.kind == "structure":
        types = fields_of(declared.name)
        for field, each in value.items():
            _append(element, field, each, types[field])
    elif declared.kind in ("list", "set"):
        for each in value:
            _append(element, "array-item", each, declared.of)  # an item that is a map is named `array-item-map`
    else:
        element.text = text_of(value)


def _read(element: etree._Element, declared: Type) -> Any:
    declared = declared.bare()
    match declared.kind:
        case "structure":
            return dict(_fields(element, declared.name))
        case "list" | "set":
            return [_read(each, declared.of) for each in _named(element, _tag("array-item", declared.of))]
        case "map":
            return [_entry(each, declared) for each in _named(element, "map-entry")]
        case "anyerror":
            error_type, messages = element
            assert (error_type.tag, messages.tag) == ("error_type", "messages-array")
            return {"error_type": error_type.text, "messages": _read(messages, _MESSAGES)}
        case "integer":
            return int(element.text or "")
        case "boolean":
            return {"true": True, "false": False}[element.text or ""]
        case "opaque" if len(element):
            return dict(_untyped(element))
    assert len(element) == 0, f"{element.tag} holds elements where a text is declared"
    return element.text or ""


def _untyped(element: etree._Element) -> Iterator[tuple[str, Any]]:
    """The fields of a structure of a type that the answer does not name, as texts."""
    for child in element:
        name = str(child.tag)
        if name.endswith("-array"):
            yield name.removesuffix("-array"), [dict(_untyped(each)) if len(each) else each.text for each in child]
        else:
            yield name, child.text or ""


def _fields(element: etree._Element, structure: str) -> Iterator[tuple[str, Any]]:
    by_tag = {_tag(name, declared): (name, declared) for name, declared in fields_of(structure).items()}
    for child in element:
        assert child.tag in by_tag, f"{structure} has no element {child.tag}"
        name, declared = by_tag[str(child.tag)]
        yield name, _read(child, declared)


def _named(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    for child in element:
        assert child.tag == tag, f"{child.tag} where {tag} is due"
        yield child


def _entry(element: etree._Element, declared: Type) -> tuple[Any, Any]:
    key, value = element
    assert (key.tag, value.tag) == ("key", _tag("value", declared.of))
    return _read(key, declared.arguments[0]), _read(value, declared.of)


def _error(root: etree._Element, status: int) -> Heard:
    error_type, messages = root.findtext("error_type"), root.find("messages-array")
    assert error_type is not None
    assert messages is not None
    name = error_type.lower()
    assert root.tag == f"{{{_ERRORS}}}{camel(name)}"
    assert status == status_of(name, "rest")
    return heard_error(name, {"error_type": error_type, "messages": _read(messages, _MESSAGES)})
