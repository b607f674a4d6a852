"""Checks the arguments of every blob store call."""

from __future__ import annotations

import re

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def check_key(key: str) -> str:
    """Returns the key if it is a plain path segment. Raises ValueError otherwise, although keys come from the rules."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a key of a blob store")
    return key
