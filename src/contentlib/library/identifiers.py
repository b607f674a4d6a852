"""Generates and validates identifiers, which are UUIDs."""

from __future__ import annotations

import os
import time
import uuid


def new_identifier() -> str:
    """A fresh identifier, all of it random."""
    return str(uuid.uuid4())


def ordered_identifier() -> str:
    """A fresh identifier that begins with the time (a UUID of version 7), so that new rows lie side by side."""
    digits = f"{time.time_ns() // 1_000_000:012x}7{os.urandom(10).hex()}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
