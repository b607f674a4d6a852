"""Implements `contentlib nodes`: lists the processes that serve the same data."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from contentlib.cli.administering import check_database, table
from contentlib.cli.progress import told
from contentlib.cli.settings import Config, DataDir, settings_or_exit

if TYPE_CHECKING:
    from contentlib.library.ports.nodes import NodeState
    from contentlib.settings import Settings

_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))


def nodes(data_dir: DataDir = None, config: Config = None) -> None:
    """Lists the worker processes of all servers of the database, and when they were last heard of."""
    settings = settings_or_exit(config, data_dir)
    with told():
        check_database(settings)
        found = asyncio.run(_all(settings))
    rows = [
        (each.name, str(each.process), each.version or "-", each.state, _time(each.age), _time(each.silence)) for each in found
    ]
    table([("NODE", "PROCESS", "VERSION", "STATE", "STARTED", "HEARD OF"), *rows])


async def _all(settings: Settings) -> list[NodeState]:
    from contentlib.nodes.local import LocalNodes
    from contentlib.stores import nodes_directory, open_nodes

    opened = open_nodes(settings, LocalNodes(nodes_directory(settings)))
    try:
        return await opened.all()
    finally:
        await opened.stop()


def _time(milliseconds: int) -> str:
    """A time ago in the largest unit that fits."""
    size, unit = next((each for each in _UNITS if milliseconds >= each[0]), _UNITS[-1])
    return f"{milliseconds // size} {unit} ago"
