"""The contract as data: operations with their addresses and errors, types as trees. Nothing here comes from the product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from contract import bindings

_CONTRACT: dict[str, Any] = bindings.whole()
STRUCTURES: dict[str, dict[str, str]] = _CONTRACT["structures"]
ENUMERATIONS: dict[str, list[str]] = _CONTRACT["enumerations"]
ERRORS: dict[str, dict[str, Any]] = _CONTRACT["errors"]
FIELD_USE: dict[str, dict[str, dict[str, str]]] = _CONTRACT["field_use"]
SERVICES: tuple[str, ...] = tuple(_CONTRACT["services"])
"""All services."""
GENERIC = ("optional", "list", "set", "map")


@dataclass(frozen=True)
class Type:
    """A declared type: a generic one with its arguments, a structure or enumeration by its name, or a built-in one."""

    name: str
    arguments: tuple[Type, ...] = ()

    @property
    def kind(self) -> str:
        """structure, enumeration, or the name itself."""
        if self.name in STRUCTURES:
            return "structure"
        return "enumeration" if self.name in ENUMERATIONS else self.name

    @property
    def of(self) -> Type:
        """The element of an optional, a list or a set; the value of a map."""
        return self.arguments[-1]

    def bare(self) -> Type:
        """The type without being optional."""
        return self.of.bare() if self.name == "optional" else self


@cache
def type_of(text: str) -> Type:
    """The tree of the contract's notation: `optional<list<id>>`, `map<string,string>`."""
    name, bracket, rest = text.partition("<")
    if not bracket:
        return Type(name)
    assert name in GENERIC, text
    arguments, depth, begin = [], 0, 0
    inner = rest[:-1]
    for n, sign in enumerate(inner):
        depth += {"<": 1, ">": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            arguments.append(type_of(inner[begin:n].strip()))
            begin = n + 1
    return Type(name, (*arguments, type_of(inner[begin:].strip())))


@dataclass(frozen=True)
class Operation:
    """An operation of the contract."""

    service: str
    name: str
    parameters: dict[str, Type]
    output: Type
    errors: tuple[str, ...]
    api: dict[str, Any]
    rest: dict[str, Any]

    @property
    def id(self) -> str:
        """Service and operation."""
        return f"{self.service}.{self.name}"


def _operation(service: str, name: str, declared: dict[str, Any]) -> Operation:
    parameters = {parameter: type_of(text) for parameter, text in declared["parameters"].items()}
    errors = tuple(declared["errors"])
    return Operation(service, name, parameters, type_of(declared["output"]), errors, declared["api"], declared["rest"])


OPERATIONS = {
    f"{service}.{name}": _operation(service, name, declared)
    for service in SERVICES
    for name, declared in _CONTRACT["services"][service].items()
}
"""All operations by their identifiers."""


@cache
def fields_of(structure: str) -> dict[str, Type]:
    """The fields of a structure."""
    return {name: type_of(text) for name, text in STRUCTURES[structure].items()}


def always_there(structure: str, field: str) -> bool:
    """Whether a result always holds a field: it is required, or the contract says so of this field."""
    use = FIELD_USE.get(structure, {}).get(field, {}).get("result")
    return use == "always" or (use is None and fields_of(structure)[field].name != "optional")


def never_there(structure: str, field: str) -> bool:
    """Whether a result never holds a field."""
    return FIELD_USE.get(structure, {}).get(field, {}).get("result") == "absent"


def status_of(error: str, form: str) -> int:
    """The HTTP status of an error on `rest` or `api`."""
    return int(ERRORS[error]["http_status"][form])
