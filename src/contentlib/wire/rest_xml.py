"""Implements the form `/rest` in XML: elements by declared type, hardened parsing, the layout of VMware's samples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from contentlib import safe_xml
from contentlib.safe_xml import local
from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import InvalidArgument, InvalidRequest, VapiError
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import Field, Type, Typed, fields_of
from contentlib.wire import messages
from contentlib.wire.text import quoted, scalar, text_of, wrong
from contentlib.wire.walk import ValueReader, part, shallow

_ERRORS = "http://vmware.com/vapi/std/errors"
_HEAD = '<?xml version="1.0" ?>\n'
_INSTANCE = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SUFFIXES = {"list": "-array", "set": "-array", "map": "-map"}
_MESSAGES = Type("list", of=Type("structure", python=LocalizableMessage))
_STRING = Type("string")


def namespace(service: str) -> str:
    """The namespace of a service's requests and responses."""
    return "http://vmware.com/" + service.removeprefix("com.vmware.").replace(".", "/")


def camel(name: str) -> str:
    """An operation's or error's name in camel case with a capital first letter."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def read(body: bytes, operation: Operation, parameters: tuple[Field, ...]) -> dict[str, Any]:
    """The parameters that an XML body holds."""
    root = _parse(body)
    expected = f"{{{namespace(operation.service)}}}{camel(operation.name)}-Input"
    if root.tag != expected:
        raise InvalidRequest(messages.XML_ROOT(expected=expected, given=str(root.tag)))
    with shallow():
        return READER.given(parameters, _children(root, {field.name: field.type for field in parameters}, ""))


def _parse(body: bytes) -> etree._Element:
    try:
        return safe_xml.parse(body)
    except safe_xml.DocumentType as error:
        raise InvalidRequest(messages.XML_DOCTYPE()) from error
    except safe_xml.UnsafeXml as error:
        raise InvalidRequest(messages.XML(problem=str(error))) from error


def _children(element: etree._Element, known: Mapping[str, Type], path: str) -> dict[str, etree._Element]:
    """Returns the children that are fields, by field. Unknown ones are skipped."""
    names = {name + suffix_of(declared): name for name, declared in known.items()}
    found: dict[str, etree._Element] = {}
    for child in element:
        name = names.get(local(child))
        if name is None:
            continue
        if name in found:
            raise InvalidArgument(messages.GIVEN_TWICE(field=path + name))
        found[name] = child
    return found


def suffix_of(declared: Type) -> str:
    """Returns the part of a field's element name after the field's name."""
    if declared.kind == "optional":
        return suffix_of(part(declared.of))
    return _SUFFIXES.get(declared.kind, "")


class XmlReader(ValueReader[etree._Element]):
    """Reads elements."""

    def fields(self, raw: etree._Element, declared: Type, path: str) -> Mapping[str, etree._Element]:
        """The child elements."""
        if not len(raw) and (raw.text or "").strip():
            raise wrong(path, f"a structure ({declared})", quoted(raw.text or ""))
        return _children(raw, {field.name: field.type for field in fields_of(declared.python)}, path + ".")

    def items(self, raw: etree._Element, declared: Type, path: str) -> Iterable[etree._Element]:
        """The elements `array-item`."""
        return _only(raw, "array-item", declared, path)

    def entries(self, raw: etree._Element, declared: Type, path: str) -> Iterable[tuple[etree._Element, etree._Element]]:
        """Key and value of the elements `map-entry`."""
        known = {"key": part(declared.key), "value": part(declared.of)}
        for n, entry in enumerate(_only(raw, "map-entry", declared, path), 1):
            found = _children(entry, known, f"{path}.{n}.")
            if len(found) < len(known):
                raise InvalidArgument(messages.ENTRY_INCOMPLETE(field=f"{path}.{n}"))
            yield found["key"], found["value"]

    def scalar(self, raw: etree._Element, declared: Type, path: str) -> Any:
        """The text of the element."""
        if len(raw):
            raise wrong(path, declared, f"an element with the child {quoted(local(raw[0]))}")
        return scalar(declared, raw.text or "", path)


def _only(raw: etree._Element, name: str, declared: Type, path: str) -> list[etree._Element]:
    if not len(raw) and (raw.text or "").strip():
        raise wrong(path, f"a {declared.kind} of elements {name}", quoted(raw.text or ""))
    for child in raw:
        if local(child) not in (name, name + suffix_of(part(declared.of))):
            raise wrong(path, f"a {declared.kind} of elements {name}", f"one with {quoted(local(child))}")
    return list(raw)


READER = XmlReader()


def result(operation: Operation, value: Any) -> bytes:
    """The response to an operation."""
    lines: list[str] = []
    if operation.output.kind != "void":
        _write(lines, "value", operation.output, value, "  ")
    return _document(namespace(operation.service), camel(operation.name) + "-Result", lines)


def error(failure: VapiError) -> bytes:
    """The response that an error is."""
    lines: list[str] = []
    for name, declared, value in _error(failure):
        _write(lines, name, declared, value, "  ")
    if failure.challenge is not None:
        _write(lines, "challenge", _STRING, failure.challenge, "  ")
    return _document(_ERRORS, camel(failure.name), lines)


def _document(space: str, name: str, lines: list[str]) -> bytes:
    opening = f'{_HEAD}<ns0:{name} xmlns:ns0="{space}" {_INSTANCE}'
    if not lines:
        return f"{opening}/>\n".encode()
    return "\n".join([f"{opening}>", *lines, f"</ns0:{name}>\n"]).encode()


def _write(lines: list[str], name: str, declared: Type, value: Any, indent: str) -> None:
    """Appends the lines of an element; none for an unset optional."""
    while declared.kind == "optional" or isinstance(value, Typed):
        if value is None:
            return
        declared, value = (value.declared, value.value) if isinstance(value, Typed) else (part(declared.of), value)
    tag = name + _SUFFIXES.get(declared.kind, "")
    parts = _parts(declared, value)
    if parts is None:
        text = escape(_ILLEGAL.sub("\ufffd", text_of(value))).replace("\r", "&#13;")
        lines.append(f"{indent}<{tag}>{text}</{tag}>" if text else f"{indent}<{tag}/>")
        return
    start = len(lines)
    for part_name, part_type, part_value in parts:
        _write(lines, part_name, part_type, part_value, indent + "  ")
    if len(lines) == start:
        lines.append(f"{indent}<{tag}/>")
    else:
        lines.insert(start, f"{indent}<{tag}>")
        lines.append(f"{indent}</{tag}>")


Parts = Iterable[tuple[str, Type, Any]]


def _parts(declared: Type, value: Any) -> Parts | None:
    """Returns the child elements of an element, or None if it contains text."""
    if isinstance(value, VapiError):  # a value of any type may be one
        return _error(value)
    made = _PARTS.get(declared.kind)
    return None if made is None else made(declared, value)


def _error(failure: VapiError) -> Parts:
    return (("error_type", _STRING, failure.error_type), ("messages", _MESSAGES, failure.messages))


def _fields(declared: Type, value: Any) -> Parts:
    return ((field.name, field.type, getattr(value, field.name)) for field in fields_of(declared.python))


def _items(declared: Type, value: Any) -> Parts:
    return (("array-item", part(declared.of), item) for item in value)


def _sorted_items(declared: Type, value: Any) -> Parts:
    return (("array-item", part(declared.of), item) for item in sorted(value))


def _entries(declared: Type, value: Any) -> Parts:
    for key in sorted(value):
        yield "map-entry", _ENTRY, (declared, key, value[key])


def _entry(_: Type, value: Any) -> Parts:
    declared, key, item = value
    return (("key", part(declared.key), key), ("value", part(declared.of), item))


_ENTRY = Type("map-entry")
_PARTS = {"structure": _fields, "list": _items, "set": _sorted_items, "map": _entries, "map-entry": _entry}
