"""Implements `contentlib healthcheck`: asks the server of this machine whether it is healthy, for container managers."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.settings import Config, load_or_exit

if TYPE_CHECKING:
    from contentlib.settings import Settings

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - addresses to listen on, and where to call them
_SECONDS = 8.0

Ready = Annotated[
    bool, typer.Option("--ready", help="Also ask whether the database and all storages are usable, not only the process.")
]


def healthcheck(ready: Ready = False, config: Config = None) -> None:
    """Asks the server of this machine whether it is healthy, at the address in its settings. Exits with 1 if it is not.

    The certificate is not verified: the request does not leave the machine, and has no secret.
    """
    settings = load_or_exit(config, {}).settings
    path = "/readyz" if ready else "/healthz"
    try:
        status, text = _answer(settings, path)
    except (OSError, http.client.HTTPException) as error:
        typer.echo(f"contentlib: no answer from {settings.listen}: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(text.strip() or f"{path} answered {status}", err=status != 200)
    if status != 200:
        raise typer.Exit(1)


def _answer(settings: Settings, path: str) -> tuple[int, str]:
    from contentlib.settings import address

    host, port = address(settings.listen)
    host = _EVERYWHERE.get(host, host)
    connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    if settings.tls:
        unverified = ssl._create_unverified_context()  # noqa: S323 - the docstring says why
        connection = http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=unverified)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()
