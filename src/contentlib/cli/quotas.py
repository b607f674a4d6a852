"""Manages quotas by `contentlib quota`, with or without a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.administering import administer, table
from contentlib.cli.settings import Config, DataDir

if TYPE_CHECKING:
    from contentlib.library.model import HeldAmount, Quota

Subject = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user or, with --library, identifier of the library.")]
IsLibrary = Annotated[bool, typer.Option("--library", help="The quota is that of a library, not of a user.")]
MostBytes = Annotated[int | None, typer.Option("--bytes", metavar="NUMBER", min=0, help="Bytes of all kept versions.")]
MostItems = Annotated[int | None, typer.Option("--items", metavar="NUMBER", min=0, help="Number of items.")]
Repair = Annotated[bool, typer.Option("--repair", help="Replace wrong totals.")]

quota = typer.Typer(help="Manages quotas of libraries and users; a server may be running.", no_args_is_help=True)


@quota.command("list")
def list_quotas(data_dir: DataDir = None, config: Config = None) -> None:
    """Lists what libraries and users hold, and their limits."""
    libraries = administer(config, data_dir, lambda rules: rules.quotas.of_libraries())
    users = administer(config, data_dir, lambda rules: rules.quotas.of_users())
    found = [_row("library", *each) for each in libraries.items()] + [_row("user", *each) for each in users.items()]
    table([("KIND", "NAME", "BYTES", "RESERVED", "LIMIT", "ITEMS", "LIMIT", "STATE"), *found])


@quota.command("set")
def set_quota(
    name: Subject,
    is_library: IsLibrary = False,
    most_bytes: MostBytes = None,
    most_items: MostItems = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Sets both limits; one that is not given is removed."""
    from contentlib.library.catalog.quotas import QuotaLimits

    limits = QuotaLimits(most_bytes, most_items)
    if is_library:
        administer(config, data_dir, lambda rules: rules.quotas.limit_library(name, limits))
    else:
        administer(config, data_dir, lambda rules: rules.quotas.limit_user(name, limits))
    typer.echo(f"the quota of {'library' if is_library else 'user'} {name!r} was set")


@quota.command("verify")
def verify_quotas(repair: Repair = False, data_dir: DataDir = None, config: Config = None) -> None:
    """Compares all totals with the content. Exits with 1 if one is wrong and not repaired."""
    wrong = administer(config, data_dir, lambda rules: rules.quotas.verify(repair=repair))
    for each in wrong:
        typer.echo(f"{each.owner}: {_told(each.noted)}; should be {_told(each.computed)}{' (repaired)' if repair else ''}")
    if wrong and not repair:
        raise typer.Exit(1)
    if not wrong:
        typer.echo("all totals are right")


def _told(held: HeldAmount) -> str:
    return f"{held.bytes} bytes, {held.items} items, {held.reserved} reserved"


def _row(kind: str, name: str, quota: Quota) -> tuple[str, ...]:
    limits = ["-" if each is None else str(each) for each in (quota.most_bytes, quota.most_items)]
    return (kind, name, str(quota.bytes), str(quota.reserved), limits[0], str(quota.items), limits[1], quota.level.value)
