"""Compares values with their declared types: unions in requests, and whole results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from contentlib.messages import Fault
from contentlib.vapi import messages
from contentlib.vapi.errors import VapiError
from contentlib.vapi.types import DateTime, Structure, Type, Typed, fields_of
from contentlib.vapi.unions import TaggedUnion


def union_flaw(value: Any, declared: Type, path: str) -> Fault | None:
    """The first field of a value of the right type that breaks a union."""
    if value is None or not reaches_union(declared):
        return None
    return next(_union_flaws(value, declared, path), None)


def flaw(value: Any, declared: Type, path: str) -> Fault | None:
    """The first difference between a value and its declared type."""
    return next(_flaws(value, declared, path), None)


@cache
def reaches_union(declared: Type) -> bool:
    """Whether a structure with a union that requests must keep can occur in a value of the type."""
    return any(not union.only_answered for structure in _structures(declared) for union in structure.unions)


@cache
def reaches_any(declared: Type) -> bool:
    """Whether a value of a type that is known only at run time can occur in a value of the type."""
    fields = (field.type for structure in _structures(declared) for field in fields_of(structure))
    return any(node.kind == "any" for each in (declared, *fields) for node in _nodes(each))


def _structures(declared: Type) -> set[type[Structure]]:
    """The structures that can occur in a value of the type. One may contain itself."""
    found: set[type[Structure]] = set()
    pending = {node.python for node in _nodes(declared) if node.kind == "structure"}
    while pending:
        found |= pending
        pending = {inner for each in pending for inner in _parts_of(each)} - found
    return found


@cache
def _parts_of(structure: type[Structure]) -> frozenset[type[Structure]]:
    """The structures of its fields."""
    return frozenset(node.python for field in fields_of(structure) for node in _nodes(field.type) if node.kind == "structure")


def _nodes(declared: Type) -> Iterator[Type]:
    """The type and all types that it is written with."""
    yield declared
    for each in (declared.of, declared.key):
        if each is not None:
            yield from _nodes(each)


def _union_flaws(value: Any, declared: Type, path: str) -> Iterator[Fault]:
    if declared.kind == "structure":
        yield from _broken(value, path, (union for union in value.unions if not union.only_answered))
    for each, of, where in _parts(value, declared, path):
        if each is not None and reaches_union(of):
            yield from _union_flaws(each, of, where)


def _broken(structure: Any, path: str, unions: Iterable[TaggedUnion]) -> Iterator[Fault]:
    for union in unions:
        yield from union.violations(structure, path)


def _parts(value: Any, declared: Type, path: str) -> Iterator[tuple[Any, Type, str]]:
    """The values inside a value, with their types and paths."""
    of, key = declared.of or _VOID, declared.key or _VOID
    match declared.kind:
        case "optional" if value is not None:
            yield value, of, path
        case "list" | "set":
            yield from ((each, of, f"{path}.{n}") for n, each in enumerate(value, 1))
        case "map":
            for n, (name, each) in enumerate(value.items(), 1):
                yield name, key, f"{path}.{n}.key"
                yield each, of, f"{path}.{n}.value"
        case "structure":
            for field in fields_of(declared.python):
                yield getattr(value, field.name), field.type, f"{path}.{field.name}"
        case "any" if isinstance(value, Typed):
            yield value.value, value.declared, path


_VOID = Type("void")
_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "id": (str,),
    "uri": (str,),
    "secret": (str,),
    "integer": (int,),
    "double": (float, int),
    "boolean": (bool,),
    "datetime": (DateTime,),
    "binary": (bytes,),
    "list": (list, tuple),
    "set": (set, frozenset),
    "map": (dict,),
    "void": (type(None),),
    "any": (Typed, VapiError),
}


def _flaws(value: Any, declared: Type, path: str) -> Iterator[Fault]:
    if not _is_of(value, declared):
        yield messages.WRONG_TYPE(field=path, expected=str(declared), given=type(value).__name__)
        return
    if declared.kind == "structure":
        yield from _broken(value, path, value.unions)
    for each, of, where in _parts(value, declared, path):
        yield from _flaws(each, of, where)


def _is_of(value: Any, declared: Type) -> bool:
    if declared.kind == "optional":
        return True
    if isinstance(value, bool):
        return declared.kind == "boolean"
    return isinstance(value, declared.python or _PYTHON[declared.kind])
