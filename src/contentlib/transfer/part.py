"""Determines the byte range of an upload: the whole file, or the range in `Content-Range`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contentlib.http.message import Request
from contentlib.transfer import messages
from contentlib.transfer.answers import RequestRefused

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """`start` is None for a whole file; `length` and `total`, the size of the file, are None where the client does not say."""

    start: int | None
    length: int | None
    total: int | None


def part_of(request: Request) -> Part:
    """Returns the part that a request sends. Raises Refused if its headers are invalid or contradict each other."""
    declared = request.headers.get("content-length", "")
    length = int(declared) if declared.isdecimal() else None
    header = request.headers.get("content-range")
    if header is None:
        return Part(None, length, length)
    found = _CONTENT_RANGE.fullmatch(header.strip())
    if found is None:
        raise RequestRefused(400, messages.RANGE_MALFORMED(given=header[:100]))
    first, last = int(found[1]), int(found[2])
    total = None if found[3] == "*" else int(found[3])
    if first > last or (total is not None and last >= total):
        raise RequestRefused(400, messages.RANGE_OUTSIDE(given=header[:100]))
    if length is not None and length != last - first + 1:
        raise RequestRefused(400, messages.RANGE_MISMATCH(expected=last - first + 1, received=length))
    return Part(first, last - first + 1, total)
