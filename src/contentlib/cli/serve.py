"""Implements `contentlib serve`: starts the server and prints how to reach it."""

from __future__ import annotations

import gc
import os
import shlex
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.settings import Config, DataDir, load_or_exit

if TYPE_CHECKING:
    from contentlib.cli.certificate import ServerCertificate
    from contentlib.cli.server import Port
    from contentlib.http.asgi import Application
    from contentlib.settings import Settings

_LOGIN = "/rest/com/vmware/cis/session"

Listen = Annotated[
    str | None, typer.Option("--listen", metavar="HOST:PORT", help="Address to listen on; port 0 selects a free port.")
]
Tls = Annotated[bool | None, typer.Option("--tls/--no-tls", help="Serve HTTPS or plain HTTP.")]
Database = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="PostgreSQL database; by default a file in the data directory.")
]
Workers = Annotated[int | None, typer.Option("--workers", metavar="N", help="Number of processes that answer requests.")]


def serve(
    data_dir: DataDir = None,
    listen: Listen = None,
    tls: Tls = None,
    config: Config = None,
    workers: Workers = None,
    database: Database = None,
) -> None:
    """Starts the server."""
    options = {"data_dir": data_dir, "listen": listen, "tls": tls, "workers": workers, "database": database}
    given = {name: value for name, value in options.items() if value is not None}
    loaded = load_or_exit(config, given)
    try:
        _serve(loaded.settings)
    except (OSError, RuntimeError) as error:
        typer.echo(f"contentlib: {error}", err=True)
        raise typer.Exit(1) from error


def _serve(settings: Settings) -> None:
    """Locks the data directory, prepares the data, then serves.

    What is made until then lives as long as the server, so the garbage collector does not look at it: it would do so again and
    again while modules are imported, and write to memory that the workers share.
    """
    gc.disable()
    from contentlib import logs
    from contentlib.cli import lock, modes

    logs.configure(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for directory in {settings.data_dir, settings.database_file.parent}:
        lock.hold(directory)
    for directory in {settings.data_dir, settings.keys}:
        _warn(modes.mend(directory))
    if settings.workers > 1:
        _count_together(settings.data_dir / "metrics")
    from contentlib import app, stores
    from contentlib.cli import certificate, server

    port = server.reserve(settings.listen)
    own = certificate.of(settings)
    password = app.prepare(settings)
    stores.hold_storages(settings)
    _warn(modes.advice(settings.tls_key))
    start = _Start(settings, port, own, password, _first_link(settings) if password else None)
    gc.freeze()
    gc.enable()
    try:
        server.run(settings, port, own, _creation(settings, own, start), start.announce)
    finally:
        start.save_password()


def _warn(sentences: list[str]) -> None:
    import structlog

    for sentence in sentences:
        structlog.stdlib.get_logger(__name__).warning(sentence)


def _count_together(folder: Path) -> None:
    """Makes the workers write their metrics to separate files. prometheus_client reads the variable when it is imported."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder.absolute())


def _creation(settings: Settings, own: ServerCertificate | None, start: _Start) -> Callable[[], Application]:
    """Returns the function that starts a worker. It reads the certificate again, because it may have been renewed."""

    def create() -> Application:
        from contentlib import app, logs

        logs.configure(settings)
        if own is None:
            return app.create(settings, None, replaces=start.announced)
        certificate = own.certificate.read_bytes()
        return app.create(settings, own.thumbprint("sha1"), certificate=certificate, replaces=start.announced)

    return create


def _first_link(settings: Settings) -> str | None:
    """The secret of a link to the console, where there is one."""
    from contentlib.cli.console_link import new_link_secret
    from contentlib.console.front import is_built

    return new_link_secret(settings) if is_built() else None


class _Start:
    """Prints the messages of the start. Scripts rely on the lines `listening on` and `administrator:`."""

    def __init__(
        self, settings: Settings, port: Port, own: ServerCertificate | None, password: str | None, link_secret: str | None
    ) -> None:
        self._settings = settings
        self._port = port
        self._own = own
        self._unsaid_password = password
        self._link_secret = link_secret
        self.announced = False
        """Whether workers have served already: one that starts later replaces one of them."""

    def announce(self) -> None:
        """Prints where the server is and how to log in. If nothing reads the output, the server still runs."""
        self.announced = True
        with suppress(BrokenPipeError):
            self._announce()

    def _announce(self) -> None:
        from contentlib.access.login_links import LIFETIME_MINUTES
        from contentlib.cli.console_link import login_address

        scheme = "https" if self._own else "http"
        url, generated = self._port.url(scheme, self._port.reachable()), self._unsaid_password is not None
        curl = login_line(url, self._settings.admin_name, generated=generated)
        typer.echo(f"listening on {self._port.url(scheme)}")
        typer.echo(f"administrator: {self._settings.admin_name}")
        self.save_password()
        if self._own:
            typer.echo(f"certificate SHA-1 thumbprint: {self._own.thumbprint('sha1')}")
            typer.echo(f"certificate SHA-256 thumbprint: {self._own.thumbprint('sha256')}")
        typer.echo(curl)
        if self._link_secret is not None:
            address = login_address(self._settings.public_url or url, self._link_secret)
            typer.echo(f"console: {address} (valid once, for {LIFETIME_MINUTES} minutes)")
            self._link_secret = None

    def save_password(self) -> None:
        """Prints a generated password once, also when the server could not start after it was set."""
        if self._unsaid_password:
            typer.echo(f"password: {self._unsaid_password} (shown this once, and stored only as a hash)")
        self._unsaid_password = None


def login_line(url: str, name: str, *, generated: bool) -> str:
    """Returns the curl command that logs in. It prompts for a generated password, or takes it from the environment."""
    secret = shlex.quote(name) if generated else f'{shlex.quote(name + ":")}"$CONTENTLIB_ADMIN_PASSWORD"'
    insecure = " --insecure" if url.startswith("https:") else ""
    return f"curl{insecure} --user {secret} --request POST {shlex.quote(url + _LOGIN)}"
