"""`contentlib adopt` makes a local library of one that other tools have published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contentlib.cli.progress import Bar, told
from contentlib.cli.settings import Config, DataDir, prepare, settings_or_exit

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Directory of the library, or the address of its lib.json.")]
User = Annotated[str | None, typer.Option("--user", metavar="NAME", help="User name that the publisher wants; vcsp, if none.")]
Password = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File with the password that the publisher wants.")
]
Thumbprint = Annotated[
    str | None, typer.Option("--thumbprint", metavar="HEX", help="Thumbprint that the publisher's certificate must have.")
]


def adopt(
    source: Source,
    user: User = None,
    password_file: Password = None,
    thumbprint: Thumbprint = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Makes a local library of a published one, with its ids kept and its counters continued; a server may be running."""
    settings = settings_or_exit(config, data_dir)
    with told(), Bar() as bar:
        prepare(settings)
        from contentlib import offline
        from contentlib.library.model import Authentication, Subscription

        password = None if password_file is None else password_file.read_text("utf-8").rstrip("\r\n")
        method = Authentication.NONE if user is None and password is None else Authentication.BASIC
        subscription = Subscription(source, method, user, password, thumbprint)
        found = offline.adopt(settings, subscription, _warn, bar)
    there = f"version {found.version or 'unknown'} of {source}"
    typer.echo(f"library {found.name!r} ({found.id}) is here, {len(found.items)} items: {there}")


def _warn(text: str) -> None:
    typer.echo(f"warning: {text}", err=True)
