"""Implements `contentlib users` and `contentlib groups`: who can log in at a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from contentlib.cli.administering import IsGroup, PasswordFile
from contentlib.cli.remote.listing import listing
from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, Yes, at_server, failing
from contentlib.cli.remote.showing import cell, confirmed, done, show

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.services.contentlib_access_groups import Member

User = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user, such as robin@vsphere.local.")]
Group = Annotated[str, typer.Argument(metavar="GROUP", help="Name of the group.")]
MemberName = Annotated[str, typer.Argument(metavar="MEMBER", help="Name of the user or, with --group, of the group.")]
DisplayName = Annotated[str | None, typer.Option("--display-name", metavar="TEXT", help="The name that is shown to people.")]
Email = Annotated[str | None, typer.Option("--email", metavar="ADDRESS", help="E-mail address.")]
NoPassword = Annotated[bool, typer.Option("--no-password", help="The user logs in with API tokens only.")]
Description = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What the group is for.")]
Source = Annotated[str | None, typer.Option("--source", metavar="PROVIDER", help="Provider, such as oidc:NAME or ldap:NAME.")]
ExternalName = Annotated[
    str | None, typer.Option("--external-name", metavar="NAME", help="Name of the group at the provider, or its DN.")
]
_STATES = {True: "enabled", False: "disabled"}

users = listing("Manages the users of a server, through its API.")
groups = listing("Manages the groups of a server, through its API.")


@users.command("ls")
def list_users(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the users of a server."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import each_of
        from contentlib.services.contentlib_access_users import UsersService

        names = await connection.call(UsersService.list)
        return await each_of(names, lambda name: connection.call(UsersService.get, user=name))

    found = at_server(profile, work)
    show(found, as_json, [(each.name, _STATES[each.enabled], each.display_name, ", ".join(each.groups)) for each in found])


@users.command("add")
def add_user(
    name: User,
    password_file: PasswordFile = None,
    no_password: NoPassword = False,
    display_name: DisplayName = None,
    email: Email = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Adds a user, who may do nothing until a permission is set."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.services.contentlib_access_users import CreateSpec, UsersService

        spec = CreateSpec(name=name, display_name=display_name, email=email, password=password)
        return await connection.call(UsersService.create, spec=spec)

    password = None if no_password else _password(password_file)
    made = at_server(profile, work)
    done(f"user {cell(made)!r} was added", as_json, user=made)


@users.command("edit")
def edit_user(
    name: User,
    display_name: DisplayName = None,
    email: Email = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Changes the display name and the e-mail address of a user."""
    _change_user(profile, name, display_name=display_name, email=email)
    done(f"user {cell(name)!r} was changed", as_json, user=name)


@users.command("enable")
def enable_user(name: User, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lets a user log in again."""
    _change_user(profile, name, enabled=True)
    done(f"user {cell(name)!r} is enabled", as_json, user=name, enabled=True)


@users.command("disable")
def disable_user(name: User, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Keeps a user out, and ends the user's sessions."""
    _change_user(profile, name, enabled=False)
    done(f"user {cell(name)!r} is disabled", as_json, user=name, enabled=False)


@users.command("password")
def set_password(
    name: User, password_file: PasswordFile = None, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False
) -> None:
    """Sets the password of a user, and ends the user's sessions."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_users import UsersService

        await connection.call(UsersService.set_password, user=name, password=password)

    password = _password(password_file)
    at_server(profile, work)
    done(f"the password of user {cell(name)!r} was set", as_json, user=name)


@users.command("rm")
def remove_user(name: User, yes: Yes = False, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Removes a user with sessions, tokens, permissions and memberships."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_users import UsersService

        found = await connection.call(UsersService.get, user=name)
        confirmed(f"Remove user {cell(found.name)!r} with all sessions, tokens and permissions?", yes)
        await connection.call(UsersService.delete, user=name)

    at_server(profile, work)
    done(f"user {cell(name)!r} was removed", as_json, user=name)


@groups.command("ls")
def list_groups(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the groups of a server with their direct members."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import each_of
        from contentlib.services.contentlib_access_groups import GroupsService

        names = await connection.call(GroupsService.list)
        return await each_of(names, lambda name: connection.call(GroupsService.get, group=name))

    found = at_server(profile, work)
    rows = [(each.name, each.description, ", ".join(member.name for member in each.members)) for each in found]
    show(found, as_json, rows)


@groups.command("add")
def add_group(
    name: Group,
    description: Description = None,
    source: Source = None,
    external_name: ExternalName = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Adds a group; with --source and --external-name, users of a provider's group become members when they log in."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.services.contentlib_access_groups import CreateSpec, GroupsService

        spec = CreateSpec(name=name, description=description, source=source, external_name=external_name)
        return await connection.call(GroupsService.create, spec=spec)

    made = at_server(profile, work)
    done(f"group {cell(made)!r} was added", as_json, group=made)


@groups.command("map")
def map_group(
    name: Group,
    source: Source = None,
    external_name: ExternalName = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Maps a group to a provider's group, whose users become members when they log in; without options, to none."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_groups import GroupsService

        await connection.call(GroupsService.map, group=name, source=source, external_name=external_name)

    at_server(profile, work)
    told = (
        f"group {cell(name)!r} is mapped to {external_name!r} of {source}" if source else f"group {cell(name)!r} is not mapped"
    )
    done(told, as_json, group=name, source=source, external_name=external_name)


@groups.command("join")
def join_group(
    name: Group,
    member: MemberName,
    is_group: IsGroup = False,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Makes a user or a group a member of a group."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_groups import GroupsService

        await connection.call(GroupsService.add_member, group=name, member=_member(member, is_group))

    at_server(profile, work)
    done(f"{cell(member)!r} is a member of group {cell(name)!r}", as_json, group=name, member=member)


@groups.command("leave")
def leave_group(
    name: Group,
    member: MemberName,
    is_group: IsGroup = False,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Ends a membership."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_groups import GroupsService

        await connection.call(GroupsService.remove_member, group=name, member=_member(member, is_group))

    at_server(profile, work)
    done(f"{cell(member)!r} is no longer a member of group {cell(name)!r}", as_json, group=name, member=member)


@groups.command("rm")
def remove_group(name: Group, yes: Yes = False, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Removes a group with its permissions; its members stay."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_groups import GroupsService

        found = await connection.call(GroupsService.get, group=name)
        confirmed(f"Remove group {cell(found.name)!r} with {len(found.members)} members, and its permissions?", yes)
        await connection.call(GroupsService.delete, group=name)

    at_server(profile, work)
    done(f"group {cell(name)!r} was removed", as_json, group=name)


def _change_user(
    profile: str, name: str, enabled: bool | None = None, display_name: str | None = None, email: str | None = None
) -> None:
    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_users import UpdateSpec, UsersService

        spec = UpdateSpec(enabled=enabled, display_name=display_name, email=email)
        await connection.call(UsersService.update, user=name, spec=spec)

    at_server(profile, work)


def _password(file: Any) -> str:
    from contentlib.cli.administering import read_password

    with failing():
        return read_password(file)


def _member(name: str, is_group: bool) -> Member:
    from contentlib.services.contentlib_access_groups import Member
    from contentlib.structures.access import PrincipalType

    return Member(name=name, type=PrincipalType.GROUP if is_group else PrincipalType.USER)
