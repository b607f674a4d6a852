"""Limits the length and complexity of URLs before a library parses them."""

from __future__ import annotations

import re

LONGEST_HOST = 255
_AUTHORITY_END = re.compile(r"[/?#]")
_SKIPPED = dict.fromkeys(map(ord, "\t\r\n"))  # which urllib and yarl leave out of a URL


def check_host(uri: str) -> str:
    """The URL; ValueError if its host cannot be one.

    Parsers normalise a host that is not ASCII, in time that is quadratic in its length.
    """
    if not uri.isascii():
        authority = _AUTHORITY_END.split(uri.translate(_SKIPPED).partition("//")[2], maxsplit=1)[0]
        if len(authority) > LONGEST_HOST:
            raise ValueError(f"host name is {len(authority)} characters, at most {LONGEST_HOST} are allowed")
    return uri
