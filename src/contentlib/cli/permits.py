"""Manages roles, permissions and API tokens by `contentlib role`, `permission` and `token`, beside a server or without one."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from contentlib.cli.administering import IsGroup, administer, table
from contentlib.cli.settings import Config, DataDir

RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="Name of the role.")]
Privileges = Annotated[list[str], typer.Argument(metavar="PRIVILEGE...", help="Privileges, such as System.Read.")]
Description = Annotated[str, typer.Option("--description", metavar="TEXT", help="What the role is for.")]
Principal = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user or, with --group, of the group.")]
OnLibrary = Annotated[
    str | None, typer.Option("--library", metavar="ID", help="Id of the library; without it, the permission is on everything.")
]
PermissionId = Annotated[str, typer.Argument(metavar="ID", help="Id of the permission, as `permission list` prints it.")]
Owner = Annotated[str, typer.Argument(metavar="USER", help="Name of the user whom the token stands for.")]
OfUser = Annotated[str | None, typer.Option("--user", metavar="USER", help="Only the tokens of this user.")]
TokenName = Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")]
TokenId = Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as `token list` prints it.")]
Days = Annotated[int | None, typer.Option("--days", min=1, max=36500, metavar="N", help="The token ends after so many days.")]
NarrowRole = Annotated[str | None, typer.Option("--role", metavar="ROLE", help="The token does no more than this role allows.")]
Libraries = Annotated[
    list[str] | None, typer.Option("--library", metavar="ID", help="The token works on this library only; may be given again.")
]

role = typer.Typer(help="Manages roles; a server may be running.", no_args_is_help=True)
permission = typer.Typer(help="Manages permissions; a server may be running.", no_args_is_help=True)
token = typer.Typer(help="Manages API tokens; a server may be running.", no_args_is_help=True)


@role.command("list")
def list_roles(data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the roles, those that are built in first."""
    found = administer(config, data_dir, lambda rules: rules.roles.all())
    table([(each.name, each.description) for each in found])


@role.command("show")
def show_role(name: RoleName, data_dir: DataDir = None, config: Config = None) -> None:
    """Prints the privileges of a role."""
    for privilege in administer(config, data_dir, lambda rules: rules.roles.get(name)).privileges:
        typer.echo(privilege)


@role.command("add")
def add_role(
    name: RoleName, privileges: Privileges, description: Description = "", data_dir: DataDir = None, config: Config = None
) -> None:
    """Adds a role."""
    administer(config, data_dir, lambda rules: rules.roles.create(name, privileges, description))
    typer.echo(f"role {name!r} was added")


@role.command("remove")
def remove_role(name: RoleName, data_dir: DataDir = None, config: Config = None) -> None:
    """Removes a role that no permission and no token has."""
    administer(config, data_dir, lambda rules: rules.roles.remove(name))
    typer.echo(f"role {name!r} was removed")


@permission.command("list")
def list_permissions(library: OnLibrary = None, data_dir: DataDir = None, config: Config = None) -> None:
    """Lists all permissions, or those on a library."""
    found = administer(config, data_dir, lambda rules: rules.grants.all(library))
    table([(each.id, each.principal, each.role, each.library or "everything") for each in found])


@permission.command("set")
def set_permission(
    name: Principal,
    role: RoleName,
    library: OnLibrary = None,
    is_group: IsGroup = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Gives a user or a group a role, in place of the one that it has there."""
    from contentlib.access.rights import EVERY_RIGHT

    made = administer(config, data_dir, lambda rules: rules.grants.set(EVERY_RIGHT, name, role, library, is_group=is_group))
    typer.echo(f"permission {made} was set")


@permission.command("remove")
def remove_permission(identifier: PermissionId, data_dir: DataDir = None, config: Config = None) -> None:
    """Takes a permission away."""
    from contentlib.access.rights import EVERY_RIGHT

    administer(config, data_dir, lambda rules: rules.grants.remove(EVERY_RIGHT, identifier))
    typer.echo(f"permission {identifier} was removed")


@token.command("list")
def list_tokens(user: OfUser = None, data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the tokens."""
    found = administer(config, data_dir, lambda rules: rules.tokens.all(user))
    table([(each.id, each.user, each.name, each.role or "") for each in found])


@token.command("create")
def create_token(
    user: Owner,
    name: TokenName,
    days: Days = None,
    role: NarrowRole = None,
    library: Libraries = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Makes a token and prints it; it cannot be printed again."""
    from contentlib.access.api_tokens import NewApiToken

    expires = None if days is None else int((time.time() + days * 86_400) * 1000)
    new = NewApiToken(name, expires, role, tuple(library) if library else None)
    _, secret = administer(config, data_dir, lambda rules: rules.tokens.issue(user, new))
    typer.echo(secret)


@token.command("remove")
def remove_token(identifier: TokenId, data_dir: DataDir = None, config: Config = None) -> None:
    """Removes a token, and ends the sessions that it started."""
    administer(config, data_dir, lambda rules: rules.tokens.remove(identifier))
    typer.echo(f"token {identifier} was removed")
