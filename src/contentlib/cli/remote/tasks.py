"""Implements `contentlib tasks`: shows what a server is doing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from contentlib.cli.remote.running import DEFAULT_PROFILE, AsJson, ProfileName, at_server
from contentlib.cli.remote.showing import cell, show

if TYPE_CHECKING:
    from contentlib.client.connection import ServerConnection
    from contentlib.services.cis_tasks import TaskInfo

_POLL_SECONDS = 2.0
Follow = Annotated[bool, typer.Option("--follow", help="Print changes until no task is pending or running.")]
Active = Annotated[bool, typer.Option("--active", help="Only tasks that have not ended.")]


def tasks(
    follow: Follow = False, active: Active = False, profile: ProfileName = DEFAULT_PROFILE, as_json: AsJson = False
) -> None:
    """Lists the tasks of a server that you may see, oldest first."""

    async def work(connection: ServerConnection) -> dict[str, TaskInfo]:
        from contentlib.client.tasks import ENDED, tasks_of

        found = await tasks_of(connection)
        return {name: task for name, task in found.items() if not (active and task.status in ENDED)}

    if follow:
        at_server(profile, lambda connection: _followed(connection, as_json))
        return
    found = at_server(profile, work)
    show(found, as_json, [_row(name, task) for name, task in sorted(found.items(), key=_started)])


async def _followed(connection: ServerConnection, as_json: bool) -> None:
    """Prints each task that changes, while one has not ended; as JSON, one on a line."""
    from contentlib.client.tasks import ENDED, tasks_of
    from contentlib.wire.json_values import encode

    printed: dict[str, tuple[str, ...]] = {}
    while True:
        found = await tasks_of(connection)
        for name, task in sorted(found.items(), key=_started):
            row = _row(name, task)
            if printed.get(name) != row and (name in printed or task.status not in ENDED):
                typer.echo(encode({"id": name, "task": task}).decode() if as_json else "  ".join(map(cell, row)))
            printed[name] = row
        if all(task.status in ENDED for task in found.values()):
            return
        await asyncio.sleep(_POLL_SECONDS)


def _row(name: str, task: TaskInfo) -> tuple[str, ...]:
    from contentlib.client.tasks import failure_text

    progress = ""
    if task.progress is not None and task.progress.total:
        progress = f"{100 * task.progress.completed // task.progress.total} %"
    said = failure_text(task.error) or task.description.default_message
    return name, task.status.value, progress, str(task.start_time or ""), said


def _started(found: tuple[str, TaskInfo]) -> tuple[str, str]:
    return str(found[1].start_time or "~"), found[0]
