"""Identifiers: random UUIDs, as the field's tools expect them."""

from __future__ import annotations

import uuid


def new_identifier() -> str:
    """A fresh identifier."""
    return str(uuid.uuid4())
