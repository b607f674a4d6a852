"""Implements `contentlib version`: prints the version."""

from __future__ import annotations

import typer

from contentlib import __version__


def version() -> None:
    """Prints the version."""
    typer.echo(__version__)
