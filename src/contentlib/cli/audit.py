"""Implements `contentlib audit`: verifies and exports the audit log, with or without a running server."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from contentlib.cli.progress import told
from contentlib.cli.settings import Config, DataDir, settings_or_exit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from contentlib.library.model import AuditLink
    from contentlib.library.ports import MetadataStore

_PAGE = 500
Output = TypeVar("Output")

Since = Annotated[datetime | None, typer.Option("--since", metavar="TIME", help="Only entries from this time (UTC) on.")]
Until = Annotated[datetime | None, typer.Option("--until", metavar="TIME", help="Only entries from before this time (UTC).")]
Head = Annotated[
    str | None,
    typer.Option("--head", metavar="NUMBER:HASH", help="A head that was printed before, which the log must still lead to."),
]

audit = typer.Typer(help="Reads the audit log; a server may be running.", no_args_is_help=True)


@audit.command("verify")
def verify(head: Head = None, data_dir: DataDir = None, config: Config = None) -> None:
    """Verifies that no entry was removed, added or changed, and prints the head of the chain, to be kept elsewhere."""
    with told():
        found, count = _with_log(data_dir, config, lambda rows: _verified(rows, _link(head)))
        typer.echo(f"{count} entries verified")
        typer.echo(f"head {found.sequence}:{found.hash}")


@audit.command("export")
def export(since: Since = None, until: Until = None, data_dir: DataDir = None, config: Config = None) -> None:
    """Prints entries as JSON, one on a line, oldest first. Each line has the hash of the entry."""
    with told():
        _with_log(data_dir, config, lambda rows: _exported(rows, _milliseconds(since), _milliseconds(until)))


def _with_log(
    data_dir: Path | None, config: Path | None, work: Callable[[MetadataStore], Coroutine[None, None, Output]]
) -> Output:
    from contentlib.stores import database_of, open_rows

    settings = settings_or_exit(config, data_dir)
    database_of(settings).check_current()

    async def run() -> Output:
        metadata = open_rows(settings)
        try:
            return await work(metadata)
        finally:
            await metadata.close()

    return asyncio.run(run())


async def _verified(metadata: MetadataStore, kept: AuditLink | None) -> tuple[AuditLink, int]:
    """Follows the chain in one state of the database, a page at a time."""
    from contentlib.access.audit_log import chain_from

    async with metadata.reading() as transaction:
        found = await chain_from(transaction, None, kept, None)
    if found.broken is not None:
        raise found.broken
    return found.link, found.count


async def _exported(metadata: MetadataStore, since: int | None, until: int | None) -> None:
    sequence = 0
    while True:
        async with metadata.reading() as transaction:
            records = await transaction.audit.after(sequence, _PAGE)
        if not records:
            return
        for record in records:
            if (since is None or record.time >= since) and (until is None or record.time < until):
                sys.stdout.write(f"{record.line()}\n")
        sequence = records[-1].link.sequence


def _link(text: str | None) -> AuditLink | None:
    from contentlib.library.model import AuditLink

    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not (number.isascii() and number.isdigit()):
        raise RuntimeError(f"head {text!r} is not NUMBER:HASH")
    return AuditLink(int(number), digest)


def _milliseconds(time: datetime | None) -> int | None:
    from datetime import UTC

    return None if time is None else int(time.replace(tzinfo=UTC).timestamp() * 1000)
