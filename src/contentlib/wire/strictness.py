"""Rejects undeclared members of a body, for users who test their client against this server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.types import Field, Type, fields_of
from contentlib.wire import messages
from contentlib.wire.walk import part

_UPSTREAM = "vapi.invoke.invalid.input"  # as vCenter calls it


def check_members(raw: Any, known: Iterable[Field], prefix: str = "") -> None:
    """Invalid_argument where an object, or one inside it, has a member that is not declared; types are not looked at."""
    if not isinstance(raw, Mapping):
        return
    fields = {field.name: field.type for field in known}
    for name, value in raw.items():
        if name not in fields:
            field = prefix + str(name)
            unknown = (
                messages.UNKNOWN_FIELD(field=field, expected=fields) if fields else messages.UNKNOWN_FIELD_OF_NONE(field=field)
            )
            error = InvalidArgument(unknown)
            error.messages[0].id = _UPSTREAM
            raise error
        check_value(value, fields[name], prefix + name)


def check_value(raw: Any, declared: Type, path: str) -> None:
    """The same for a value of a declared type."""
    match declared.kind:
        case "optional":
            check_value(raw, part(declared.of), path)
        case "structure":
            check_members(raw, fields_of(declared.python), path + ".")
        case "list" | "set" if isinstance(raw, list):
            for n, item in enumerate(raw, 1):
                check_value(item, part(declared.of), f"{path}.{n}")
        case "map" if isinstance(raw, Mapping):
            for key, value in raw.items():
                check_value(value, part(declared.of), f"{path}.{key}")
        case "map" if isinstance(raw, list):
            for n, entry in enumerate(raw, 1):
                check_value(entry.get("value") if isinstance(entry, Mapping) else None, part(declared.of), f"{path}.{n}.value")
