"""A process of another server, which can be paused and killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contentlib.library.signals import unheard
from contentlib.metadata.database import NodeOptions
from contentlib.metadata.postgresql.address import Address
from contentlib.metadata.postgresql.nodes import PostgresqlNodes
from contentlib.nodes.local import LocalNodes


@dataclass(frozen=True, slots=True)
class OtherNode:
    """A process that runs, and its identifier."""

    process: subprocess.Popen[str]
    identifier: str

    def pause(self) -> None:
        """Stops it without an end, as a machine that is suspended."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Lets it go on."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kills it."""
        self.process.kill()
        self.process.wait()


@contextmanager
def silent_node(address: Address, directory: Path) -> Iterator[OtherNode]:
    """A process on the database, of the machine with a directory; it is killed at the end."""
    command = [sys.executable, __file__, address.url, str(directory)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            other = OtherNode(process, process.stdout.readline().strip())
            assert other.identifier
            yield other
        finally:
            process.kill()


async def _main(url: str, directory: Path) -> None:
    nodes = PostgresqlNodes(Address(url), LocalNodes(directory), NodeOptions(lease=1.0))
    await nodes.start(unheard, unheard)
    print(nodes.here, flush=True)  # noqa: T201 - the test reads it
    await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2])))
