"""Implements `contentlib item`, `versions` and `rollback`: works on items of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, Yes, at_server
from contentlib.cli.remote.showing import cell, confirmed, done, show, show_json, size_text

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.services.content_library_item import ItemModel
    from contentlib.services.content_library_item_file import FileInfo
    from contentlib.services.contentlib_library_item_versions import VersionInfo

Library = Annotated[str, typer.Argument(metavar="LIBRARY", help="Name or id of the library.")]
Item = Annotated[str, typer.Argument(metavar="LIBRARY/ITEM", help="Names or ids of the library and the item.")]
Target = Annotated[str, typer.Argument(metavar="LIBRARY[/ITEM]", help="Library to copy to, and the name of the copy.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="Content version, as `contentlib versions` prints it.")]

item = typer.Typer(help="Works on items of a server, through its API.", no_args_is_help=True)


@item.command("ls")
def list_items(library: Library, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the items of a library."""

    async def work(connection: ServerConnection) -> list[ItemModel]:
        from contentlib.client.finding import NameFinder

        finder = NameFinder(connection)
        return await finder.items((await finder.library(library)).id or "")

    found = at_server(profile, work)
    rows = [(each.name, each.type, size_text(each.size), f"version {each.content_version}", each.id) for each in found]
    show(found, as_json, rows)


@item.command("show")
def show_item(name: Item, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Prints an item, and its files with their checksums."""

    async def work(connection: ServerConnection) -> tuple[ItemModel, list[FileInfo]]:
        from contentlib.client.finding import NameFinder
        from contentlib.services.content_library_item_file import FileService

        found = await NameFinder(connection).item(name)
        return found, await connection.call(FileService.list, library_item_id=found.id or "")

    found, files = at_server(profile, work)
    if as_json:
        show_json({"item": found, "files": files})
        return
    told = ("name", "id", "type", "description", "content_version", "creation_time", "last_modified_time")
    show(None, False, [(field, value) for field in told if (value := getattr(found, field)) not in (None, "")])
    show(None, False, [(file.name, size_text(file.size), _checksum(file)) for file in files])


@item.command("rm")
def remove_item(name: Item, yes: Yes = False, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Deletes an item with all its versions. It can be restored from the trash."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.client.finding import NameFinder
        from contentlib.services.content_library_item import ItemService

        found = await NameFinder(connection).item(name)
        confirmed(f"Delete item {cell(found.name)!r} ({size_text(found.size)}) with all its versions?", yes)
        await connection.call(ItemService.delete, library_item_id=found.id or "")
        return found.id or ""

    deleted = at_server(profile, work)
    done(f"item {name!r} was deleted; see: contentlib trash ls", as_json, id=deleted)


@item.command("copy")
def copy_item(name: Item, target: Target, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Copies an item within a server, and prints the id of the copy. An interrupt does not end the copy."""
    from contentlib.cli.progress import Bar

    async def work(connection: ServerConnection) -> str:
        from contentlib.client.finding import NameFinder
        from contentlib.client.tasks import finished
        from contentlib.services.content_library_item import ItemModel, ItemService

        finder = NameFinder(connection)
        found, (library, new) = await finder.item(name), await finder.within(target)
        spec = ItemModel(library_id=library.id, name=new or found.name, type=found.type, description=found.description)
        task = await connection.begin(
            ItemService.copy, client_token=None, source_library_item_id=found.id or "", destination_create_spec=spec
        )
        with Bar() as bar:
            return str((await finished(connection, task, bar)).result)

    made = at_server(profile, work)
    show({"id": made}, as_json, [(made,)])


def versions(name: Item, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the content versions of an item on a server that can be made current again, newest first."""

    async def work(connection: ServerConnection) -> list[VersionInfo]:
        from contentlib.client.finding import NameFinder
        from contentlib.services.contentlib_library_item_versions import VersionsService

        found = await NameFinder(connection).item(name)
        return await connection.call(VersionsService.list, library_item_id=found.id or "")

    found = at_server(profile, work)
    show(found, as_json, [(each.version, each.time, size_text(each.size), each.user, _changed(each)) for each in found])


def rollback(name: Item, version: Version, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Makes an earlier content version of an item current again, as a new version, whose number is printed."""
    from contentlib.cli.progress import Bar

    async def work(connection: ServerConnection) -> str:
        from contentlib.client.finding import NameFinder
        from contentlib.client.tasks import finished
        from contentlib.services.contentlib_library_item_versions import VersionsService

        found = await NameFinder(connection).item(name)
        task = await connection.begin(
            VersionsService.make_current, client_token=None, library_item_id=found.id or "", version=version
        )
        with Bar() as bar:
            return str((await finished(connection, task, bar)).result)

    made = at_server(profile, work)
    show({"version": made}, as_json, [(made,)])


def _checksum(file: FileInfo) -> str:
    info = file.checksum_info
    return "" if info is None or info.algorithm is None else f"{info.algorithm.value} {info.checksum}"


def _changed(version: VersionInfo) -> str:
    """What a version changed, as signs before names."""
    found = version.differences
    if found is None:
        return version.message or ""
    signs = [("+", found.added), ("~", found.changed), ("-", found.removed)]
    return " ".join(f"{sign}{name}" for sign, names in signs for name in names)
