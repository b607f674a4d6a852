"""Implements `contentlib secret`: shows and rotates the keys of encrypted secrets, with or without a running server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from contentlib.cli.administering import check_database, table
from contentlib.cli.progress import told
from contentlib.cli.settings import Config, DataDir, prepare, settings_or_exit

if TYPE_CHECKING:
    from contentlib.access.rotation import KeyUse, Rotation
    from contentlib.settings import Settings

Answer = TypeVar("Answer")
DropOld = Annotated[
    bool,
    typer.Option("--drop-old", help="Remove the older keys afterwards. Backups of the database made before still need them."),
]

secret = typer.Typer(help="Manages the keys of encrypted secrets; a server may be running.", no_args_is_help=True)


@secret.command("status")
def show_status(data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the keys, newest first, with the number of secrets that each encrypts, and the secrets that cannot be decrypted.

    Exits with 1 if a key or a secret is damaged or missing.
    """
    found = _run(config, data_dir, lambda rotation: rotation.status())
    table([_described(each, newest=each is found.keys[0]) for each in found.keys])
    _warn([*([] if found.damage is None else [found.damage]), *found.unreadable])
    if found.damage is not None or found.unreadable:
        raise typer.Exit(1)


@secret.command("rotate")
def rotate_keys(drop_old: DropOld = False, data_dir: DataDir = None, config: Config = None) -> None:
    """Adds a key and encrypts all secrets with it. Continues a rotation that was interrupted."""
    found = _run(config, data_dir, lambda rotation: rotation.rotate())
    typer.echo(f"key {found.key.id} {'continues an interrupted rotation' if found.resumed else 'was added'}")
    typer.echo(f"secrets encrypted with it: {found.sealed}")
    _warn(found.unreadable)
    if drop_old:
        _drop_old(config, data_dir)
    if found.unreadable:
        raise typer.Exit(1)


def _drop_old(config: Path | None, data_dir: Path | None) -> None:
    dropped = _run(config, data_dir, lambda rotation: rotation.drop_old())
    if dropped is None:
        typer.echo("contentlib: no key was removed: secrets still need an older key; rotate again", err=True)
        raise typer.Exit(1)
    for each in dropped:
        typer.echo(f"key {each.id} was removed")


def _described(use: KeyUse, *, newest: bool) -> tuple[str, ...]:
    made = "made by an earlier version" if use.key.made == "-" else f"made {use.key.made}"
    earlier = f"{use.earlier} in the format of an earlier version" if use.earlier else ""
    return use.key.id, made, f"secrets: {use.secrets}", "newest" if newest else "", earlier


def _warn(problems: Iterable[str]) -> None:
    for each in problems:
        typer.echo(f"contentlib: {each}", err=True)


def _run(config: Path | None, data_dir: Path | None, work: Callable[[Rotation], Awaitable[Answer]]) -> Answer:
    settings = settings_or_exit(config, data_dir)
    with told():
        check_database(settings)
        prepare(settings)
        return asyncio.run(_rotation(settings, work))


async def _rotation(settings: Settings, work: Callable[[Rotation], Awaitable[Answer]]) -> Answer:
    from contentlib.access.key_ring import KeyRing
    from contentlib.access.rotation import Rotation
    from contentlib.stores import open_rows

    metadata = open_rows(settings)
    try:
        return await work(Rotation(metadata, KeyRing(settings.sealing_key)))
    finally:
        await metadata.close()
