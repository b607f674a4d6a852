"""Implements `contentlib settings`: prints every setting with its value and source."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from contentlib.settings import Loaded, Settings

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="TOML file with settings; defaults to ./contentlib.toml if it exists."),
]
DataDir = Annotated[Path | None, typer.Option("--data-dir", metavar="DIR", help="Data directory of the server.")]


def settings(config: Config = None) -> None:
    """Prints every setting with its value and source. Secrets are masked."""
    from contentlib.settings import shown_value

    loaded = load_or_exit(config, {})
    lines = [(name, shown_value(value), loaded.sources[name]) for name, value in loaded.settings]
    name_width, value_width = (max(len(line[column]) for line in lines) for column in (0, 1))
    for name, value, source in lines:
        typer.echo(f"{name:{name_width}}  {value:{value_width}}  {source}")


def load_or_exit(config: Path | None, overrides: Mapping[str, object]) -> Loaded:
    """Loads the settings, or prints all errors to standard error and exits with 2."""
    from contentlib.settings import ConfigurationError, load

    try:
        return load(config, overrides)
    except ConfigurationError as error:
        for fault in error.faults:
            typer.echo(fault, err=True)
        raise typer.Exit(2) from error


def settings_or_exit(config: Path | None, data_dir: Path | None) -> Settings:
    """The settings of a command that works on a data directory, which may be given on the command line."""
    return load_or_exit(config, {} if data_dir is None else {"data_dir": data_dir}).settings


def prepare(settings: Settings) -> None:
    """Creates the data directory and its tables. A server may be running on an existing one."""
    from contentlib.cli import lock, modes
    from contentlib.cli.acting import act_locally
    from contentlib.stores import database_of

    act_locally()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_owner(settings.data_dir)
    modes.mend(settings.data_dir)
    database = database_of(settings)
    if database.is_current():
        return
    held = lock.hold(settings.data_dir)
    try:
        database.upgrade()
    finally:
        os.close(held)


def check_owner(data_dir: Path) -> None:
    """Raises RuntimeError if the server could not read what this process writes, because it runs as another user."""
    owner = data_dir.stat().st_uid
    if owner != os.geteuid():
        raise RuntimeError(f"data directory {data_dir} belongs to user {_user(owner)}; run the command as that user")


def _user(number: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
