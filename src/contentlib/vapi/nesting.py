"""Finds what each type is declared inside of: a structure, a service, or only a package.

The name of a type begins with that of what it is declared in. Some names are those of a service and of a package; a type of
such a name is the service's own if neither other services nor types of packages use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contentlib.vapi.catalogue import Catalogue, package_of
from contentlib.vapi.declared_types import DeclaredTypes, types_of
from contentlib.vapi.types import Structure, Type, fields_of


def outer_names(catalogue: Catalogue, types: DeclaredTypes) -> dict[str, str | None]:
    """The structure or service that each type is declared in, by the type's name; None for those of packages."""
    users = {service: types_of(catalogue.operations(service).values()) for service in catalogue.all()}
    found = {name: _outer(name, types, users) for name in types.names}
    waiting = [name for name, outer in found.items() if outer is None]
    while waiting:
        structure = types.structures.get(waiting.pop())
        for each in () if structure is None else _used_by(structure):
            if found[each] in users and _is_package(package_of(each), users):
                found[each] = None
                waiting.append(each)
    return found


def _outer(name: str, types: DeclaredTypes, users: Mapping[str, DeclaredTypes]) -> str | None:
    outer = package_of(name)
    if outer in types.structures or outer in types.errors:
        return outer
    if outer not in users:
        return None
    alone = [service for service, used in users.items() if name in used.structures or name in used.enumerations] == [outer]
    return outer if alone or not _is_package(outer, users) else None


def _is_package(name: str, users: Mapping[str, DeclaredTypes]) -> bool:
    return any(package_of(service) == name for service in users)


def _used_by(structure: type[Structure]) -> Iterator[str]:
    """The names of the types of a structure's fields."""
    for field in fields_of(structure):
        yield from _named(field.type)


def _named(declared: Type | None) -> Iterator[str]:
    if declared is not None:
        if declared.kind in ("structure", "enumeration"):
            yield str(declared)
        yield from _named(declared.of)
        yield from _named(declared.key)
