"""Validates identifiers, names and lists for tags."""

from __future__ import annotations

import re
from collections.abc import Collection

from contentlib.library.errors import Invalid
from contentlib.library.identifiers import new_identifier
from contentlib.library.messages import EMPTY, TOO_LONG
from contentlib.library.names import check_text
from contentlib.library.tagging import messages

NAME_LENGTH = 256
MOST_TYPES = 256
_LINE = re.compile(r"[\t\n\r]")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
_PREFIX, _SUFFIX = "urn:vmomi:InventoryService", ":GLOBAL"
_NAMESPACE = "urn:vim25:"


def new_urn(kind: str) -> str:
    """A fresh identifier, as vSphere writes those of tags and categories."""
    return f"{_PREFIX}{kind}:{new_identifier()}{_SUFFIX}"


def check_urn(field: str, kind: str, urn: str) -> str:
    """Checks the form of an identifier from a client, which is that of `new_urn`."""
    start, end = f"{_PREFIX}{kind}:", _SUFFIX
    if not (urn.startswith(start) and urn.endswith(end) and _UUID.fullmatch(urn[len(start) : -len(end)])):
        raise Invalid(messages.NOT_A_URN(field=field, expected=f"{start}UUID{end}", given=urn[:100]))
    return urn


def check_label(field: str, text: str) -> str:
    """The name of a tag or category, of a resource type, or of a user: 1 to 256 characters on one line."""
    if not text.strip():
        raise Invalid(EMPTY(field=field))
    if len(text) > NAME_LENGTH:
        raise Invalid(TOO_LONG(field=field, length=len(text), most=NAME_LENGTH))
    if _LINE.search(text):
        raise Invalid(messages.SEVERAL_LINES(field=field))
    return check_text(field, text)


def check_types(field: str, types: Collection[str]) -> tuple[str, ...]:
    """The resource types of a category, in alphabetical order. As in vCenter, the namespace of inventory types is omitted."""
    if len(types) > MOST_TYPES:
        raise Invalid(messages.TOO_MANY_TYPES(field=field, count=len(types), most=MOST_TYPES))
    return tuple(sorted({check_label(field, each.removeprefix(_NAMESPACE)) for each in types}))
