"""A server like `contentlib serve` that speaks the byte edges and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from contentlib.cli import server
from contentlib.settings import Settings
from contentlib.transfer import running
from transfer.parts import Parts


def main(directory: str, lease: str) -> None:
    running._YOUNG_SECONDS = 1.0  # a test does not wait for ten
    port = server.reserve("127.0.0.1:0")
    server.run(
        Settings(data_dir=Path(directory), shutdown_seconds=2),
        port,
        None,
        lambda: Parts(Path(directory), lease=int(lease)).application(),
        lambda: typer.echo(f"listening on {port.url('http')}"),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
