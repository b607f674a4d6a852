"""Implements `contentlib completion`: prints the script by which a shell completes commands and options."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

_PROGRAM, _VARIABLE = "contentlib", "_CONTENTLIB_COMPLETE"


class Shell(StrEnum):
    """The shells that completion is made for."""

    BASH = "bash"
    FISH = "fish"
    ZSH = "zsh"


ShellName = Annotated[Shell, typer.Argument(metavar="bash|zsh|fish", help="The shell that the script is for.")]


def completion(shell: ShellName) -> None:
    """Prints a script for a shell, which then completes commands and options. Write it where the shell looks for it."""
    from typer._completion_shared import get_completion_script  # typer exports no other way to it

    typer.echo(get_completion_script(prog_name=_PROGRAM, complete_var=_VARIABLE, shell=shell.value))
