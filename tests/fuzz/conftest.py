from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crash.servers import NAME, PASSWORD, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server; whatever a module sends to it, it has said nothing of anything unforeseen at the end."""
    running = Server(tmp_path_factory.mktemp("fuzzed"), workers=1, unique_library_names="false")
    running.begin()
    running.wait()
    yield running
    still = httpx.get(f"{running.url}/healthz", timeout=60, trust_env=False)
    running.kill()
    assert still.status_code == 200
    assert running.failures() == []


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client that is logged in."""
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        answer = client.post("/rest/com/vmware/cis/session", auth=(NAME, PASSWORD))
        client.headers["vmware-api-session-id"] = answer.json()["value"]
        client.cookies.clear()
        yield client


@pytest.fixture(scope="module")
def outside(server: Server) -> Path:
    """The directory around those of the server."""
    return server.directory
