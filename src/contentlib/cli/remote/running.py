"""Runs the work of a command at the server of a profile, and turns errors into messages and exit codes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from contentlib.cli import INTERRUPTED

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.client.profiles import Profiles

Outcome = TypeVar("Outcome")
ProfileName = Annotated[
    str, typer.Option("--profile", metavar="NAME", help="Server to use, by the name that `contentlib login` gave it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
PatienceSeconds = Annotated[
    float, typer.Option("--patience", min=0, metavar="SECONDS", help="Give up if the server does not answer for so long.")
]
DEFAULT_PROFILE, DEFAULT_PATIENCE = "default", 300.0

FAILED, NOT_FOUND, NOT_PERMITTED, NOT_REACHED = 1, 3, 4, 5
_KINDS = {"NOT_FOUND": NOT_FOUND, "UNAUTHENTICATED": NOT_PERMITTED, "UNAUTHORIZED": NOT_PERMITTED}


def kept_profiles() -> Profiles:
    """The profiles of the user who runs the command."""
    from contentlib.client.profiles import Profiles, profiles_file

    return Profiles(profiles_file(os.environ))


def at_server(
    profile: str, work: Callable[[ServerConnection], Awaitable[Outcome]], patience: float = DEFAULT_PATIENCE
) -> Outcome:
    """Runs work at the server of a profile and returns its result. Prints an error and exits if it fails."""
    from contentlib.client.connection import ServerConnection

    async def run() -> Outcome:
        async with ServerConnection(kept_profiles().get(profile), patience) as connection:
            return await work(connection)

    with failing():
        return run_to_end(run())


def run_to_end(work: Coroutine[object, object, Outcome]) -> Outcome:
    """Runs work and returns its result. Unlike `asyncio.run`, it does not wait for threads if it is interrupted."""
    with asyncio.Runner() as runner:
        try:
            return runner.run(work)
        except KeyboardInterrupt:
            runner.get_loop().set_default_executor(ThreadPoolExecutor())  # the end waits for this one, which has no threads
            raise


@contextmanager
def failing() -> Iterator[None]:
    """Prints an error of a command to standard error and exits with its code."""
    from contentlib.client.failures import ClientFailed

    try:
        yield
    except (ClientFailed, OSError) as error:
        typer.echo(f"contentlib: {error}{_advice(error)}", err=True)
        raise typer.Exit(exit_code(error)) from error
    except KeyboardInterrupt as error:
        typer.echo("contentlib: interrupted; run the same command again to continue", err=True)
        raise typer.Exit(INTERRUPTED) from error


def exit_code(error: BaseException) -> int:
    """The exit code of a command that fails with an error."""
    from contentlib.client.failures import Answered, NotFoundHere, NotReached, NotTrusted

    if isinstance(error, Answered):
        return _KINDS.get(error.kind, FAILED)
    if isinstance(error, NotFoundHere):
        return NOT_FOUND
    return NOT_REACHED if isinstance(error, NotReached | NotTrusted) else FAILED


def _advice(error: BaseException) -> str:
    from contentlib.client.failures import Answered

    expired = isinstance(error, Answered) and error.kind == "UNAUTHENTICATED"
    return "; run: contentlib login" if expired else ""
