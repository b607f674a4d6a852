"""Validates names and texts from clients. A name is never used as a path.

Characters that XML cannot represent are rejected, because every value must be representable in every wire form.
"""

from __future__ import annotations

import re
import unicodedata

from contentlib.library import messages
from contentlib.library.errors import Fault, Invalid

NAME_LENGTH = 80
DESCRIPTION_LENGTH = 2000
FILE_NAME_BYTES = 255
PASSWORD_LENGTH = 1024
LONGEST_COMPARED = 255
"""The characters of the longest name that is compared by more than its characters; no name that is kept is longer."""
_ESCAPED = re.compile("(?:%[0-9A-Fa-f]{2})+")
_NO_TEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# also a joiner of letters beside a character of ASCII, where it joins nothing; Persian and Indic names need it elsewhere
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
    "|(?<![^\0-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\0-\x7f])"
)


def check_name(field: str, name: str) -> str:
    """The name of a library or item: 1 to 80 characters, no control characters."""
    if not name.strip():
        raise Invalid(messages.EMPTY(field=field))
    if len(name) > NAME_LENGTH:
        raise Invalid(messages.TOO_LONG(field=field, length=len(name), most=NAME_LENGTH))
    return _printable(field, name)


def check_description(field: str, description: str) -> str:
    """A description: up to 2,000 characters."""
    if len(description) > DESCRIPTION_LENGTH:
        raise Invalid(messages.TOO_LONG(field=field, length=len(description), most=DESCRIPTION_LENGTH))
    return check_text(field, description)


def check_text(field: str, text: str) -> str:
    """A text of any length; no control characters but tabulators and ends of lines."""
    found = _NO_TEXT.search(text)
    if found is not None:
        raise Invalid(_unusable(field, found[0]))
    return text


def check_password(field: str, password: str) -> str:
    """A new password: up to 1,024 characters, as a longer one is not hashed at a login."""
    if len(password) > PASSWORD_LENGTH:
        raise Invalid(messages.TOO_LONG(field=field, length=len(password), most=PASSWORD_LENGTH))
    return password


def clean(text: str) -> str:
    """Replaces invalid characters in a text that must not be rejected."""
    return _NO_TEXT.sub("\ufffd", text)


def usable(name: str, end: str = "") -> str:
    """The name nearest to a given one that is allowed, with an end that is kept whole; empty where nothing is left of it."""
    printable = _CONTROL.sub("\ufffd", name).strip()
    return printable[: NAME_LENGTH - len(end)].rstrip() + end


def check_file_name(field: str, name: str) -> str:
    """Checks a file name: one path segment of up to 255 bytes, no separators, no control or invisible characters.

    Characters that are invisible or change the direction of writing make a name look like another one.
    """
    if not name:
        raise Invalid(messages.EMPTY(field=field))
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > FILE_NAME_BYTES:
        raise Invalid(messages.TOO_MANY_BYTES(field=field, length=size, most=FILE_NAME_BYTES))
    if name in (".", "..") or "/" in name or "\\" in name:
        raise Invalid(messages.NOT_A_FILE_NAME(field=field, given=name))
    found = _INVISIBLE.search(name)
    if found is not None:
        raise Invalid(messages.INVISIBLE_CHARACTER(field=field, character=f"U+{ord(found[0]):04X}"))
    return _printable(field, name)


def fold(name: str) -> str:
    """The form in which names are compared: without regard to case, and to how accents are composed."""
    if name.isascii():
        return name.lower()
    if len(name) > LONGEST_COMPARED:
        return name
    return _composed(unicodedata.normalize("NFD", name).casefold())


def plain(name: str) -> str:
    """A file's name without regard to how another file writes it: as in an address, `%20` for a space, or accents composed."""
    unescaped = _ESCAPED.sub(lambda match: bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace"), name)
    return unescaped if unescaped.isascii() or len(unescaped) > LONGEST_COMPARED else _composed(unescaped)


def _composed(name: str) -> str:
    """The name with its accents composed, in time quadratic in a run of combining marks: only for short names."""
    return unicodedata.normalize("NFC", name)


def _printable(field: str, name: str) -> str:
    found = _CONTROL.search(name)
    if found is not None:
        raise Invalid(_unusable(field, found[0]))
    return name


def _unusable(field: str, character: str) -> Fault:
    if "\ud800" <= character <= "\udfff":
        return messages.INVALID_UNICODE(field=field, character="unpaired surrogate")
    kind = messages.INVALID_UNICODE if character > "\xff" else messages.CONTROL_CHARACTER
    return kind(field=field, character=f"U+{ord(character):04X}")
