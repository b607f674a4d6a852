"""Manages users and groups by `contentlib user` and `contentlib group`, with or without a running server."""

from __future__ import annotations

from typing import Annotated

import typer

from contentlib.cli.administering import IsGroup, PasswordFile, administer, read_password, table
from contentlib.cli.progress import told
from contentlib.cli.settings import Config, DataDir

UserName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user, such as robin@vsphere.local.")]
GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="Name of the group.")]
Member = Annotated[str, typer.Argument(metavar="MEMBER", help="Name of the user or, with --group, of the group.")]
DisplayName = Annotated[str, typer.Option("--display-name", metavar="TEXT", help="The name that is shown to people.")]
Email = Annotated[str, typer.Option("--email", metavar="ADDRESS", help="E-mail address.")]
NoPassword = Annotated[bool, typer.Option("--no-password", help="The user logs in with API tokens only.")]
Description = Annotated[str, typer.Option("--description", metavar="TEXT", help="What the group is for.")]
Source = Annotated[str | None, typer.Option("--source", metavar="PROVIDER", help="Provider, such as oidc:NAME or ldap:NAME.")]
ExternalName = Annotated[
    str | None, typer.Option("--external-name", metavar="NAME", help="Name of the group at the provider, or its DN.")
]

user = typer.Typer(help="Manages users; a server may be running.", no_args_is_help=True)
group = typer.Typer(help="Manages groups; a server may be running.", no_args_is_help=True)


@user.command("list")
def list_users(data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the users."""
    found = administer(config, data_dir, lambda rules: rules.users.all())
    table([(each.name, "enabled" if each.enabled else "disabled", each.display_name) for each in found])


@user.command("add")
def add_user(
    name: UserName,
    password_file: PasswordFile = None,
    no_password: NoPassword = False,
    display_name: DisplayName = "",
    email: Email = "",
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Adds a user, who may do nothing until a permission is set."""
    from contentlib.access.users import NewUser

    with told():
        password = None if no_password else read_password(password_file)
    new = NewUser(name, password, display_name, email)
    typer.echo(f"user {administer(config, data_dir, lambda rules: rules.users.create(new))!r} was added")


@user.command("password")
def set_password(name: UserName, password_file: PasswordFile = None, data_dir: DataDir = None, config: Config = None) -> None:
    """Sets the password of a user, and ends the user's sessions."""
    with told():
        password = read_password(password_file)
    administer(config, data_dir, lambda rules: rules.users.set_password(name, password))
    typer.echo(f"the password of user {name!r} was set")


@user.command("enable")
def enable_user(name: UserName, data_dir: DataDir = None, config: Config = None) -> None:
    """Lets a user log in again."""
    _switch(name, data_dir, config, enabled=True)


@user.command("disable")
def disable_user(name: UserName, data_dir: DataDir = None, config: Config = None) -> None:
    """Keeps a user out, and ends the user's sessions."""
    _switch(name, data_dir, config, enabled=False)


def _switch(name: str, data_dir: DataDir, config: Config, *, enabled: bool) -> None:
    from contentlib.access.users import UserChange

    administer(config, data_dir, lambda rules: rules.users.update(name, UserChange(enabled=enabled)))
    typer.echo(f"user {name!r} is {'enabled' if enabled else 'disabled'}")


@user.command("remove")
def remove_user(name: UserName, data_dir: DataDir = None, config: Config = None) -> None:
    """Removes a user with sessions, tokens, permissions and memberships."""
    administer(config, data_dir, lambda rules: rules.users.remove(name))
    typer.echo(f"user {name!r} was removed")


@group.command("list")
def list_groups(data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the groups."""
    found = administer(config, data_dir, lambda rules: rules.groups.all())
    table([(each.name, each.description) for each in found])


@group.command("members")
def list_members(name: GroupName, data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the members that a group has itself."""
    from contentlib.library.principals import Group

    _, members = administer(config, data_dir, lambda rules: rules.groups.get(name))
    table([("group" if isinstance(each, Group) else "user", each.name) for each in members])


@group.command("add")
def add_group(
    name: GroupName,
    description: Description = "",
    source: Source = None,
    external_name: ExternalName = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Adds a group; with --source and --external-name, users of a provider's group become members when they log in."""
    administer(config, data_dir, lambda rules: rules.groups.create(name, description, (source, external_name)))
    typer.echo(f"group {name!r} was added")


@group.command("map")
def map_group(
    name: GroupName,
    source: Source = None,
    external_name: ExternalName = None,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Maps a group to a provider's group, whose users become members when they log in; without options, to none."""
    administer(config, data_dir, lambda rules: rules.groups.map(name, (source, external_name)))
    typer.echo(f"group {name!r} is mapped to {external_name!r} of {source}" if source else f"group {name!r} is not mapped")


@group.command("remove")
def remove_group(name: GroupName, data_dir: DataDir = None, config: Config = None) -> None:
    """Removes a group with its permissions; its members stay."""
    administer(config, data_dir, lambda rules: rules.groups.remove(name))
    typer.echo(f"group {name!r} was removed")


@group.command("join")
def join_group(
    name: GroupName, member: Member, is_group: IsGroup = False, data_dir: DataDir = None, config: Config = None
) -> None:
    """Makes a user or a group a member of a group."""
    administer(config, data_dir, lambda rules: rules.groups.join(name, member, is_group=is_group))
    typer.echo(f"{member!r} is a member of group {name!r}")


@group.command("leave")
def leave_group(
    name: GroupName, member: Member, is_group: IsGroup = False, data_dir: DataDir = None, config: Config = None
) -> None:
    """Ends a membership."""
    administer(config, data_dir, lambda rules: rules.groups.leave(name, member, is_group=is_group))
    typer.echo(f"{member!r} is no longer a member of group {name!r}")
