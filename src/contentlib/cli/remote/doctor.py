"""Implements `contentlib doctor`: checks an installation from the client's side, and says what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, FAILED, AsJson, ProfileName, at_server
from contentlib.cli.remote.showing import cell, show_json

if TYPE_CHECKING:
    from contentlib.client.checks import CheckResult
    from contentlib.client.connection import ServerConnection

_PATIENCE_SECONDS = 10.0  # what does not work is to be said, and not waited for


def doctor(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Checks the name, certificate, clock, login, transfers and publish addresses of a server, and says what to change.

    Sends and reads 1 MiB in a new library, which is removed again. Exits with 1 if a check fails.
    """

    async def work(connection: ServerConnection) -> list[CheckResult]:
        from contentlib.client.checks import Checks

        found = []
        async for each in Checks(connection).run():
            found.append(each)
            if not as_json:
                _tell(each)
        return found

    found = at_server(profile, work, _PATIENCE_SECONDS)
    if as_json:
        show_json(found)
    if any(each.state == "failed" for each in found):
        raise typer.Exit(FAILED)


def _tell(result: CheckResult) -> None:
    typer.echo(f"{result.state:8} {result.check:12} {cell(result.found)}")
    if result.advice:
        typer.echo(f"{'':21} {result.advice}")
