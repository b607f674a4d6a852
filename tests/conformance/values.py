"""Whether an answer is of its declared type: every field that must be there, the right JSON types, nothing undeclared."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from conformance.contract import ENUMERATIONS, ERRORS, Type, always_there, fields_of, never_there, type_of

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
_URI = re.compile(r"[a-z]+:[!-~]+\Z")


def check(value: Any, declared: Type, path: str = "result") -> None:
    """Fails with the path of what is not as declared; maps are lists of pairs here, whatever the form made of them."""
    kind = declared.kind
    if kind == "optional":
        assert value is not None, f"{path} is null; what is unset is left out"
        check(value, declared.of, path)
    elif kind == "structure":
        _check_structure(value, declared.name, path)
    elif kind in ("list", "set"):
        assert isinstance(value, list), f"{path} is no list: {value!r}"
        for n, each in enumerate(value):
            check(each, declared.of, f"{path}[{n}]")
    elif kind == "map":
        for n, (key, each) in enumerate(value):
            check(key, declared.arguments[0], f"{path}[{n}].key")
            check(each, declared.of, f"{path}[{n}].value")
    elif kind == "enumeration":
        assert value in ENUMERATIONS[declared.name], f"{path} is no {declared.name}: {value!r}"
    else:
        assert _SCALARS[kind](value), f"{path} is no {kind}: {value!r}"


def _check_structure(value: Any, name: str, path: str) -> None:
    assert isinstance(value, dict), f"{path} is no structure: {value!r}"
    declared = fields_of(name)
    assert value.keys() <= declared.keys(), f"{path} has undeclared fields: {value.keys() - declared.keys()}"
    missing = {field for field in declared if always_there(name, field)} - value.keys()
    assert not missing, f"{path} ({name}) lacks {missing}"
    for field, each in value.items():
        assert not never_there(name, field), f"{path}.{field} must never be told"
        check(each, declared[field], f"{path}.{field}")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_error(value: Any) -> bool:
    check(value["messages"], type_of("list<com.vmware.vapi.std.localizable_message>"), "messages")
    return value["error_type"].lower() in ERRORS and value["messages"] != []


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_SCALARS: dict[str, Callable[[Any], bool]] = {
    "anyerror": _is_error,
    "opaque": lambda value: value is not None,
    "void": lambda value: value is None,
    "string": _is_text,
    "secret": lambda value: isinstance(value, str) and len(value) >= 32,
    "id": lambda value: isinstance(value, str) and value != "",
    "uri": lambda value: isinstance(value, str) and _URI.match(value) is not None,
    "integer": _is_integer,
    "double": lambda value: isinstance(value, float) or _is_integer(value),
    "boolean": lambda value: isinstance(value, bool),
    "datetime": lambda value: isinstance(value, str) and _DATE.match(value) is not None,
}
