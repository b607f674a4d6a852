"""Implements `contentlib migrate`: moves the metadata of a server to PostgreSQL while it runs."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.administering import check_database
from contentlib.cli.progress import told
from contentlib.cli.settings import Config, DataDir, check_owner, settings_or_exit

if TYPE_CHECKING:
    from contentlib.metadata.moves.move import Moved
    from contentlib.settings import Settings

_SECONDS = 5.0  # between two lines about the same phase

Url = Annotated[str | None, typer.Option("--database", metavar="URL", help="PostgreSQL database to move to; must be empty.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check both databases and count the rows, and change nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Undo = Annotated[
    bool, typer.Option("--undo", help="Use the SQLite database again. With --database, no server can use that one any more.")
]


def migrate(
    database: Url = None,
    dry_run: DryRun = False,
    undo: Undo = False,
    as_json: Json = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Moves the metadata of a server from SQLite to PostgreSQL, while the server runs.

    The server refuses changes during the last part. If the command is interrupted, start it again.
    """
    settings = settings_or_exit(config, data_dir)
    with told():
        _check(settings, database)
        if undo:
            _undo(settings, database)
        elif database is None:
            raise RuntimeError("--database is required: the URL of the PostgreSQL database to move to")
        elif dry_run:
            _count(settings, database, as_json=as_json)
        else:
            _move(settings, database, as_json=as_json)


def _check(settings: Settings, url: str | None) -> None:
    if settings.database_url is not None:
        raise RuntimeError("the setting `database` is a PostgreSQL URL already; it must name the SQLite database that is moved")
    if url is not None and not url.startswith(("postgresql://", "postgres://")):
        raise RuntimeError(f"--database must be a URL as postgresql://USER@HOST/NAME, not {url.partition('://')[0]!r}")
    check_database(settings)
    check_owner(settings.data_dir)


def _move(settings: Settings, url: str, *, as_json: bool) -> None:
    from contentlib.stores import move_database

    moved = move_database(settings, url, Lines())
    if as_json:
        typer.echo(json.dumps(asdict(moved)))
        return
    _tell(moved)


def _tell(moved: Moved) -> None:
    for warning in moved.warnings:
        typer.echo(f"contentlib: warning: {warning}", err=True)
    if moved.rows:
        rows = sum(moved.rows.values())
        typer.echo(f"moved {rows} rows of {len(moved.rows)} tables to {moved.place} in {moved.seconds:.0f} s")
        typer.echo(f"every table has the same rows in both databases; changes were refused for {moved.read_only_seconds:.1f} s")
    else:
        typer.echo(f"all rows are in {moved.place} already")
    typer.echo("now stop the server, set `database` to the URL in its settings, and start it")


def _count(settings: Settings, url: str, *, as_json: bool) -> None:
    from contentlib.stores import count_rows

    rows = count_rows(settings, url)
    if as_json:
        typer.echo(json.dumps({"rows": rows}))
        return
    for name, number in rows.items():
        typer.echo(f"{name:24}{number:12}")
    typer.echo(f"{'all':24}{sum(rows.values()):12}")


def _undo(settings: Settings, url: str | None) -> None:
    from contentlib.stores import undo_move

    undo_move(settings, url)
    typer.echo(f"{settings.database_file} can be used again, as it was when it was moved")
    if url is None:
        typer.echo("make sure that no server uses the PostgreSQL database any more, or undo with --database", err=True)


class Lines:
    """Prints the progress to standard error, a line at a time."""

    def __init__(self) -> None:
        self._phase, self._all, self._done = "", 0, 0
        self._began = self._told = 0.0

    def begin(self, phase: str, rows: int) -> None:
        """A phase begins, which looks at so many rows."""
        self._phase, self._all, self._done = phase, rows, 0
        self._began = self._told = time.monotonic()
        typer.echo(f"{phase}: {rows}", err=True)

    def advance(self, table: str, rows: int) -> None:
        """So many more rows of a table are done."""
        self._done += rows
        now = time.monotonic()
        if now - self._told >= _SECONDS:
            self._told = now
            rate = self._done / (now - self._began)
            typer.echo(f"{self._phase}: {self._done} of {self._all} ({table}), {rate:.0f}/s", err=True)
