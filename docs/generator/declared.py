"""The services that the server speaks, their operations, and the structures and enumerations that these use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from contentlib.app import services as assembled
from contentlib.services.vapi_metadata_sources import SOURCE_SERVICES
from contentlib.vapi.declare import Operation, Service, operations_of
from contentlib.vapi.types import ENUMERATION_NAMES, Enumeration, Structure, Type, fields_of

STANDARD = "com.vmware.vapi.std."

Used = type[Structure] | type[Enumeration]


def services() -> list[type[Service]]:
    """The services that are put together in `app/services.py`, by identifier."""
    named = [*vars(assembled).values(), *SOURCE_SERVICES]
    found = {
        each.vapi_id: each for each in named if isinstance(each, type) and issubclass(each, Service) and each is not Service
    }
    return [found[name] for name in sorted(found)]


def operations(service: type[Service]) -> list[Operation]:
    """The operations of a service, by name."""
    return sorted(operations_of(service), key=lambda operation: operation.name)


def name_of(used: Used) -> str:
    """The canonical name of a structure or an enumeration."""
    return used.vapi_name if issubclass(used, Structure) else ENUMERATION_NAMES[used]


def used_by(found: Iterable[Operation]) -> list[Used]:
    """The structures and enumerations that operations take and answer, by name."""
    reached: dict[str, Used] = {}
    for operation in found:
        for declared in (operation.output, *(parameter.type for parameter in operation.parameters)):
            _reach(declared, reached)
    return [reached[name] for name in sorted(reached)]


def used_in(structure: type[Structure]) -> list[Used]:
    """The structure, and those that it holds."""
    reached: dict[str, Used] = {}
    _reach(Type("structure", python=structure), reached)
    return [reached[name] for name in sorted(reached)]


def _reach(declared: Type, reached: dict[str, Used]) -> None:
    for part in _parts(declared):
        if part.kind not in ("structure", "enumeration") or name_of(part.python) in reached:
            continue
        reached[name_of(part.python)] = part.python
        if part.kind == "structure":
            for field in fields_of(part.python):
                _reach(field.type, reached)


def _parts(declared: Type | None) -> Iterator[Type]:
    if declared is not None:
        yield declared
        yield from _parts(declared.key)
        yield from _parts(declared.of)
