"""Manages the credentials of subscribers by `contentlib subscriber`, with or without a running server."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.administering import administer, table
from contentlib.cli.settings import Config, DataDir

if TYPE_CHECKING:
    from contentlib.cli.administering import Administration
    from contentlib.library.model import Library, SubscriberContact, SubscriberCredential

LibraryId = Annotated[str, typer.Argument(metavar="LIBRARY", help="Id of the published library.")]
SubscriberName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the subscriber, such as that of its site.")]
SubscriberId = Annotated[str, typer.Argument(metavar="ID", help="Id of the subscriber, as `subscriber list` prints it.")]
Days = Annotated[
    int | None, typer.Option("--days", min=1, max=36500, metavar="N", help="The credential expires after so many days.")
]
Overlap = Annotated[
    int, typer.Option("--overlap-seconds", min=0, metavar="N", help="The previous password remains valid for so many seconds.")
]

subscriber = typer.Typer(
    help="Manages the credentials of subscribers of published libraries; a server may be running.", no_args_is_help=True
)


@subscriber.command("list")
def list_subscribers(library: LibraryId, data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the subscribers of a library and what they have read."""

    async def found(rules: Administration) -> list[tuple[str, ...]]:
        credentials = await rules.subscribers.all(library)
        read, contacts = await rules.contacts.of(library)
        known = {each.credential: each for each in contacts}
        return [_row(read, each, known.get(each.id), rules) for each in credentials]

    table(administer(config, data_dir, found))


@subscriber.command("add")
def add_subscriber(
    library: LibraryId, name: SubscriberName, days: Days = None, data_dir: DataDir = None, config: Config = None
) -> None:
    """Adds a subscriber and prints its password, which cannot be printed again."""
    from contentlib.library.following.subscriber_credentials import NewCredential

    expires = None if days is None else int((time.time() + days * 86_400) * 1000)
    new = NewCredential(name, expires)
    _, password = administer(config, data_dir, lambda rules: rules.subscribers.create(library, new))
    typer.echo(password)


@subscriber.command("rotate")
def rotate_password(
    library: LibraryId, identifier: SubscriberId, overlap: Overlap = 0, data_dir: DataDir = None, config: Config = None
) -> None:
    """Replaces the password of a subscriber and prints the new one, which cannot be printed again."""
    typer.echo(administer(config, data_dir, lambda rules: rules.subscribers.rotate(library, identifier, overlap)))


@subscriber.command("enable")
def enable_subscriber(library: LibraryId, identifier: SubscriberId, data_dir: DataDir = None, config: Config = None) -> None:
    """Accepts the credential of a subscriber again."""
    _switch(library, identifier, data_dir, config, enabled=True)


@subscriber.command("disable")
def disable_subscriber(library: LibraryId, identifier: SubscriberId, data_dir: DataDir = None, config: Config = None) -> None:
    """Rejects the credential of a subscriber from its next request on."""
    _switch(library, identifier, data_dir, config, enabled=False)


@subscriber.command("remove")
def remove_subscriber(library: LibraryId, identifier: SubscriberId, data_dir: DataDir = None, config: Config = None) -> None:
    """Removes a subscriber, with the record of what it has read."""
    administer(config, data_dir, lambda rules: rules.subscribers.remove(library, identifier))
    typer.echo(f"subscriber {identifier} was removed")


def _switch(library: str, identifier: str, data_dir: DataDir, config: Config, *, enabled: bool) -> None:
    from contentlib.library.following.subscriber_credentials import CredentialChange

    change = CredentialChange(enabled=enabled)
    administer(config, data_dir, lambda rules: rules.subscribers.update(library, identifier, change))
    typer.echo(f"subscriber {identifier} is {'enabled' if enabled else 'disabled'}")


def _row(
    library: Library, credential: SubscriberCredential, contact: SubscriberContact | None, rules: Administration
) -> tuple[str, ...]:
    refusal = rules.subscribers.refusal(credential)
    state = "valid" if refusal is None else "disabled" if not credential.enabled else "expired"
    return credential.id, credential.name, state, *_reading(library, contact)


def _reading(library: Library, contact: SubscriberContact | None) -> tuple[str, str, str]:
    if contact is None:
        return "never seen", "", ""
    behind = None if contact.listed is None else max(library.revision - contact.listed, 0)
    progress = "no list read" if behind is None else f"{behind} versions behind" if behind else "up to date"
    seen = datetime.fromtimestamp(contact.last_seen // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return progress, seen, contact.address
