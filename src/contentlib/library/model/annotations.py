"""Defines notes and labels of libraries and items."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Annotation(msgspec.Struct, frozen=True):
    """What people have written about a library or an item: free text, and values by keys."""

    thing: str
    notes: str = ""
    labels: Mapping[str, str] = {}


class LabelCount(msgspec.Struct, frozen=True):
    """A label, and the number of libraries and items that have it."""

    key: str
    value: str
    things: int
