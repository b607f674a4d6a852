"""Reads JSON bodies of `/rest` and `/api`: with msgspec if they are valid, otherwise with the type walk.

The type walk is authoritative and produces the messages; msgspec's decoder is the fast path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any, Optional

import msgspec

from contentlib.vapi.errors import InvalidArgument, InvalidRequest, VapiError
from contentlib.vapi.std import LocalizableMessage
from contentlib.vapi.types import DateTime, Field, Integer, Structure, Type, Typed, fields_of
from contentlib.wire import messages
from contentlib.wire.strictness import check_members, check_value
from contentlib.wire.text import choices, decode_base64, in_range, quoted, text_of, wrong
from contentlib.wire.walk import ValueReader, part, reaches_map, shallow, too_deep

_NATIVE: dict[str, Any] = {
    "string": str,
    "id": str,
    "uri": str,
    "secret": str,
    "integer": Integer,
    "double": float,
    "boolean": bool,
    "datetime": DateTime,
    "binary": bytes,
}
_SHOWN_DIGITS = 40
_BOM = b"\xef\xbb\xbf"


def annotation(declared: Type) -> Any:
    """The annotation that makes msgspec read a declared type."""
    match declared.kind:
        case "structure" | "enumeration":
            return declared.python
        case "optional":
            return Optional[annotation(part(declared.of))]  # noqa: UP045 - built at run time
        case "list":
            return list[annotation(part(declared.of))]  # type: ignore[misc]  # built at run time
        case "set":
            return set[annotation(part(declared.of))]  # type: ignore[misc]  # built at run time
        case "map":
            return dict[annotation(part(declared.key)), annotation(part(declared.of))]  # type: ignore[misc]  # built at run time
    return _NATIVE[declared.kind]


def parse(body: bytes) -> Any:
    """Parses JSON text to plain values. Raises InvalidRequest if it is invalid."""
    try:
        return msgspec.json.decode(body.removeprefix(_BOM))
    except RecursionError as error:
        raise too_deep() from error
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidRequest(messages.NOT_JSON(problem=str(error))) from error


def decoder(python: Any) -> msgspec.json.Decoder[Any]:
    """A decoder for one type."""
    return msgspec.json.Decoder(python, dec_hook=_read_date)


def _read_date(python: type, raw: Any) -> Any:
    if python is DateTime and isinstance(raw, str):
        return DateTime.parse(raw)
    raise ValueError("not a date")


def _write(value: Any) -> Any:
    """Writes values that msgspec does not support."""
    if isinstance(value, DateTime):
        return str(value)
    if isinstance(value, Typed):
        return value.value
    if isinstance(value, VapiError):
        return error_value(value)
    raise TypeError(f"{type(value).__name__} is not a vAPI value")


encode = msgspec.json.Encoder(enc_hook=_write, order="deterministic").encode


class Members:
    """Parameters that are members of a JSON object."""

    def __init__(self, parameters: tuple[Field, ...]) -> None:
        self._parameters = parameters

    @cached_property
    def _decode(self) -> Callable[[bytes], msgspec.Struct]:
        """Made when it is first needed: a server has hundreds of operations, most of which are seldom called."""
        members = [
            (field.name, annotation(field.type)) if field.required else (field.name, annotation(field.type), None)
            for field in self._parameters
        ]
        return decoder(msgspec.defstruct("Members", members, kw_only=True)).decode

    def read(self, body: bytes) -> dict[str, Any]:
        """All parameters, or at least those that the body holds where a required one is not among them."""
        try:
            return msgspec.structs.asdict(self._decode(body))
        except (msgspec.DecodeError, ValueError, RecursionError):
            return self.walk(body)

    def walk(self, body: bytes) -> dict[str, Any]:
        """Reads the parameters in the body. If none are required, null is accepted, because clients send it."""
        raw = parse(body)
        if raw is None and not any(field.required for field in self._parameters):
            return {}
        if not isinstance(raw, dict):
            raise InvalidRequest(messages.NOT_AN_OBJECT(given=json_type(raw)))
        with shallow():
            return READER.given(self._parameters, raw)

    def check(self, body: bytes) -> None:
        """Invalid_argument where a body that was read has a member that is not declared."""
        with shallow():
            check_members(parse(body), self._parameters)


members_of = cache(Members)
"""The reader of a set of parameters, made once for all addresses of an operation."""


class Whole:
    """A parameter that is the whole body.

    A structure may also stand alone under the parameter's name, as it does on `/rest`: clients that were written for that send
    it so, and a change of which everything is optional would be taken for one of nothing.
    """

    def __init__(self, parameter: Field) -> None:
        self._parameter = parameter
        self._named = f'"{parameter.name}"'.encode() if _can_be_named(parameter) else None

    @cached_property
    def _decode(self) -> Callable[[bytes], Any]:
        return decoder(annotation(self._parameter.type)).decode

    def read(self, body: bytes) -> dict[str, Any]:
        """The parameter."""
        if self._named is not None and self._named in body:
            return self._walk(body)
        try:
            return {self._parameter.name: self._decode(body)}
        except (msgspec.DecodeError, ValueError, RecursionError):
            return self._walk(body)

    def check(self, body: bytes) -> None:
        """Invalid_argument where a body that was read has a member that is not declared."""
        with shallow():
            check_value(self._inner(parse(body)), self._parameter.type, self._parameter.name)

    def _walk(self, body: bytes) -> dict[str, Any]:
        raw, name = self._inner(parse(body)), self._parameter.name
        with shallow():
            return {name: READER.read(raw, self._parameter.type, name)}

    def _inner(self, raw: Any) -> Any:
        name = self._parameter.name
        return raw[name] if self._named is not None and isinstance(raw, dict) and list(raw) == [name] else raw


def _can_be_named(parameter: Field) -> bool:
    declared = parameter.type
    return declared.kind == "structure" and all(field.name != parameter.name for field in fields_of(declared.python))


class JsonReader(ValueReader[Any]):
    """Reads plain JSON values; a map may be an object or a list of entries."""

    def fields(self, raw: Any, declared: Type, path: str) -> Mapping[str, Any]:
        """The members of an object."""
        if not isinstance(raw, dict):
            raise wrong(path, f"a structure ({declared})", json_type(raw))
        return raw

    def items(self, raw: Any, declared: Type, path: str) -> Iterable[Any]:
        """The elements of an array."""
        if not isinstance(raw, list):
            raise wrong(path, f"a list ({declared})", json_type(raw))
        return raw

    def entries(self, raw: Any, declared: Type, path: str) -> Iterable[tuple[Any, Any]]:
        """The members of an object, or the entries of an array."""
        if isinstance(raw, dict):
            return raw.items()
        return [self._entry(entry, f"{path}.{n}") for n, entry in enumerate(self.items(raw, declared, path), 1)]

    def _entry(self, entry: Any, path: str) -> tuple[Any, Any]:
        if not (isinstance(entry, dict) and "key" in entry and "value" in entry):
            raise InvalidArgument(messages.ENTRY_MALFORMED(field=path))
        return entry["key"], entry["value"]

    def scalar(self, raw: Any, declared: Type, path: str) -> Any:
        """A string, number or boolean of exactly the declared type."""
        try:
            return _scalar(raw, declared)
        except ValueError as error:
            raise wrong(path, choices(declared), _got(raw, declared)) from error


def _got(raw: Any, declared: Type) -> str:
    """Describes a value of the wrong type for a message. For a secret, only its type."""
    if isinstance(raw, str):
        return quoted(raw)
    if declared.kind == "integer" and isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)[:_SHOWN_DIGITS]
    return json_type(raw)


def _scalar(raw: Any, declared: Type) -> Any:
    kind = declared.kind
    if kind == "boolean" and isinstance(raw, bool):
        return raw
    if kind in ("integer", "double"):
        return _number(raw, kind)
    if not isinstance(raw, str):
        raise ValueError("not a string")
    match kind:
        case "string" | "id" | "uri" | "secret":
            return raw
        case "datetime":
            return DateTime.parse(raw)
        case "binary":
            return decode_base64(raw)
        case "enumeration":
            return declared.python(raw)
    raise ValueError("of another type")


def _number(raw: Any, kind: str) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ValueError("not a number")
    if kind == "double":
        return _float(raw)
    if isinstance(raw, float) and not raw.is_integer():
        raise ValueError("not an integer")
    return in_range(int(raw))


def _float(raw: int | float) -> float:
    try:
        return float(raw)
    except OverflowError as error:
        raise ValueError("out of range") from error


READER = JsonReader()
_KINDS: dict[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a fraction",
    type(None): "null",
}


def json_type(raw: Any) -> str:
    """Returns the type of a plain JSON value, for a message."""
    return _KINDS.get(type(raw), "something else")


def listed(value: Any, declared: Type) -> Any:
    """Returns the value with maps as lists of entries, as `/rest` writes them; unchanged without maps."""
    match declared.kind:
        case "structure":
            return _with_maps_listed(value, declared.python)
        case "optional":
            return None if value is None else listed(value, part(declared.of))
        case "list" | "set":
            of = part(declared.of)
            return [listed(item, of) for item in value] if reaches_map(of) else value
        case "map":
            of = part(declared.of)
            return [{"key": key, "value": listed(item, of)} for key, item in sorted(value.items(), key=_key_text)]
        case "any" if isinstance(value, Typed):
            return listed(value.value, value.declared)
        case "any" if isinstance(value, VapiError):
            return listed_error(value)
    return value


def _with_maps_listed(value: Any, structure: Any) -> Any:
    """A structure, or a copy of it; msgspec looks at a field's type only when it reads, and a copy keeps their order."""
    maps = {name: listed(item, of) for name, of in _map_fields(structure) if (item := getattr(value, name)) is not None}
    return msgspec.structs.replace(value, **maps) if maps else value


@cache
def _map_fields(structure: type[Structure]) -> tuple[tuple[str, Type], ...]:
    return tuple((field.name, field.type) for field in fields_of(structure) if reaches_map(field.type))


def _key_text(entry: tuple[Any, Any]) -> str:
    return text_of(entry[0])


def error_value(error: VapiError) -> dict[str, Any]:
    """The fields of an error."""
    value: dict[str, Any] = {"error_type": error.error_type, "messages": error.messages}
    if error.challenge is not None:
        value["challenge"] = error.challenge
    return value


def listed_error(error: VapiError) -> dict[str, Any]:
    """The fields of an error with each map as a list of entries."""
    return error_value(error) | {"messages": listed(error.messages, _MESSAGES)}


_MESSAGES = Type("list", of=Type("structure", python=LocalizableMessage))
