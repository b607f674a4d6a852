"""Defines libraries and items in the trash."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row")


class Deleted(msgspec.Struct, Generic[Row], frozen=True):
    """A library or item in the trash: who deleted it when, and the time from which on it is gone for good."""

    row: Row
    user: str
    time: int
    until: int
