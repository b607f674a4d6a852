"""Evaluates conditional requests (RFC 9110, section 13)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import formatdate, parsedate_to_datetime

_TAG = re.compile(r'(W/)?("[^"]*")')


def http_date(milliseconds: int) -> str:
    """A time as headers hold it, in whole seconds."""
    return formatdate(milliseconds // 1000, usegmt=True)


def failed_precondition(headers: Mapping[str, str], tag: str, modified: int) -> int | None:
    """The status of the answer where a precondition decides it, 304 or 412; in the order of the clause 13.2.2."""
    if "if-match" in headers:
        if not _matches(headers["if-match"], tag, weak=False):
            return 412
    elif (since := _seconds(headers.get("if-unmodified-since"))) is not None and modified // 1000 > since:
        return 412
    if "if-none-match" in headers:
        return 304 if _matches(headers["if-none-match"], tag, weak=True) else None
    since = _seconds(headers.get("if-modified-since"))
    return 304 if since is not None and modified // 1000 <= since else None


def range_holds(headers: Mapping[str, str], tag: str, modified: int) -> bool:
    """Whether a Range may be served: without If-Range, or when the client has a part of just this file."""
    validator = headers.get("if-range")
    if validator is None:
        return True
    if '"' in validator:
        return validator.strip() == tag
    return _seconds(validator) == modified // 1000


def _matches(header: str, tag: str, *, weak: bool) -> bool:
    if header.strip() == "*":
        return True
    return any(found == tag and (weak or not prefix) for prefix, found in _TAG.findall(header))


def _seconds(header: str | None) -> int | None:
    if header is None:
        return None
    try:
        return int(parsedate_to_datetime(header).timestamp())
    except (ValueError, OverflowError):
        return None
