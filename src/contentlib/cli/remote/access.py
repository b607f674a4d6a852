"""Implements `contentlib roles`, `permissions` and `tokens`: who may do what on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from contentlib.cli.administering import IsGroup
from contentlib.cli.remote.listing import listing
from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, Yes, at_server
from contentlib.cli.remote.showing import cell, confirmed, done, show

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.services.contentlib_access_tokens import CreateResult

OnLibrary = Annotated[str | None, typer.Option("--library", metavar="LIBRARY", help="Only the permissions on this library.")]
ForLibrary = Annotated[
    str | None, typer.Option("--library", metavar="LIBRARY", help="Library; without it, the permission is on everything.")
]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="Name of the role.")]
Privileges = Annotated[list[str], typer.Argument(metavar="PRIVILEGE...", help="Privileges, such as System.Read.")]
Description = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What the role is for.")]
Principal = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user or, with --group, of the group.")]
Permission = Annotated[str, typer.Argument(metavar="ID", help="Id of the permission, as `permissions` prints it.")]
OfUser = Annotated[str | None, typer.Option("--user", metavar="NAME", help="Only tokens of this user.")]
ForUser = Annotated[str | None, typer.Option("--user", metavar="NAME", help="User whom the token stands for; by default you.")]
Token = Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as `tokens` prints it.")]
TokenName = Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")]
Days = Annotated[int | None, typer.Option("--days", min=1, max=36500, metavar="N", help="The token ends after so many days.")]
NarrowRole = Annotated[str | None, typer.Option("--role", metavar="ROLE", help="The token does no more than this role allows.")]
Libraries = Annotated[
    list[str] | None,
    typer.Option("--library", metavar="LIBRARY", help="The token works on this library only; may be given again."),
]
_DAY = 86_400_000

roles = listing("Manages the roles of a server, through its API.")
permissions = listing("Manages the permissions of a server, through its API.")
tokens = listing("Manages the API tokens of a server, through its API.")


@roles.command("ls")
def list_roles(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the roles of a server."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import each_of
        from contentlib.services.contentlib_access_roles import RolesService

        names = await connection.call(RolesService.list)
        return await each_of(names, lambda name: connection.call(RolesService.get, role=name))

    found = at_server(profile, work)
    show(found, as_json, [(each.name, f"{len(each.privileges)} privileges", each.description) for each in found])


@roles.command("show")
def show_role(name: Role, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Prints the privileges of a role."""

    async def work(connection: ServerConnection) -> Any:
        from contentlib.services.contentlib_access_roles import RolesService

        return await connection.call(RolesService.get, role=name)

    found = at_server(profile, work)
    show(found, as_json, [(each,) for each in sorted(found.privileges)])


@roles.command("add")
def add_role(
    name: Role,
    privileges: Privileges,
    description: Description = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Adds a role."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.services.contentlib_access_roles import CreateSpec, RolesService

        spec = CreateSpec(name=name, privileges=set(privileges), description=description)
        return await connection.call(RolesService.create, spec=spec)

    made = at_server(profile, work)
    done(f"role {cell(made)!r} was added", as_json, role=made)


@roles.command("rm")
def remove_role(name: Role, yes: Yes = False, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Removes a role that no permission and no token has."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_roles import RolesService

        found = await connection.call(RolesService.get, role=name)
        confirmed(f"Remove role {cell(found.name)!r} with {len(found.privileges)} privileges?", yes)
        await connection.call(RolesService.delete, role=name)

    at_server(profile, work)
    done(f"role {cell(name)!r} was removed", as_json, role=name)


@permissions.command("ls")
def list_permissions(library: OnLibrary = None, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the permissions of a server."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.services.contentlib_access_permissions import PermissionsService

        return await connection.call(PermissionsService.list, library=await _library(connection, library))

    found = at_server(profile, work)
    show(found, as_json, [(each.principal, each.role, each.library or "everything", each.id) for each in found])


@permissions.command("set")
def set_permission(
    name: Principal,
    role: Role,
    library: ForLibrary = None,
    is_group: IsGroup = False,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Gives a user or a group a role, in place of the one that it has there, and prints the id of the permission."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.services.contentlib_access_permissions import PermissionsService, Spec
        from contentlib.structures.access import PrincipalType

        kind = PrincipalType.GROUP if is_group else PrincipalType.USER
        spec = Spec(principal=name, principal_type=kind, role=role, library=await _library(connection, library))
        return await connection.call(PermissionsService.set, spec=spec)

    made = at_server(profile, work)
    show({"id": made}, as_json, [(made,)])


@permissions.command("rm")
def remove_permission(
    permission: Permission, yes: Yes = False, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False
) -> None:
    """Takes a permission away."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_permissions import PermissionsService

        found = await connection.call(PermissionsService.get, permission=permission)
        confirmed(f"Take role {cell(found.role)!r} on {found.library or 'everything'} from {cell(found.principal)!r}?", yes)
        await connection.call(PermissionsService.delete, permission=permission)

    at_server(profile, work)
    done(f"permission {cell(permission)} was removed", as_json, id=permission)


@tokens.command("ls")
def list_tokens(user: OfUser = None, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the API tokens of a server, without their secrets."""

    async def work(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import each_of
        from contentlib.services.contentlib_access_tokens import TokensService

        found = await connection.call(TokensService.list, user=user)
        return await each_of(found, lambda token: connection.call(TokensService.get, token=token))

    found = at_server(profile, work)
    show(found, as_json, [(each.name, each.user, each.role, _expiry(each), each.id) for each in found])


@tokens.command("add")
def add_token(
    name: TokenName,
    user: ForUser = None,
    days: Days = None,
    role: NarrowRole = None,
    library: Libraries = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Makes a token and prints it; it cannot be printed again."""

    async def work(connection: ServerConnection) -> CreateResult:
        import time

        from contentlib.services.contentlib_access_tokens import CreateSpec, TokensService
        from contentlib.vapi.types import DateTime

        libraries = [found for each in library or () if (found := await _library(connection, each)) is not None]
        expires = None if days is None else DateTime(int(time.time() * 1000) + days * _DAY)
        spec = CreateSpec(name=name, user=user, expires=expires, role=role, libraries=libraries or None)
        return await connection.call(TokensService.create, spec=spec)

    made = at_server(profile, work)
    show(made, as_json, [(made.secret,)])


@tokens.command("rm")
def remove_token(token: Token, yes: Yes = False, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Removes a token, and ends the sessions that it started."""

    async def work(connection: ServerConnection) -> None:
        from contentlib.services.contentlib_access_tokens import TokensService

        found = await connection.call(TokensService.get, token=token)
        confirmed(f"Remove token {cell(found.name)!r} of user {cell(found.user)!r}?", yes)
        await connection.call(TokensService.delete, token=token)

    at_server(profile, work)
    done(f"token {cell(token)} was removed", as_json, id=token)


async def _library(connection: ServerConnection, name: str | None) -> str | None:
    """The id of a library by name or id."""
    from contentlib.client.finding import NameFinder

    return None if name is None else (await NameFinder(connection).library(name)).id


def _expiry(token: Any) -> str:
    return "" if token.expires is None else f"expires {token.expires}"
