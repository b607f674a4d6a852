"""Implements `contentlib item label` and `contentlib library label`: notes and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, at_server
from contentlib.cli.remote.showing import show

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.structures.queries import AnnotationInfo, AnnotationUpdateSpec

Item = Annotated[str, typer.Argument(metavar="LIBRARY/ITEM", help="Names or ids of the library and the item.")]
Library = Annotated[str, typer.Argument(metavar="LIBRARY", help="Name or id of the library.")]
Labels = Annotated[
    list[str] | None, typer.Argument(metavar="KEY=VALUE...", help="Labels to set; other labels stay. KEY alone has no value.")
]
Remove = Annotated[list[str] | None, typer.Option("--remove", metavar="KEY", help="Key of a label to remove; can be repeated.")]
Notes = Annotated[str | None, typer.Option("--notes", metavar="TEXT", help="New notes.")]


def label_item(
    name: Item,
    labels: Labels = None,
    remove: Remove = None,
    notes: Notes = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Sets and removes labels of an item, and prints its labels and notes."""

    async def work(connection: ServerConnection) -> AnnotationInfo:
        from contentlib.client.finding import NameFinder
        from contentlib.services.contentlib_library_item_labels import ItemLabelsService

        identifier, spec = (await NameFinder(connection).item(name)).id or "", _change(labels, remove, notes)
        if spec is not None:
            await connection.call(ItemLabelsService.update, library_item_id=identifier, spec=spec)
        return await connection.call(ItemLabelsService.get, library_item_id=identifier)

    _show(at_server(profile, work), as_json)


def label_library(
    name: Library,
    labels: Labels = None,
    remove: Remove = None,
    notes: Notes = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Sets and removes labels of a library, and prints its labels and notes."""

    async def work(connection: ServerConnection) -> AnnotationInfo:
        from contentlib.client.finding import NameFinder
        from contentlib.services.contentlib_library_labels import LibraryLabelsService

        identifier, spec = (await NameFinder(connection).library(name)).id or "", _change(labels, remove, notes)
        if spec is not None:
            await connection.call(LibraryLabelsService.update, library_id=identifier, spec=spec)
        return await connection.call(LibraryLabelsService.get, library_id=identifier)

    _show(at_server(profile, work), as_json)


def _change(labels: list[str] | None, remove: list[str] | None, notes: str | None) -> AnnotationUpdateSpec | None:
    """What is given to change; None if only the labels are to be printed."""
    from contentlib.structures.queries import AnnotationUpdateSpec, Label

    if not labels and not remove and notes is None:
        return None
    given = [each.partition("=") for each in labels or ()]
    return AnnotationUpdateSpec(labels=[Label(key=key, value=value) for key, _, value in given], notes=notes, removed=remove)


def _show(found: AnnotationInfo, as_json: bool) -> None:
    rows = [(each.key, each.value) for each in found.labels]
    show(found, as_json, rows + ([("notes:", found.notes)] if found.notes else []))
