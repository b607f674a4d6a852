"""Implements `contentlib trash`: lists, restores and purges deleted libraries and items of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, Yes, at_server
from contentlib.cli.remote.showing import cell, confirmed, done, show, size_text

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.services.contentlib_library_trash import DeletedInfo

Deleted = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the library or item, or its name if it is unique in the trash.")
]
NewName = Annotated[str | None, typer.Option("--name", metavar="NAME", help="New name, if the old one is taken.")]

trash = typer.Typer(help="Works on the trash of a server, through its API.", no_args_is_help=True)


@trash.command("ls")
def list_trash(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists deleted libraries and items, and until when they can be restored."""

    async def work(connection: ServerConnection) -> list[DeletedInfo]:
        from contentlib.services.contentlib_library_trash import TrashService

        return await connection.call(TrashService.list)

    found = at_server(profile, work)
    rows = [(each.type.lower(), each.name, size_text(each.size), f"until {each.until}", each.id) for each in found]
    show(found, as_json, rows)


@trash.command("restore")
def restore_deleted(
    deleted: Deleted, name: NewName = None, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False
) -> None:
    """Restores a library or an item with all its versions."""

    async def work(connection: ServerConnection) -> DeletedInfo:
        from contentlib.services.contentlib_library_trash import TrashService

        found = await _found(connection, deleted)
        await connection.call(TrashService.restore, deleted_id=found.id, name=name)
        return found

    found = at_server(profile, work)
    done(f"{found.type.lower()} {cell(name or found.name)!r} was restored", as_json, id=found.id, name=name or found.name)


@trash.command("purge")
def purge_deleted(deleted: Deleted, yes: Yes = False, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Removes a deleted library or item for good."""

    async def work(connection: ServerConnection) -> DeletedInfo:
        from contentlib.services.contentlib_library_trash import TrashService

        found = await _found(connection, deleted)
        confirmed(f"Remove {found.type.lower()} {cell(found.name)!r} ({size_text(found.size)}) for good?", yes)
        await connection.call(TrashService.purge, deleted_id=found.id)
        return found

    found = at_server(profile, work)
    done(f"{found.type.lower()} {cell(found.name)!r} was removed for good", as_json, id=found.id, name=found.name)


async def _found(connection: ServerConnection, deleted: str) -> DeletedInfo:
    from contentlib.client.failures import ClientFailed, NotFoundHere
    from contentlib.services.contentlib_library_trash import TrashService

    found = [each for each in await connection.call(TrashService.list) if deleted in (each.id, each.name)]
    if not found:
        raise NotFoundHere(f"{deleted!r} is not in the trash; see: contentlib trash ls")
    if len(found) > 1:
        raise ClientFailed(f"{len(found)} objects in the trash are named {deleted!r}; give the id")
    return found[0]
