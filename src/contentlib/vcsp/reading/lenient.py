"""Reads values leniently: numbers in strings, dates without zones, identifiers in any notation.

Unreadable values become None or empty. Only `document` raises an error, BadDocument.
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import msgspec

from contentlib.library.names import clean
from contentlib.vapi.types import DateTime

LARGEST_ENTRY = 4 << 20
"""How many bytes may be said of a library, or of one item."""
_BYTES_OF_A_VALUE = 6
_VALUES_OF_AN_ITEM = 40
_FEW_VALUES = 10_000
_SAMPLES: dict[bytes, object] = {b"{": {}, b"[": [], b'"': "", b"n": None}
_SHOWN = 40
_LARGEST = (1 << 63) - 1
_INTEGER = re.compile(r"\s*(\d{1,19})(?:\.0*)?\s*", re.ASCII)
_MINUTES = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?=[Z+-]|$)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PLACE = re.compile(r"(?:byte|position) \d{1,18}", re.ASCII)
_LATEST = 253_402_300_799_999  # the end of the year 9999
_MILLISECONDS_FROM = 100_000_000_000  # in seconds that would be the year 5138, in milliseconds it is 1973
_OTHERS = {
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
    b"<?xml": "an XML document",
    b"<": "an HTML or XML page",
}


class BadDocument(Exception):
    """A document that is not a library. The message continues after its name. `partial` means that it is truncated."""

    def __init__(self, why: str, *, partial: bool = False) -> None:
        super().__init__(why)
        self.partial = partial

    def of(self, name: str) -> BadDocument:
        """The same, with the name of the document."""
        return BadDocument(f"{name} {self}", partial=self.partial)


def document(body: bytes, most: int = LARGEST_ENTRY) -> Any:
    """Parses a JSON document in any Unicode encoding. Raises BadDocument if it is too large."""
    if len(body) > most:
        raise BadDocument(f"is {len(body)} bytes; at most {most} are allowed")
    _count(body, most // _BYTES_OF_A_VALUE)
    return _decoded(body, object)


def listed(body: bytes, most: int) -> tuple[list[UnreadEntry], object]:
    """Returns the unparsed entries of a document of items, and its version.

    Entries are counted before parsing, because short values can take much memory.
    """
    _count(body, most * _VALUES_OF_AN_ITEM)
    found: msgspec.Raw = _decoded(body, msgspec.Raw)
    entries, version, first = found, None, _first(found)
    if first == b"{":
        whole = _decoded(memoryview(found), _Items)
        entries, version = whole.items, document(bytes(whole.version)) if _first(whole.version) else None
    if _first(entries) != b"[":
        raise BadDocument(f"is {kind(_SAMPLES.get(first, 0))} without an item list")
    items = msgspec.json.decode(entries, type=list[msgspec.Raw])
    if len(items) > most:
        raise BadDocument(f"lists {len(items)} items; at most {most} are allowed (subscribed_items_limit)")
    return [UnreadEntry(each) for each in items], version


def _first(value: msgspec.Raw) -> bytes:
    """Returns the first character of a value, which determines its type; empty if there is none."""
    return bytes(memoryview(value)[:1])


class UnreadEntry:
    """An entry of a list that has not been read yet."""

    def __init__(self, raw: msgspec.Raw) -> None:
        self._raw = raw

    def read(self) -> Any:
        """Parses the entry. Raises BadDocument if it is too large for an item."""
        return document(bytes(self._raw))


class _Items(msgspec.Struct):
    """The parsed fields of a document of items; others are skipped."""

    items: msgspec.Raw = msgspec.Raw()
    version: msgspec.Raw = msgspec.Raw()


def _count(body: bytes, most: int) -> None:
    """BadDocument where a document may hold more values than so many; each but the first follows one of these signs."""
    values = sum(map(body.count, (b",", b"{", b"[")))
    if values > max(most, _FEW_VALUES):
        raise BadDocument(f"has about {values} values; at most {max(most, _FEW_VALUES)} are allowed")


def _decoded(body: bytes | memoryview, wanted: Any) -> Any:
    try:
        return msgspec.json.decode(_in_utf_8(body) if isinstance(body, bytes) else body, type=wanted)
    except (ValueError, RecursionError) as error:  # ValueError: of both decoders
        raise BadDocument(_came(bytes(body[: _SHOWN * 2]), error), partial="truncated" in str(error)) from error


def _in_utf_8(body: bytes) -> bytes:
    encoding = json.detect_encoding(body)
    return body.strip() if encoding == "utf-8" else body.decode(encoding).encode().strip()


def kind(value: object) -> str:
    """Returns the name of a JSON value's type."""
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return "a string"
        case None:
            return "null"
    return "a number or boolean"


def text(value: object) -> str:
    """A text or number as text."""
    match value:
        case bool():
            return ""
        case str():
            return clean(value)
        case int():
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
    return ""


def version(value: object) -> str:
    """A version; those that are numbers are written without ornament, so that they can be compared."""
    number = integer(value)
    return text(value).strip() if number is None else str(number)


def integer(value: object) -> int | None:
    """A count, also one that is written in a string."""
    found = _INTEGER.fullmatch(text(value))
    number = int(found[1]) if found else None
    return number if number is not None and number <= _LARGEST else None


def moment(value: object) -> int | None:
    """A time in milliseconds since 1970 UTC; one without a zone is taken as UTC."""
    number = integer(value)
    if number is not None:
        number = number if number >= _MILLISECONDS_FROM else number * 1000
        return number if number <= _LATEST else None
    written = _MINUTES.sub(r"\1T\2:00", text(value).strip().upper())
    written = f"{written}T00:00:00" if _DAY.fullmatch(written) else written.replace(" ", "T", 1)
    try:
        return DateTime.parse(written).milliseconds
    except ValueError:
        return None


def tag(value: object) -> str:
    """A change token, without the quotes of HTTP."""
    return text(value).strip().removeprefix("W/").strip('"')


def identifier(value: object, namespace: str) -> str:
    """Returns a lower-case UUID. Text that is not a UUID is mapped to a stable UUID in the namespace."""
    written = text(value).strip().lower()
    try:
        return str(uuid.UUID(written))  # with or without urn:uuid:, braces and dashes
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{namespace} {written}"))


def _came(body: bytes, error: Exception) -> str:
    """Describes content that is not JSON. Users most often subscribe to login and error pages by mistake."""
    start = body[: _SHOWN * 2].lstrip().lower()
    if not start:
        return "is empty"
    for beginning, what in _OTHERS.items():
        if start.startswith(beginning):
            return f"is {what}, not JSON; it may be a login page or an error page"
    if start[:1] in b"{[" or body[:1] in b"\xef\xff\xfe":
        return f"is not valid JSON{_where(error)}"
    return "is not JSON"


def _where(error: Exception) -> str:
    """Returns the position of an error in a document, without its content, which may be confidential."""
    found = _PLACE.search(str(error))
    return f" ({found[0]})" if found else ""
