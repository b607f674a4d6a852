"""Implements `contentlib library`: lists and changes libraries of a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, Yes, at_server
from contentlib.cli.remote.showing import cell, confirmed, done, show, size_text

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.structures.library import LibraryModel

Library = Annotated[str, typer.Argument(metavar="LIBRARY", help="Name or id of the library.")]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the new library.")]
Rename = Annotated[str | None, typer.Option("--name", metavar="NAME", help="New name.")]
Description = Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What the library is for.")]
Storage = Annotated[
    str | None, typer.Option("--storage", metavar="ID", help="Storage for its files; the first one if not given.")
]
Force = Annotated[bool, typer.Option("--force", help="Delete the library even if it is in use.")]
Off = Annotated[bool, typer.Option("--off", help="Stop publishing.")]
PublishPassword = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File with a password that subscribers need; - is stdin.")
]
CurrentPassword = Annotated[
    Path | None,
    typer.Option("--current-password-file", metavar="FILE", help="File with the password that subscribers need until now."),
]
FollowPassword = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File with the publisher's password; - is stdin.")
]
FollowUser = Annotated[str, typer.Option("--user", metavar="NAME", help="User name at the publisher.")]
Thumbprint = Annotated[
    str | None, typer.Option("--thumbprint", metavar="HEX", help="SHA-1 thumbprint of the publisher's certificate.")
]
OnDemand = Annotated[bool, typer.Option("--on-demand", help="Fetch files only when they are needed.")]
Url = Annotated[str, typer.Argument(metavar="URL", help="The publisher's lib.json.")]

library = typer.Typer(help="Works on libraries of a server, through its API.", no_args_is_help=True)


@library.command("ls")
def list_libraries(profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Lists the libraries that you may read."""

    async def work(connection: ServerConnection) -> list[LibraryModel]:
        from contentlib.client.finding import NameFinder

        return await NameFinder(connection).libraries()

    found = at_server(profile, work)
    show(found, as_json, [(each.name, _kind(each), each.id, each.description) for each in found])


@library.command("create")
def create_library(
    name: NewName,
    description: Description = None,
    storage: Storage = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Creates a local library and prints its id."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.services.content_local_library import LocalLibraryService
        from contentlib.structures.library import LibraryModel, StorageBacking

        backings = None if storage is None else [StorageBacking(datastore_id=storage)]
        spec = LibraryModel(name=name, description=description, storage_backings=backings)
        return await connection.call(LocalLibraryService.create, client_token=None, create_spec=spec)

    made = at_server(profile, work)
    show({"id": made}, as_json, [(made,)])


@library.command("edit")
def edit_library(
    library: Library,
    name: Rename = None,
    description: Description = None,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Changes the name and the description of a library."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.client.finding import NameFinder
        from contentlib.services.content_library import LibraryService
        from contentlib.structures.library import LibraryModel

        identifier = (await NameFinder(connection).library(library)).id or ""
        spec = LibraryModel(name=name, description=description)
        await connection.call(LibraryService.update, library_id=identifier, update_spec=spec)
        return identifier

    changed = at_server(profile, work)
    done(f"library {library!r} was changed", as_json, id=changed)


@library.command("rm")
def remove_library(
    library: Library,
    force: Force = False,
    yes: Yes = False,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Deletes a library with all its items. It can be restored from the trash."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.client.finding import NameFinder
        from contentlib.services.content_library import LibraryService

        finder = NameFinder(connection)
        found = await finder.library(library)
        items = await finder.items(found.id or "")
        size = size_text(sum(each.size or 0 for each in items))
        confirmed(f"Delete library {cell(found.name)!r} with {len(items)} items ({size})?", yes)
        delete = LibraryService.force_delete if force else LibraryService.delete
        await connection.call(delete, library_id=found.id or "")
        return found.id or ""

    deleted = at_server(profile, work)
    done(f"library {library!r} was deleted; see: contentlib trash ls", as_json, id=deleted)


@library.command("publish")
def publish_library(
    library: Library,
    password_file: PublishPassword = None,
    current_password_file: CurrentPassword = None,
    off: Off = False,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Publishes a library and prints the URL for subscribers. If it is published already, starts a sync of them."""

    async def work(connection: ServerConnection) -> str | None:
        from contentlib.cli.administering import read_password
        from contentlib.client.finding import NameFinder
        from contentlib.services.content_local_library import LocalLibraryService
        from contentlib.structures.library import LibraryModel, PublishAuthenticationMethod, PublishInfo

        finder = NameFinder(connection)
        found = await finder.library(library)
        identifier, info = found.id or "", found.publish_info or PublishInfo()
        if off or not info.published or password_file is not None:
            files = (password_file, current_password_file)
            password, current = (None if each is None else read_password(each) for each in files)
            method = PublishAuthenticationMethod.NONE if password is None else PublishAuthenticationMethod.BASIC
            wanted = PublishInfo(published=not off, authentication_method=method, password=password, current_password=current)
            spec = LibraryModel(publish_info=wanted)
            await connection.call(LocalLibraryService.update, library_id=identifier, update_spec=spec)
        else:
            await connection.call(LocalLibraryService.publish, library_id=identifier, subscriptions=None)
        found = await finder.library(identifier)
        return None if found.publish_info is None or off else found.publish_info.publish_url

    url = at_server(profile, work)
    done(cell(url) if url else f"library {library!r} is not published any more", as_json, published=bool(url), url=url)


@library.command("subscribe")
def subscribe_library(
    name: NewName,
    url: Url,
    password_file: FollowPassword = None,
    user: FollowUser = "vcsp",
    thumbprint: Thumbprint = None,
    on_demand: OnDemand = False,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Creates a library that follows a published one, and prints its id. Its first sync runs as a task of the server."""

    async def work(connection: ServerConnection) -> str:
        from contentlib.cli.administering import read_password
        from contentlib.services.content_subscribed_library import SubscribedLibraryService
        from contentlib.structures.library import LibraryModel, SubscriptionAuthenticationMethod, SubscriptionInfo

        password = None if password_file is None else read_password(password_file)
        method = SubscriptionAuthenticationMethod.NONE if password is None else SubscriptionAuthenticationMethod.BASIC
        info = SubscriptionInfo(
            authentication_method=method,
            automatic_sync_enabled=True,
            on_demand=on_demand,
            password=password,
            ssl_thumbprint=thumbprint,
            subscription_url=url,
            user_name=None if password is None else user,
        )
        spec = LibraryModel(name=name, subscription_info=info)
        return await connection.call(SubscribedLibraryService.create, client_token=None, create_spec=spec)

    made = at_server(profile, work)
    show({"id": made}, as_json, [(made,)])


@library.command("sync")
def sync_library(library: Library, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False) -> None:
    """Synchronizes a subscribed library, and waits until it has ended. An interrupt does not end the sync."""
    from contentlib.cli.progress import Bar

    async def work(connection: ServerConnection) -> str:
        from contentlib.client.finding import NameFinder
        from contentlib.client.tasks import finished
        from contentlib.services.content_subscribed_library import SubscribedLibraryService

        found = await NameFinder(connection).library(library)
        task = await connection.begin(SubscribedLibraryService.sync, library_id=found.id or "")
        with Bar() as bar:
            await finished(connection, task, bar)
        return found.id or ""

    synchronized = at_server(profile, work)
    done(f"library {library!r} is synchronized", as_json, id=synchronized)


def _kind(found: LibraryModel) -> str:
    kind = "" if found.type is None else found.type.value.lower()
    published = found.publish_info is not None and found.publish_info.published
    return f"{kind}, published" if published else kind
