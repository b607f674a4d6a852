"""What every blob store checks before it touches anything."""

from __future__ import annotations

import re

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def check_key(key: str) -> str:
    """The key, when it is one plain path segment; ValueError else. Keys come from the rules, so this is a last line."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a blob store")
    return key
