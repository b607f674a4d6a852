"""Implements `contentlib adopt`: copies a library published by another tool into a local one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from contentlib.cli.progress import Bar, told
from contentlib.cli.settings import Config, DataDir, prepare, settings_or_exit

Source = Annotated[str, typer.Argument(metavar="SOURCE", help="Directory of the library, or the URL of its lib.json.")]
User = Annotated[str | None, typer.Option("--user", metavar="NAME", help="User name for the publisher; vcsp if not given.")]
Password = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File with the password for the publisher.")
]
Thumbprint = Annotated[
    str | None, typer.Option("--thumbprint", metavar="HEX", help="Expected thumbprint of the publisher's certificate.")
]


def adopt(
    source: Source,
    user: User = None,
    password_file: Password = None,
    thumbprint: Thumbprint = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Copies a published library into a local one, keeping its ids and version numbers. The server can be running."""
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
