"""Writes values of vSphere's Web Services as XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Union

from lxml import etree

from contentlib.vapi.types import DateTime

VIM = "urn:vim25"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@dataclass(frozen=True, slots=True)
class Reference:
    """A managed object reference."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Data:
    """A data object; an unset field is left out, a list is its element repeated."""

    type: str
    fields: Mapping[str, Value | None] = field(default_factory=dict)


class Long(int):
    """An integer of 64 bits; a plain one has 32."""


class Enum(str):
    """A value of an enumeration, with the name of it."""

    __slots__ = ("type",)
    type: str

    def __new__(cls, kind: str, value: str) -> Enum:
        """Creates the value."""
        made = super().__new__(cls, value)
        made.type = kind
        return made


@dataclass(frozen=True, slots=True)
class Array:
    """A list that knows the type of its elements, even if it is empty."""

    of: str
    items: Sequence[Value] = ()


@dataclass(frozen=True, slots=True)
class Typed:
    """A value in a place where any type may stand, so that it is written with its own."""

    value: Value


Value = Union[str, bool, int, Long, Enum, DateTime, Reference, Data, Array, Typed]  # noqa: UP007 - the classes refer to it by name

Fields = Mapping[str, Value | None]

_BUILT_IN = {bool: "xsd:boolean", Long: "xsd:long", int: "xsd:int", str: "xsd:string", DateTime: "xsd:dateTime"}
_ARRAYS = {"string": "ArrayOfString", "int": "ArrayOfInt"}


def write(parent: etree._Element, name: str, value: Value | None, space: str = VIM) -> None:
    """Appends an element; none for an unset value, one per item for an array."""
    if value is None:
        return
    if isinstance(value, Array):
        for item in value.items:
            write(parent, name, item, space)
        return
    element = etree.SubElement(parent, f"{{{space}}}{name}")
    if isinstance(value, Typed):
        element.set(XSI_TYPE, type_name(value.value))
        value = value.value
    _fill(element, value, space)


def type_name(value: Value) -> str:
    """The name of a value's type."""
    if isinstance(value, Reference):
        return "ManagedObjectReference"
    if isinstance(value, Array):
        return _ARRAYS.get(value.of, f"ArrayOf{value.of}")
    if isinstance(value, Data | Enum):
        return value.type
    return _BUILT_IN[type(value)]


def _fill(element: etree._Element, value: Value, space: str) -> None:
    if isinstance(value, Reference):
        element.set("type", value.type)
        element.text = value.id
    elif isinstance(value, Data):
        for name, each in value.fields.items():
            write(element, name, each, space)
    elif isinstance(value, Array):
        write(element, value.of, value, space)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    else:
        element.text = str(value)
