"""Implements `contentlib users`, `roles`, `permissions` and `tokens`: lists who may do what on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, at_server
from contentlib.cli.remote.showing import show

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection

OnLibrary = Annotated[str | None, typer.Option("--library", metavar="LIBRARY", help="Only permissions on this library.")]
OfUser = Annotated[str | None, typer.Option("--user", metavar="NAME", help="Only tokens of this user.")]


def users(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the users of a server. `contentlib user` changes them, on the machine of the server."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import each_of
        from contentlib.services.contentlib_access_users import UsersService

        names = await connection.call(UsersService.list)
        return await each_of(names, lambda name: connection.call(UsersService.get, user=name))

    found = at_server(profile, work)
    states = {True: "enabled", False: "disabled"}
    show(found, as_json, [(each.name, states[each.enabled], each.display_name, ", ".join(each.groups)) for each in found])


def roles(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the roles of a server. `contentlib role` changes them, on the machine of the server."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import each_of
        from contentlib.services.contentlib_access_roles import RolesService

        names = await connection.call(RolesService.list)
        return await each_of(names, lambda name: connection.call(RolesService.get, role=name))

    found = at_server(profile, work)
    show(found, as_json, [(each.name, f"{len(each.privileges)} privileges", each.description) for each in found])


def permissions(library: OnLibrary = None, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the permissions of a server. `contentlib permission` changes them, on the machine of the server."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import NameFinder
        from contentlib.services.contentlib_access_permissions import PermissionsService

        chosen = None if library is None else (await NameFinder(connection).library(library)).id
        return await connection.call(PermissionsService.list, library=chosen)

    found = at_server(profile, work)
    show(found, as_json, [(each.principal, each.role, each.library or "everything", each.id) for each in found])


def tokens(user: OfUser = None, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the API tokens of a server, without their secrets. `contentlib token` changes them, on the server's machine."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import each_of
        from contentlib.services.contentlib_access_tokens import TokensService

        found = await connection.call(TokensService.list, user=user)
        return await each_of(found, lambda token: connection.call(TokensService.get, token=token))

    found = at_server(profile, work)
    show(found, as_json, [(each.name, each.user, each.role, _expiry(each), each.id) for each in found])


def _expiry(token: Any) -> str:
    return "" if token.expires is None else f"expires {token.expires}"
