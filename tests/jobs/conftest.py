"""A world a test, as the rules have it."""

from __future__ import annotations

from library.conftest import world

__all__ = ["world"]
