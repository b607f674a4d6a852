"""Implements the wire forms: converts bytes to calls and back, from the declarations alone. Knows no service or database."""

from contentlib.wire.calls import WireOptions
from contentlib.wire.front import Wire

__all__ = ["Wire", "WireOptions"]
