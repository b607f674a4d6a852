"""`contentlib docs` writes the generated pages, or says which are stale."""

from __future__ import annotations


def docs(check: bool = False) -> None:
    """Writes the generated pages; with --check, fails when one is stale."""
