"""Implements `contentlib audit query`: reads the audit log of a server, through its API."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, at_server
from contentlib.cli.remote.showing import cell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from contentlib.client.connection import ServerConnection
    from contentlib.services.contentlib_access_audit import FilterSpec, Info
    from contentlib.vapi.types import DateTime

_PAGE = 500
_POLL_SECONDS = 2.0

Since = Annotated[datetime | None, typer.Option("--since", metavar="TIME", help="Only entries from this time (UTC) on.")]
Until = Annotated[datetime | None, typer.Option("--until", metavar="TIME", help="Only entries from before this time (UTC).")]
ByUser = Annotated[str | None, typer.Option("--user", metavar="NAME", help="Only entries of this user.")]
OfOperation = Annotated[
    str | None, typer.Option("--operation", metavar="START", help="Only operations whose identifiers start like this.")
]
WithOutcome = Annotated[
    str | None, typer.Option("--outcome", metavar="OUTCOME", help="Only SUCCEEDED, REFUSED or FAILED entries.")
]
OfThing = Annotated[
    str | None, typer.Option("--about", metavar="LIBRARY[/ITEM]", help="Only entries about this library or item.")
]
Most = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Only the newest N entries.")]
Follow = Annotated[bool, typer.Option("--follow", help="Then print new entries until the command is interrupted.")]


def query_audit(
    since: Since = None,
    until: Until = None,
    user: ByUser = None,
    operation: OfOperation = None,
    outcome: WithOutcome = None,
    about: OfThing = None,
    limit: Most = None,
    follow: Follow = False,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Prints entries of a server's audit log, oldest first. With --json, one on a line, each with its hash."""

    async def work(connection: ServerConnection) -> None:
        wanted = await _filter(connection, (since, until), user, operation, outcome, about)
        last = 0
        for entry in reversed([each async for each in _entries(connection, wanted, limit=limit)]):
            last = entry.sequence
            _tell(entry, as_json)
        if follow:
            await _follow(connection, wanted, last, as_json)

    at_server(profile, work)


async def _filter(
    connection: ServerConnection,
    times: tuple[datetime | None, datetime | None],
    user: str | None,
    operation: str | None,
    outcome: str | None,
    about: str | None,
) -> FilterSpec:
    from contentlib.client.failures import ClientFailed
    from contentlib.client.finding import NameFinder
    from contentlib.services.contentlib_access_audit import FilterSpec, Outcome

    if outcome is not None and outcome.upper() not in [each.value for each in Outcome]:
        raise ClientFailed(f"unknown outcome {outcome!r}; expected SUCCEEDED, REFUSED or FAILED")
    library = item = None
    if about is not None:
        found, inside = await NameFinder(connection).within(about)
        library = found.id if inside is None else None
        item = None if inside is None else (await NameFinder(connection).item(about)).id
    since, until = (_time(each) for each in times)
    chosen = None if outcome is None else Outcome(outcome.upper())
    return FilterSpec(
        library=library, library_item=item, operation=operation, outcome=chosen, since=since, until=until, user=user
    )


async def _entries(
    connection: ServerConnection, wanted: FilterSpec, *, after: int = 0, limit: int | None = None
) -> AsyncIterator[Info]:
    """The entries after a number, newest first."""
    from contentlib.services.contentlib_access_audit import AuditService

    marker, count = None, 0
    while True:
        page = await connection.call(AuditService.list, filter=wanted, marker=marker, size=_PAGE)
        for entry in page.entries:
            if entry.sequence <= after or count == limit:
                return
            count += 1
            yield entry
        marker = page.marker
        if marker is None:
            return


async def _follow(connection: ServerConnection, wanted: FilterSpec, last: int, as_json: bool) -> None:
    """Prints what is added. An entry that stands for several calls grows, and is printed once."""
    while True:
        await asyncio.sleep(_POLL_SECONDS)
        for entry in reversed([each async for each in _entries(connection, wanted, after=last)]):
            last = entry.sequence
            _tell(entry, as_json)


def _tell(entry: Info, as_json: bool) -> None:
    from contentlib.wire.json_values import encode

    if as_json:
        typer.echo(encode(entry).decode())
        return
    things = " ".join(f"{each.type}:{each.name or each.id}" for each in entry.things)
    shown = (entry.time, entry.outcome.value, entry.user or entry.address or "the server", entry.operation, things, entry.error)
    typer.echo("  ".join(cell(each) for each in shown if each))


def _time(given: datetime | None) -> DateTime | None:
    from datetime import UTC

    from contentlib.vapi.types import DateTime

    return None if given is None else DateTime(int(given.replace(tzinfo=UTC).timestamp() * 1000))
