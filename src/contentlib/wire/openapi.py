"""The OpenAPI document of `/api` and `/rest` JSON, made from the declarations."""

from __future__ import annotations

import msgspec

from contentlib.vapi.registry import Registry


def document(registry: Registry) -> bytes:  # noqa: ARG001 - the paths are to come
    """The document."""
    return msgspec.json.encode({"openapi": "3.0.3", "paths": {}})
