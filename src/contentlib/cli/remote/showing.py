"""Prints the results of commands: columns for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer

from contentlib.cli.administering import table

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def show(found: Any, as_json: bool, rows: Iterable[Iterable[object]]) -> None:
    """Prints values as JSON, or else rows in columns."""
    if as_json:
        show_json(found)
    else:
        table([tuple(map(cell, row)) for row in rows])


def show_json(found: Any) -> None:
    """Prints a value as JSON, indented."""
    import msgspec

    from contentlib.wire.json_values import encode

    typer.echo(msgspec.json.format(encode(found)).decode())


def done(text: str, as_json: bool, **facts: object) -> None:
    """Prints what a command has done: a sentence for people, the facts for programs."""
    if as_json:
        show_json(facts)
    else:
        typer.echo(text)


def cell(value: object) -> str:
    """A value in a column. Names come from other people: what could control a terminal is left out."""
    from contentlib.client.failures import printable

    return "" if value is None else printable(str(value))


def size_text(size: int | None) -> str:
    """A number of bytes with a binary unit."""
    if size is None:
        return ""
    power = min(max(size.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{size} B" if power == 0 else f"{size / 1024**power:.1f} {_UNITS[power]}"


def confirmed(text: str, yes: bool) -> None:
    """Asks before something is destroyed. Exits with 1 if the answer is not yes."""
    if not yes:
        typer.confirm(text, abort=True, err=True)
