"""Which names are allowed. A name from a client is a name, never a path."""

from __future__ import annotations

import unicodedata

from contentlib.library.errors import Invalid

NAME_LENGTH = 80
DESCRIPTION_LENGTH = 2000
FILE_NAME_BYTES = 255
_CONTROL = {"Cc", "Cs"}


def check_name(field: str, name: str) -> str:
    """The name of a library or item: 1 to 80 characters, no control characters."""
    if not name.strip():
        raise Invalid(field, "must not be empty")
    if len(name) > NAME_LENGTH:
        raise Invalid(field, f"has {len(name)} characters, {NAME_LENGTH} are allowed")
    return _printable(field, name)


def check_description(field: str, description: str) -> str:
    """A description: up to 2,000 characters."""
    if len(description) > DESCRIPTION_LENGTH:
        raise Invalid(field, f"has {len(description)} characters, {DESCRIPTION_LENGTH} are allowed")
    if "\0" in description or any(unicodedata.category(character) == "Cs" for character in description):
        raise Invalid(field, "holds a character that is no text")
    return description


def check_file_name(field: str, name: str) -> str:
    """A file's name: one path segment of up to 255 bytes, no separators, no control characters."""
    if not name:
        raise Invalid(field, "must not be empty")
    if name in (".", "..") or "/" in name or "\\" in name:
        raise Invalid(field, f"{name!r} is not a plain file name", name)
    _printable(field, name)
    if len(name.encode()) > FILE_NAME_BYTES:
        raise Invalid(field, f"has {len(name.encode())} bytes, {FILE_NAME_BYTES} are allowed")
    return name


def fold(name: str) -> str:
    """The form in which names are compared."""
    return unicodedata.normalize("NFC", name).casefold()


def _printable(field: str, name: str) -> str:
    if any(unicodedata.category(character) in _CONTROL for character in name):
        raise Invalid(field, "holds a control character")
    return name
