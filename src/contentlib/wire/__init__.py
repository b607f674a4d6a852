"""How the services are spoken: bytes to bytes, from the declarations alone. Knows no service, database or server."""

from contentlib.wire.front import Wire, WireOptions

__all__ = ["Wire", "WireOptions"]
