from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import processes
from processes import Running


@pytest.fixture
def servers() -> Iterator[list[Running]]:
    """The servers that a test has started, ended with it."""
    started: list[Running] = []
    yield started
    for server in started:
        server.kill()


@pytest.fixture
def serve(tmp_path: Path, servers: list[Running]) -> Callable[..., Running]:
    """Starts `contentlib serve` on a free port."""

    def started(*options: str, **variables: str) -> Running:
        servers.append(processes.serve(tmp_path, *options, **variables))
        return servers[-1]

    return started


@pytest.fixture
def small(tmp_path: Path, servers: list[Running]) -> Callable[..., Running]:
    """Starts the server whose application answers with its process id, after as many seconds as the query says."""

    def started(shutdown_seconds: int = 30) -> Running:
        program = str(Path(__file__).with_name("small_server.py"))
        servers.append(processes.start([sys.executable, program, str(tmp_path), str(shutdown_seconds)], tmp_path))
        return servers[-1]

    return started
