"""Implements `contentlib console-link`: prints a link that logs the administrator in to the console once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.administering import check_database
from contentlib.cli.progress import told
from contentlib.cli.settings import Config, DataDir, prepare, settings_or_exit

if TYPE_CHECKING:
    from contentlib.settings import Settings

Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="Address of the server in the link, if it is not that of the settings."),
]


def console_link(url: Url = None, data_dir: DataDir = None, config: Config = None) -> None:
    """Prints a link that logs the administrator in to the console, once and within 15 minutes; a server may be running."""
    settings = settings_or_exit(config, data_dir)
    with told():
        check_database(settings)
        base = url or _address(settings)
        prepare(settings)
        typer.echo(login_address(base, new_link_secret(settings)))


def new_link_secret(settings: Settings) -> str:
    """The secret of a new link of the administrator."""

    async def issued() -> str:
        from contentlib.access.login_links import issue
        from contentlib.library.clock import SystemClock
        from contentlib.stores import open_rows

        metadata = open_rows(settings)
        try:
            return await issue(metadata, SystemClock(), settings.admin_name)
        finally:
            await metadata.close()

    return asyncio.run(issued())


def login_address(base: str, secret: str) -> str:
    """The address that logs in. Browsers send no server what follows the #."""
    return f"{base.rstrip('/')}/console#/login/{secret}"


def _address(settings: Settings) -> str:
    from contentlib.cli.addresses import reachable, server_url
    from contentlib.settings import address

    if settings.public_url is not None:
        return settings.public_url
    host, number = address(settings.listen)
    if not number:
        raise RuntimeError("the settings do not name the port of the server; give its address with --url")
    return server_url("https" if settings.tls else "http", reachable(host), number)
