"""Makes a group of commands list its things if no command is given: `contentlib users` is `contentlib users ls`."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

_HELP = ("--help",)


class _Listing(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the command in front of options without one."""
        if not args or (args[0].startswith("-") and args[0] not in _HELP):
            args = ["ls", *args]
        return super().parse_args(ctx, args)


def listing(text: str) -> typer.Typer:
    """A group of commands, one of which is `ls`."""
    return typer.Typer(cls=_Listing, help=f"{text} Without a command, lists them.")
