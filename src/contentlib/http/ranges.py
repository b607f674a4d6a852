"""Parses the Range header of downloads (RFC 9110, section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes\s*=\s*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range names no byte of the file."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file, one at least."""

    offset: int
    length: int


def span_of(header: str | None, size: int) -> Span | None:
    """Parses a Range header. None means the whole file.

    Invalid headers, other units and multiple ranges are ignored, as the RFC allows.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or size == 0:  # a client that sends a range with everything gets its empty file; Go does the same
        return None
    if found[3] is not None:
        length = min(int(found[3]), size)
        if length == 0:
            raise Unsatisfiable
        return Span(size - length, length)
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None
    if first >= size:
        raise Unsatisfiable
    return Span(first, last - first + 1)
