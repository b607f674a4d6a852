"""Implements the command line, one module per command. Imports are deferred to keep the start fast."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

import typer

from contentlib.cli import modes

INTERRUPTED = 130


def main() -> None:
    """Runs the command of the command line. Files that it creates are private."""
    try:
        _run()
    except KeyboardInterrupt:  # before the command has begun
        _leave()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            _leave()
        raise


def _leave() -> NoReturn:
    """Ends at once. Python would wait for threads, and one that looks up a host may take minutes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(INTERRUPTED)


def _run() -> None:
    modes.private()
    if sys.argv[1:2] == ["serve"]:  # it starts sooner without the modules of the other commands
        gc.disable()  # `serve` says why, and enables it
        application = _server()
    else:
        from contentlib.cli.program import application
    application()


def new_application(text: str | None = None) -> typer.Typer:
    """A command that has others, with its help."""
    # Typer's own tracebacks show local variables, and secrets among them.
    return typer.Typer(help=text, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)


def _server() -> typer.Typer:
    from contentlib.cli.serve import serve

    application = new_application()
    application.callback()(lambda: None)  # else Typer takes the only command for the program itself
    application.command()(serve)
    return application
