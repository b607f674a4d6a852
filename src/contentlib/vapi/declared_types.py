"""Finds the structures, enumerations and errors that operations take, answer or raise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contentlib.vapi.declare import Operation
from contentlib.vapi.errors import VapiError
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import ENUMERATION_NAMES, Enumeration, Structure, Type, fields_of, type_of


@dataclass(frozen=True, slots=True)
class DeclaredTypes:
    """Structures, enumerations and errors by their canonical names."""

    structures: dict[str, type[Structure]] = field(default_factory=dict)
    enumerations: dict[str, type[Enumeration]] = field(default_factory=dict)
    errors: dict[str, type[VapiError]] = field(default_factory=dict)

    @property
    def names(self) -> Mapping[str, object]:
        """All of them."""
        return {**self.structures, **self.enumerations, **self.errors}

    def add(self, operation: Operation) -> None:
        """Adds the types of an operation."""
        for error in (*operation.errors, *operation.beside):
            self.errors[f"com.vmware.vapi.std.errors.{error.name}"] = error
            self.add_type(type_of(LocalizableMessage))
        for each in (operation.output, *(parameter.type for parameter in operation.parameters)):
            self.add_type(each)

    def add_type(self, declared: Type | None) -> None:
        """Adds a type and all that it is made of."""
        if declared is None:
            return
        if declared.kind == "enumeration":
            self.enumerations[ENUMERATION_NAMES[declared.python]] = declared.python
        elif declared.kind == "structure" and declared.python.vapi_name not in self.structures:
            self.structures[declared.python.vapi_name] = declared.python
            for each in fields_of(declared.python):
                self.add_type(each.type)
        self.add_type(declared.of)
        self.add_type(declared.key)


def types_of(operations: Iterable[Operation]) -> DeclaredTypes:
    """The types of operations."""
    found = DeclaredTypes()
    for each in operations:
        found.add(each)
    return found
