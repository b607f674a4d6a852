"""Implements `contentlib import`, `export`, `cp` and `mirror`: moves items between files and servers."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contentlib.cli.modes import as_started
from contentlib.cli.progress import Bar
from contentlib.cli.remote.running import (
    DEFAULT_PATIENCE,
    DEFAULT_PROFILE,
    FAILED,
    AsJson,
    PatienceSeconds,
    ProfileName,
    Yes,
    at_server,
    exit_code,
    kept_profiles,
)
from contentlib.cli.remote.showing import cell, confirmed, show_json, size_text

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.client.exporting import ExportedItem
    from contentlib.client.importing import ImportedItem
    from contentlib.client.local import LocalItem
    from contentlib.services.content_library_item import ItemModel
    from contentlib.structures.library import LibraryModel

Sources = Annotated[list[str], typer.Argument(metavar="PATH|URL...", help="ISO, OVF, OVA or other file, folder, or URL.")]
Target = Annotated[str, typer.Argument(metavar="LIBRARY[/ITEM]", help="Library, and the name of the item if it is one.")]
Source = Annotated[str, typer.Argument(metavar="LIBRARY[/ITEM]", help="The item, or the library with all its items.")]
Directory = Annotated[Path | None, typer.Argument(metavar="DIR", help="Folder for the files; named as the item if not given.")]
Mirrored = Annotated[Path, typer.Argument(metavar="DIR", help="Folder with one item for each file, package and folder in it.")]
LibraryName = Annotated[str, typer.Argument(metavar="LIBRARY", help="Name or id of the library.")]
From = Annotated[str, typer.Argument(metavar="[PROFILE:]LIBRARY/ITEM", help="The item to copy.")]
To = Annotated[str, typer.Argument(metavar="[PROFILE:]LIBRARY[/ITEM]", help="Library to copy to, and the name of the copy.")]
Through = Annotated[
    Path | None,
    typer.Option("--through", metavar="DIR", help="Folder for the files meanwhile, which are left there; else in your cache."),
]
Parallel = Annotated[int, typer.Option("--parallel", min=1, max=64, metavar="N", help="Files to transfer at the same time.")]
Thumbprint = Annotated[
    str | None, typer.Option("--thumbprint", metavar="HEX", help="Thumbprint of the certificate of the server in a URL.")
]
Down = Annotated[bool, typer.Option("--down", help="Make the folder like the library, not the library like the folder.")]
Delete = Annotated[
    bool, typer.Option("--delete", help="Also delete the items, or the folders with --down, that it does not have.")
]


@dataclass(frozen=True, slots=True)
class FailedItem:
    """An item that could not be transferred."""

    name: str
    error: str
    code: int


def import_items(
    sources: Sources,
    target: Target,
    thumbprint: Thumbprint = None,
    parallel: Parallel = 4,
    patience: PatienceSeconds = DEFAULT_PATIENCE,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Imports files, packages and folders into a library of a server. A folder makes one item of each thing in it.

    An item that exists gets a new content version, unless it has these files already. The server verifies checksums that are
    computed here. After an interrupt or a broken line, the same command continues where it ended.
    """

    async def work(connection: ServerConnection) -> list[ImportedItem | FailedItem]:
        from contentlib.client.finding import NameFinder
        from contentlib.client.importing import Importer

        urls, found = _split(sources)
        library, name = await NameFinder(connection).within(target)
        found = _named(found, name, len(urls))
        with Bar() as bar:
            bar.expect(sum(each.size for each in found))
            importer = Importer(connection, bar, parallel)
            works: list[tuple[str, Awaitable[ImportedItem]]] = [(each.name, importer.files(library, each)) for each in found]
            works += [(each, importer.url(library, each, name, thumbprint)) for each in urls]
            return await _each(works)

    _tell(at_server(profile, work, patience), as_json, _imported_row)


def export_items(
    source: Source,
    directory: Directory = None,
    parallel: Parallel = 4,
    patience: PatienceSeconds = DEFAULT_PATIENCE,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Writes the files of an item, or of all items of a library, to a folder, and verifies their checksums.

    Files that are there already are not read again. After an interrupt, the same command continues where it ended.
    """

    async def work(connection: ServerConnection) -> list[ExportedItem | FailedItem]:
        from contentlib.client.exporting import file_name
        from contentlib.client.finding import NameFinder

        finder = NameFinder(connection)
        library, name = await finder.within(source)
        if name is not None:
            item = await finder.item(source)
            return await _exported(connection, [item], lambda each: directory or Path(file_name(each.name or "")), parallel)
        into = directory or Path(file_name(library.name or ""))
        return await _exported(connection, await finder.items(library.id or ""), _folder_in(into), parallel)

    with as_started():
        done = at_server(profile, work, patience)
    _tell(done, as_json, _exported_row)


def copy_between(
    source: From,
    target: To,
    through: Through = None,
    parallel: Parallel = 4,
    patience: PatienceSeconds = DEFAULT_PATIENCE,
    as_json: AsJson = False,
) -> None:
    """Copies an item between libraries of two servers, or of one. The bytes pass this machine.

    Without a profile, a name is that of a library on the server of the profile `default`.
    """
    from contentlib.cli.remote.running import failing

    with failing():
        known = kept_profiles().all()
    from_profile, from_name = _at(source, known)
    to_profile, to_name = _at(target, known)
    item, exported = at_server(from_profile, lambda server: _fetched(server, from_name, through, parallel), patience)
    done = at_server(to_profile, lambda server: _brought(server, to_name, item, exported, parallel), patience)
    if through is None:
        shutil.rmtree(exported.directory)
    _tell([done], as_json, _imported_row)


def mirror(
    directory: Mirrored,
    library: LibraryName,
    down: Down = False,
    delete: Delete = False,
    yes: Yes = False,
    parallel: Parallel = 4,
    patience: PatienceSeconds = DEFAULT_PATIENCE,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Makes a library like a folder or, with --down, a folder like a library. What is equal already is not transferred."""

    async def up(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import NameFinder
        from contentlib.client.importing import Importer
        from contentlib.client.local import items_at

        finder = NameFinder(connection)
        found, into = items_at(directory), await finder.library(library)
        with Bar() as bar:
            bar.expect(sum(each.size for each in found))
            importer = Importer(connection, bar, parallel)
            done: list[Any] = list(await _each([(each.name, importer.files(into, each)) for each in found]))
        if delete and not any(isinstance(each, FailedItem) for each in done):
            await _delete_items(connection, into, {each.item for each in done}, yes)
        return done

    async def fetch(connection: ServerConnection) -> list[Any]:
        from contentlib.client.finding import NameFinder

        finder = NameFinder(connection)
        items = await finder.items((await finder.library(library)).id or "")
        done = await _exported(connection, items, _folder_in(directory), parallel)
        if delete and not any(isinstance(each, FailedItem) for each in done):
            _delete_files(directory, [each for each in done if not isinstance(each, FailedItem)], yes)
        return list(done)

    if down:
        with as_started():
            done = at_server(profile, fetch, patience)
        _tell(done, as_json, _exported_row)
    else:
        _tell(at_server(profile, up, patience), as_json, _imported_row)


def _split(sources: Iterable[str]) -> tuple[list[str], list[LocalItem]]:
    """The URLs of the sources, and the items that its files and folders make."""
    from contentlib.client.local import check_names, items_at

    urls = [each for each in sources if each.startswith(("http://", "https://"))]
    found = [item for each in sources if each not in urls for item in items_at(Path(each))]
    check_names(found)
    return urls, found


def _named(found: list[LocalItem], name: str | None, urls: int) -> list[LocalItem]:
    from contentlib.client.failures import ClientFailed
    from contentlib.client.local import LocalItem

    if name is None:
        return found
    if len(found) + urls != 1:
        raise ClientFailed(f"{len(found) + urls} items cannot all be named {name!r}; give only the library")
    return [LocalItem(name, each.type, each.files) for each in found]


def _folder_in(directory: Path) -> Callable[[ItemModel], Path]:
    """Returns the folder for an item of a library, which has its name."""
    from contentlib.client.exporting import file_name

    return lambda item: directory / file_name(item.name or "")


async def _exported(
    connection: ServerConnection, items: list[ItemModel], folder_of: Callable[[ItemModel], Path], parallel: int
) -> list[ExportedItem | FailedItem]:
    from contentlib.client.exporting import Exporter

    with Bar() as bar:
        exporter = Exporter(connection, bar, parallel)

        async def one(item: ItemModel) -> ExportedItem:
            return await exporter.item(item, folder_of(item))

        return await _each([(each.name or "", one(each)) for each in items])


async def _fetched(
    connection: ServerConnection, name: str, through: Path | None, parallel: int
) -> tuple[ItemModel, ExportedItem]:
    """An item, and its files in a folder of their own."""
    from contentlib.client.exporting import Exporter
    from contentlib.client.finding import NameFinder

    item = await NameFinder(connection).item(name)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "contentlib" / "cp"
    folder = (through or cache) / f"{item.id}-{item.content_version}"
    with Bar() as bar:
        return item, await Exporter(connection, bar, parallel).item(item, folder)


async def _brought(
    connection: ServerConnection, name: str, item: ItemModel, exported: ExportedItem, parallel: int
) -> ImportedItem:
    """An item of a library with the files of another one, and named like that if it has no name of its own."""
    from contentlib.client.finding import NameFinder
    from contentlib.client.importing import Importer
    from contentlib.client.local import LocalItem, item_of_files

    library, new = await NameFinder(connection).within(name)
    wanted = LocalItem(new or item.name or "", item.type, item_of_files(Path(exported.directory), exported.files).files)
    with Bar() as bar:
        bar.expect(wanted.size)
        return await Importer(connection, bar, parallel).files(library, wanted)


def _at(name: str, known: Iterable[str]) -> tuple[str, str]:
    """The profile and the rest of [PROFILE:]LIBRARY/ITEM. A colon after something else belongs to the name of the library."""
    profile, colon, rest = name.partition(":")
    return (profile, rest) if colon and profile in known else (DEFAULT_PROFILE, name)


async def _delete_items(connection: ServerConnection, library: LibraryModel, kept: set[str], yes: bool) -> None:
    """Deletes the items of a library whose ids are not to be kept. They can be restored from the trash."""
    from contentlib.client.finding import NameFinder
    from contentlib.services.content_library_item import ItemService

    extra = [each for each in await NameFinder(connection).items(library.id or "") if each.id not in kept]
    if extra:
        names = ", ".join(cell(each.name) for each in extra)
        confirmed(f"Delete {len(extra)} items of library {cell(library.name)!r}: {names}?", yes)
    for each in extra:
        await connection.call(ItemService.delete, library_item_id=each.id or "")


def _delete_files(directory: Path, done: Iterable[ExportedItem], yes: bool) -> None:
    """Deletes what is in a folder and not in the library, for good. Leaves hidden files, which no library has, alone."""
    from contentlib.client.local import visible_entries

    kept = {Path(each.directory): set(each.files) for each in done}
    extra = [each for each in visible_entries(directory) if each not in kept]
    extra += [each for folder, names in kept.items() for each in visible_entries(folder) if each.name not in names]
    if extra:
        names = ", ".join(cell(each.relative_to(directory)) for each in sorted(extra))
        confirmed(f"Delete {len(extra)} files and folders in {directory} for good: {names}?", yes)
    for each in extra:
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


async def _each(works: list[tuple[str, Awaitable[Any]]]) -> list[Any]:
    """The result of each work, by name; one that fails does not end the others."""
    from contentlib.client.failures import ClientFailed

    async def one(name: str, work: Awaitable[Any]) -> Any:
        try:
            return await work
        except (ClientFailed, OSError) as error:
            return FailedItem(name, str(error), exit_code(error))

    return list(await asyncio.gather(*(one(name, work) for name, work in works)))


def _imported_row(done: ImportedItem) -> str:
    return f"{done.result} {cell(done.name)}  version {done.version}  {size_text(done.size)}"


def _exported_row(done: ExportedItem) -> str:
    return f"exported {cell(done.name)}  {len(done.files)} files, {done.read} read  {done.directory}"


def _tell(done: list[Any], as_json: bool, row: Any) -> None:
    """Prints the results, the failures to standard error. Exits with the code of the first failure."""
    failed = [each for each in done if isinstance(each, FailedItem)]
    if as_json:
        show_json(done)
    else:
        for each in done:
            if not isinstance(each, FailedItem):
                typer.echo(row(each))
    for each in failed:
        typer.echo(f"contentlib: {cell(each.name)}: {each.error}", err=True)
    if failed:
        raise typer.Exit(failed[0].code or FAILED)
