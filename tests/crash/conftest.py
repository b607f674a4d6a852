from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from crash.clients import Client
from crash.servers import Server

Start = Callable[..., Awaitable[tuple[Server, Client]]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts servers, and logs in; all end with the test."""
    servers: list[Server] = []
    clients: list[Client] = []

    async def started(**more: Any) -> tuple[Server, Client]:
        server = Server(tmp_path, **more)
        servers.append(server)
        await server.start()
        client = Client(server.url)
        clients.append(client)
        client.token = await client.log_in()
        return server, client

    yield started
    for client in clients:
        await client.close()
    for server in servers:
        server.kill()
