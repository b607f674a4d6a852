"""Values of documents as anybody may have written them: numbers in strings, dates without zones, identifiers in any dress.

What cannot be made sense of is None or empty; nothing here raises but `document`, and that only BadDocument.
"""

from __future__ import annotations

import json
import re
import uuid

import msgspec

from contentlib.library.names import clean
from contentlib.vapi.types import DateTime

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
    """A document that is none of a library; the sentence goes on after its name. `partial` where its end is lacking."""

    def __init__(self, why: str, *, partial: bool = False) -> None:
        super().__init__(why)
        self.partial = partial

    def of(self, name: str) -> BadDocument:
        """The same, with the name of the document."""
        return BadDocument(f"{name} {self}", partial=self.partial)


def document(body: bytes) -> object:
    """What a JSON document says, in whatever encoding of Unicode."""
    try:
        return msgspec.json.decode(body.decode(json.detect_encoding(body)))
    except (ValueError, RecursionError) as error:  # ValueError: of both decoders
        raise BadDocument(_came(body, error), partial="truncated" in str(error)) from error


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
    """A bare UUID in lower case. What is none gives one that is always the same for the same text in the same namespace."""
    written = text(value).strip().lower()
    try:
        return str(uuid.UUID(written))  # with or without urn:uuid:, braces and dashes
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{namespace} {written}"))


def _came(body: bytes, error: Exception) -> str:
    """What came in place of JSON; login pages and error pages are what people most often subscribe to."""
    start = body[: _SHOWN * 2].lstrip().lower()
    if not start:
        return "is empty"
    for beginning, what in _OTHERS.items():
        if start.startswith(beginning):
            return f"is no JSON but {what}, as a login page or an error page would be"
    if start[:1] in b"{[" or body[:1] in b"\xef\xff\xfe":
        return f"is no JSON that could be read{_where(error)}"
    return "is no JSON"


def _where(error: Exception) -> str:
    """Where in a document an error is; of the document itself nothing is told, which may be none of the caller's."""
    found = _PLACE.search(str(error))
    return f" ({found[0]})" if found else ""
