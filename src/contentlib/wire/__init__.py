"""Implements the wire forms: converts bytes to calls and back, from the declarations alone. Knows no service or database."""

from contentlib.wire.front import Wire, WireOptions

__all__ = ["Wire", "WireOptions"]
