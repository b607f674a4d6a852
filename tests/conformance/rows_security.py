"""The rows of trusted certificates and security policies."""

from __future__ import annotations

from conformance.forms import Arguments
from conformance.rows import STORAGE_FAILS, How, Make, Row
from conformance.world import NOBODY, World

_FAILS: dict[str, How] = {"error": STORAGE_FAILS}
_MISSING: Make = lambda _: {"certificate": NOBODY}  # noqa: E731 - a cell of the table


def _with_one(world: World) -> Arguments:
    """No arguments; there is a certificate to be listed."""
    assert world.trusted()
    return {}


CERTIFICATES = {
    "create": Row(lambda world: {"spec": {"cert_text": world.certificate()}}, _FAILS),
    "list": Row(_with_one, _FAILS),
    "get": Row(lambda world: {"certificate": world.trusted()}, {"not_found": _MISSING, **_FAILS}),
    "delete": Row(lambda world: {"certificate": world.trusted()}, {"not_found": _MISSING, **_FAILS}),
}

POLICIES = {"list": Row(lambda _: {}, _FAILS)}
