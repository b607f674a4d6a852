"""Implements `contentlib migrate`: moves the metadata to PostgreSQL, or content to another storage, while the server runs."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.administering import check_database
from contentlib.cli.progress import told
from contentlib.cli.settings import Config, DataDir, check_owner, settings_or_exit
from contentlib.cli.storages import Json, clear

if TYPE_CHECKING:
    from contentlib.metadata.moves.move import Moved
    from contentlib.settings import Settings

_SECONDS = 5.0  # between two lines about the same phase

Url = Annotated[str | None, typer.Option("--database", metavar="URL", help="PostgreSQL database to move to; must be empty.")]
Source = Annotated[
    str | None, typer.Option("--storage", metavar="STORAGE", help="Id or name of a storage whose content is to be moved.")
]
Target = Annotated[str | None, typer.Option("--to", metavar="STORAGE", help="Id or name of the storage to move it to.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what would be moved, and change nothing.")]
Undo = Annotated[
    bool, typer.Option("--undo", help="Use the SQLite database again. With --database, no server can use that one any more.")
]


def migrate(
    database: Url = None,
    storage: Source = None,
    to: Target = None,
    dry_run: DryRun = False,
    undo: Undo = False,
    as_json: Json = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Moves the metadata of a server to PostgreSQL (--database), or content to another storage (--storage and --to).

    The server can run; it refuses changes during the last part of moving metadata. Start the command again after an interrupt.
    """
    settings = settings_or_exit(config, data_dir)
    with told():
        _check_options(database, storage, to, undo=undo)
    if storage is not None and to is not None:
        clear(settings, storage, to, dry_run=dry_run, as_json=as_json)
        return
    with told():
        _check(settings, database)
        if undo:
            _undo(settings, database)
        elif database is None:
            raise RuntimeError("--database is required: the URL of the database to move to; or --storage and --to")
        elif dry_run:
            _count(settings, database, as_json=as_json)
        else:
            _move(settings, database, as_json=as_json)


def _check_options(database: str | None, storage: str | None, to: str | None, *, undo: bool) -> None:
    if (storage is None) != (to is None):
        raise RuntimeError("--storage and --to must be given together")
    if storage is not None and (database is not None or undo):
        raise RuntimeError(f"--storage cannot be combined with {'--undo' if undo else '--database'}; move one after the other")


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
