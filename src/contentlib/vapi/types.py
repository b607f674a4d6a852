"""Defines the types of vAPI: built-in types, and the type tree of a declared annotation.

Knows no HTTP, library or database. A wire form walks `Type` trees and never reads annotations.
"""

from __future__ import annotations

import enum
import re
import sys
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache, total_ordering
from typing import Annotated, Any, ClassVar, TypeVar, Union

import msgspec

from contentlib.vapi.unions import TaggedUnion

Id = Annotated[str, "id"]
Uri = Annotated[str, "uri"]
Secret = Annotated[str, "secret"]
Anything = Annotated[Any, "any"]
Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]

_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?\Z", re.ASCII)


@total_ordering
class DateTime:
    """A moment in milliseconds since 1970 UTC; written `2015-01-01T22:13:05.651Z`.

    Not a dataclass: msgspec would then write it as an object.
    """

    __slots__ = ("milliseconds",)

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    @classmethod
    def parse(cls, text: str) -> DateTime:
        """Parses an ISO 8601 text; without an offset it is UTC. Raises ValueError if it is invalid."""
        if not _DATE.match(text):
            raise ValueError(f"not an ISO 8601 date and time: {text[:40]!r}")
        moment = datetime.fromisoformat(text.upper())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        milliseconds = (moment - _EPOCH) // _MILLISECOND
        if not _FIRST <= milliseconds <= _LAST:
            raise ValueError(f"date out of range: {text[:40]!r}")
        return cls(milliseconds)

    def __str__(self) -> str:
        seconds, milliseconds = divmod(self.milliseconds, 1000)
        return f"{_seconds(seconds)}.{milliseconds:03d}Z"

    def __repr__(self) -> str:
        return f"DateTime({self.milliseconds})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DateTime) and self.milliseconds == other.milliseconds

    def __lt__(self, other: DateTime) -> bool:
        return self.milliseconds < other.milliseconds

    def __hash__(self) -> int:
        return hash(self.milliseconds)


@lru_cache(maxsize=1024)  # most times in responses lie within a few seconds
def _seconds(since_epoch: int) -> str:
    return datetime.fromtimestamp(since_epoch, UTC).isoformat()[:19]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FIRST = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST = (datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC) - _EPOCH) // _MILLISECOND


class Structure(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of all vAPI structures; `vapi_name` is the canonical name. Optional fields default to None.

    `unions` say which of the optional fields belong together.
    """

    vapi_name: ClassVar[str] = ""
    unions: ClassVar[tuple[TaggedUnion, ...]] = ()


class Enumeration(enum.StrEnum):
    """Base of all vAPI enumerations; the canonical name is set by `enumeration`."""


ENUMERATION_NAMES: dict[type[Enumeration], str] = {}
Enumerated = TypeVar("Enumerated", bound=type[Enumeration])


def enumeration(vapi_name: str) -> Callable[[Enumerated], Enumerated]:
    """Sets the canonical name of an enumeration."""

    def name(python: Enumerated) -> Enumerated:
        ENUMERATION_NAMES[python] = vapi_name
        return python

    return name


@dataclass(frozen=True, slots=True)
class Type:
    """A node of a declared type.

    kind is one of string, id, uri, secret, integer, double, boolean, datetime, binary, enumeration, structure, list,
    set, map, optional, any. `of` is the element type of list, set and optional and the value type of map; `key` is the key
    type of map; `python` is the class of a structure or enumeration.
    """

    kind: str
    of: Type | None = None
    key: Type | None = None
    python: Any = None

    def __str__(self) -> str:
        match self.kind:
            case "structure":
                return str(self.python.vapi_name)
            case "enumeration":
                return ENUMERATION_NAMES.get(self.python, str(self.python.__name__))
            case "map":
                return f"map<{self.key},{self.of}>"
            case "list" | "set" | "optional":
                return f"{self.kind}<{self.of}>"
        return self.kind


class Typed:
    """A value whose type is known only at run time, with that type: the only value, beside an error, of a field of any type.

    Not a dataclass: msgspec would then write it as an object.
    """

    __slots__ = ("declared", "value")

    def __init__(self, declared: Type, value: Any) -> None:
        self.declared = declared
        self.value = value

    def __repr__(self) -> str:
        return f"Typed({self.declared}, {self.value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Typed) and (self.declared, self.value) == (other.declared, other.value)

    __hash__ = None  # type: ignore[assignment]  # its value may be a list


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a structure, or a parameter of an operation."""

    name: str
    type: Type

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.type.kind != "optional"


_BUILT_IN = {str: "string", int: "integer", float: "double", bool: "boolean", DateTime: "datetime", bytes: "binary", Any: "any"}
_CONTAINERS = {list: "list", set: "set", frozenset: "set"}


def type_of(annotation: Any) -> Type:
    """The tree of an annotation."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        base, *notes = typing.get_args(annotation)
        named = [note for note in notes if isinstance(note, str)]
        return Type(named[0]) if named else type_of(base)
    if origin in (Union, types.UnionType):
        (inner,) = (part for part in typing.get_args(annotation) if part is not type(None))
        return Type("optional", of=type_of(inner))
    if origin in _CONTAINERS:
        return Type(_CONTAINERS[origin], of=type_of(typing.get_args(annotation)[0]))
    if origin is dict:
        key, value = typing.get_args(annotation)
        return Type("map", key=type_of(key), of=type_of(value))
    if annotation in _BUILT_IN:
        return Type(_BUILT_IN[annotation])
    if isinstance(annotation, type) and issubclass(annotation, Structure):
        return Type("structure", python=annotation)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return Type("enumeration", python=annotation)
    if annotation is None or annotation is type(None):
        return Type("void")
    raise TypeError(f"{annotation!r} is not a vAPI type")


@cache
def type_named(module: str, annotation: Any) -> Type:
    """The tree of an annotation of a module, usually its text. Most are written many times, and are read once."""
    if isinstance(annotation, str):
        annotation = eval(annotation, vars(sys.modules[module]))  # noqa: S307 - of this program
    return type_of(annotation)


@cache
def fields_of(structure: type[Structure]) -> tuple[Field, ...]:
    """The fields of a structure, in the order of declaration."""
    hints: dict[str, tuple[str, Any]] = {}
    for each in reversed(structure.__mro__):
        hints |= {name: (each.__module__, hint) for name, hint in vars(each).get("__annotations__", {}).items()}
    return tuple(Field(name, type_named(*hints[name])) for name in structure.__struct_fields__)


@cache
def holds_map(structure: type[Structure]) -> bool:
    """Whether a map can occur anywhere below a structure; a value of any type may hold one."""
    return _reaches_map(Type("structure", python=structure), set())


def _reaches_map(node: Type | None, seen: set[Any]) -> bool:
    if node is None or node.kind in ("map", "any"):
        return node is not None
    if node.kind == "structure":
        if node.python in seen:
            return False
        seen.add(node.python)
        return any(_reaches_map(field.type, seen) for field in fields_of(node.python))
    return _reaches_map(node.of, seen)
