"""Converts a client's input to values by walking the declared type; each wire form defines its representation.

Paths in messages are dotted, with positions from 1: `create_spec.error_message.args.1`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from contentlib.vapi.errors import InvalidArgument, InvalidRequest
from contentlib.vapi.types import Field, Type, fields_of, holds_map
from contentlib.wire import messages
from contentlib.wire.text import missing_field

Raw = TypeVar("Raw")


class ValueReader(ABC, Generic[Raw]):
    """Reads values of declared types. Subclasses define the representation of structures, lists, maps and scalars."""

    @abstractmethod
    def fields(self, raw: Raw, declared: Type, path: str) -> Mapping[str, Raw]:
        """The fields of a structure as they were written; unknown ones may be among them."""

    @abstractmethod
    def items(self, raw: Raw, declared: Type, path: str) -> Iterable[Raw]:
        """The elements of a list or set."""

    @abstractmethod
    def entries(self, raw: Raw, declared: Type, path: str) -> Iterable[tuple[Raw, Raw]]:
        """The keys and values of a map."""

    @abstractmethod
    def scalar(self, raw: Raw, declared: Type, path: str) -> Any:
        """A value that has no parts."""

    def present(self, raw: Raw) -> Raw | None:
        """Returns the content of an optional, or None if it is unset."""
        return raw

    def given(self, parameters: Iterable[Field], raw: Mapping[str, Raw], prefix: str = "") -> dict[str, Any]:
        """The parameters that are there, read; unknown members are ignored, as upstream does."""
        return {
            field.name: self.read(raw[field.name], field.type, prefix + field.name) for field in parameters if field.name in raw
        }

    def read(self, raw: Raw, declared: Type, path: str) -> Any:
        """Reads a value of a declared type from `raw`. Raises InvalidArgument if it does not match."""
        match declared.kind:
            case "optional":
                inner = self.present(raw)
                return None if inner is None else self.read(inner, part(declared.of), path)
            case "structure":
                return self._structure(raw, declared, path)
            case "list":
                return self._list(raw, declared, path)
            case "set":
                return set(self._list(raw, declared, path))
            case "map":
                return self._map(raw, declared, path)
        return self.scalar(raw, declared, path)

    def _structure(self, raw: Raw, declared: Type, path: str) -> Any:
        known = fields_of(declared.python)
        return declared.python(**complete(known, self.given(known, self.fields(raw, declared, path), path + "."), path + "."))

    def _list(self, raw: Raw, declared: Type, path: str) -> list[Any]:
        of = part(declared.of)
        return [self.read(item, of, f"{path}.{n}") for n, item in enumerate(self.items(raw, declared, path), 1)]

    def _map(self, raw: Raw, declared: Type, path: str) -> dict[Any, Any]:
        key_type, value_type = part(declared.key), part(declared.of)
        found: dict[Any, Any] = {}
        for n, (key, value) in enumerate(self.entries(raw, declared, path), 1):
            name = self.read(key, key_type, f"{path}.{n}.key")
            if name in found:
                raise InvalidArgument(messages.DUPLICATE_KEY(field=f"{path}.{n}.key"))
            found[name] = self.read(value, value_type, f"{path}.{n}.value")
        return found


@contextmanager
def shallow() -> Iterator[None]:
    """Around a walk: a body that goes deeper than the interpreter does is an invalid_request."""
    try:
        yield
    except RecursionError as error:
        raise too_deep() from error


def too_deep() -> InvalidRequest:
    """The error for a body whose parts stand in one another without end."""
    return InvalidRequest(messages.TOO_DEEP())


def complete(fields: Iterable[Field], values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The values with None for each unset optional; invalid_argument for a required one that is not there."""
    for field in fields:
        if field.name not in values:
            if field.required:
                raise missing_field(prefix + field.name)
            values[field.name] = None
    return values


def part(declared: Type | None) -> Type:
    """The type inside a list, set, map or optional, which always have one."""
    if declared is None:
        raise TypeError("a list, set, map or optional without its element type")
    return declared


def reaches_map(declared: Type | None) -> bool:
    """Whether a map can occur in a value of the type."""
    if declared is None:
        return False
    if declared.kind == "structure":
        return holds_map(declared.python)
    return declared.kind in ("map", "any") or reaches_map(declared.of)
