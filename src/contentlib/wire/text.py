"""Reads and writes single values as text, for query parameters and XML, and creates errors that name a field by its path."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from contentlib.vapi.errors import InvalidArgument
from contentlib.vapi.messages import WRONG_TYPE
from contentlib.vapi.types import DateTime, Type
from contentlib.wire import messages

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}\Z")
_DOUBLE = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?\Z")
_BOOLEANS = {"true": True, "false": False}
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1
_SHOWN = 100


def quoted(text: str) -> str:
    """A client's text as a message shows it: quoted, and short."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def missing_field(path: str) -> InvalidArgument:
    """The error for a parameter or field that must be there and is not."""
    return InvalidArgument(messages.REQUIRED(field=path))


def wrong(path: str, expected: Type | str, got: str) -> InvalidArgument:
    """The error for a value of another type than the declared one."""
    return InvalidArgument(WRONG_TYPE(field=path, expected=str(expected), given=got))


def text_of(value: Any) -> str:
    """A single value as text; TypeError for any other value, whose text would be Python's own."""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if not isinstance(value, str | int | float | DateTime):
        raise TypeError(f"{type(value).__name__} is not a single vAPI value")
    return str(value)


def scalar(declared: Type, text: str, path: str) -> Any:
    """Parses text as a value of the type. Raises InvalidArgument if it does not match."""
    reader = _READERS.get(declared.kind)
    if reader is None:
        raise wrong(path, declared, f"text {quoted(text)}")
    try:
        return reader(declared, text)
    except ValueError as error:
        raise wrong(path, choices(declared), quoted(text)) from error


def choices(declared: Type) -> str:
    """Describes the allowed values of a type, for a message."""
    if declared.kind == "enumeration":
        return f"one of {', '.join(declared.python)}"
    return _MEANT.get(declared.kind, str(declared))


def in_range(number: int) -> int:
    """The number, if it fits into 64 bits; else ValueError."""
    if not _SMALLEST <= number <= _LARGEST:
        raise ValueError("out of range")
    return number


def decode_base64(text: str) -> bytes:
    """Decodes base64 text. Raises ValueError if it is invalid."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _integer(text: str) -> int:
    text = text.strip()
    if not _INTEGER.match(text):
        raise ValueError("not an integer")
    return in_range(int(text))


def _double(text: str) -> float:
    text = text.strip()
    if not _DOUBLE.match(text):
        raise ValueError("not a number")
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("out of range")
    return number


def _boolean(text: str) -> bool:
    found = _BOOLEANS.get(text.strip().lower())
    if found is None:
        raise ValueError("neither true nor false")
    return found


_READERS: dict[str, Callable[[Type, str], Any]] = {
    "string": lambda _, text: text,
    "id": lambda _, text: text,
    "uri": lambda _, text: text,
    "secret": lambda _, text: text,
    "integer": lambda _, text: _integer(text),
    "double": lambda _, text: _double(text),
    "boolean": lambda _, text: _boolean(text),
    "datetime": lambda _, text: DateTime.parse(text.strip()),
    "binary": lambda _, text: decode_base64("".join(text.split())),
    "enumeration": lambda declared, text: declared.python(text.strip()),
}
_MEANT = {
    "integer": "an integer of 64 bits",
    "double": "a number",
    "boolean": "true or false",
    "datetime": "an ISO 8601 date and time",
    "binary": "base64",
    "string": "a string",
    "id": "an identifier",
    "uri": "a URI",
    "secret": "a string",
}
