"""Answers queries for libraries and items in pages, and writes the markers by which they go on."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from contentlib.library.catalog import messages
from contentlib.library.catalog.annotations import check_label_key
from contentlib.library.errors import Invalid
from contentlib.library.messages import OUT_OF_RANGE, TOO_LONG
from contentlib.library.model import ItemLine, ItemQuery, LibraryLine, LibraryQuery, Position, Selection, SortKey
from contentlib.library.ports import MetadataStore
from contentlib.library.words import words_of

MOST, USUAL = 200, 50
MOST_WORDS, LONGEST_TEXT, MOST_LABELS = 8, 200, 8
_LONGEST_MARKER = 2000
_LARGEST = 2**63 - 1
_Query = TypeVar("_Query", bound=Selection)


class _Marker(msgspec.Struct, frozen=True, array_like=True):
    """Where a query goes on, and the order in which that is."""

    sort: SortKey
    descending: bool
    value: str | int
    id: str


class Finder:
    """Finds libraries and items."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def items(
        self, query: ItemQuery, text: str | None, marker: str | None, size: int | None
    ) -> tuple[list[ItemLine], str | None]:
        """A page of items, and the marker of the next page."""
        wanted = _completed(query, text, marker, size)
        async with self._metadata.reading() as transaction:
            found = await transaction.queries.items(wanted)
            return await transaction.lines.items(found.ids), _marker(wanted, found.after)

    async def libraries(
        self, query: LibraryQuery, text: str | None, marker: str | None, size: int | None
    ) -> tuple[list[LibraryLine], str | None]:
        """A page of libraries, and the marker of the next page."""
        wanted = _completed(query, text, marker, size)
        async with self._metadata.reading() as transaction:
            found = await transaction.queries.libraries(wanted)
            return await transaction.lines.libraries(found.ids), _marker(wanted, found.after)


def _completed(query: _Query, text: str | None, marker: str | None, size: int | None) -> _Query:
    """The query with what is given as text; Invalid for what cannot be asked."""
    if len(query.labels) > MOST_LABELS:
        raise Invalid(messages.TOO_MANY_LABELS(field="spec.labels", count=len(query.labels), most=MOST_LABELS))
    for key, _ in query.labels:
        check_label_key(key)
    if size is not None and not 1 <= size <= MOST:
        raise Invalid(OUT_OF_RANGE(field="spec.size", least=1, most=MOST, given=size))
    return replace(query, words=_words(text), after=_position(query, marker), most=size or USUAL)


def _words(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    if len(text) > LONGEST_TEXT:
        raise Invalid(TOO_LONG(field="spec.text", length=len(text), most=LONGEST_TEXT))
    words = words_of(text)
    if not 1 <= len(words) <= MOST_WORDS:
        raise Invalid(messages.NOT_SEARCHABLE(field="spec.text", count=len(words), most=MOST_WORDS))
    return tuple(words)


def _marker(query: Selection, after: Position | None) -> str | None:
    if after is None:
        return None
    content = msgspec.json.encode(_Marker(query.sort, query.descending, after.value, after.id))
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _position(query: Selection, marker: str | None) -> Position | None:
    """The place that a marker names; Invalid for one that was not returned for a query in the same order."""
    if marker is None:
        return None
    found = _parsed(marker)
    if found is None or (found.sort, found.descending) != (query.sort, query.descending):
        raise Invalid(messages.NOT_A_QUERY_MARKER(field="spec.marker", given=marker[:80]))
    return Position(found.value, found.id)


def _parsed(marker: str) -> _Marker | None:
    if len(marker) > _LONGEST_MARKER:
        return None
    try:
        content = base64.b64decode(marker + "=" * (-len(marker) % 4), altchars=b"-_", validate=True)
        found = msgspec.json.decode(content, type=_Marker)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return None
    is_text = found.sort in (SortKey.NAME, SortKey.TYPE)
    if isinstance(found.value, str) is not is_text or (not is_text and abs(int(found.value)) > _LARGEST):
        return None
    return found
