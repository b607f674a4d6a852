"""Compares values with their declared types: unions in requests, and whole results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from contentlib.messages import Fault
from contentlib.vapi import messages
from contentlib.vapi.errors import VapiError
from contentlib.vapi.types import DateTime, Type, Typed, fields_of
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
    unions = (union for node in _nodes(declared, set()) if node.kind == "structure" for union in node.python.unions)
    return not all(union.only_answered for union in unions)


@cache
def reaches_any(declared: Type) -> bool:
    """Whether a value of a type that is known only at run time can occur in a value of the type."""
    return any(node.kind == "any" for node in _nodes(declared, set()))


def _nodes(declared: Type | None, seen: set[Type]) -> Iterator[Type]:
    """The type and all types inside it; a structure may contain itself."""
    if declared is None or declared in seen:
        return
    seen.add(declared)
    yield declared
    fields = fields_of(declared.python) if declared.kind == "structure" else ()
    for each in (declared.of, declared.key, *(field.type for field in fields)):
        yield from _nodes(each, seen)


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
