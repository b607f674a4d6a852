"""Logins at two nodes on one PostgreSQL database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

import postgresql
from access.test_login_links import redeem
from contentlib import app
from contentlib.access.login_links import issue
from contentlib.library.clock import EvenClock
from contentlib.settings import Storage
from contentlib.stores import open_rows
from whole import NAME, Whole, settings_on, whole

_ROUNDS = 5
Nodes = tuple[Whole, Whole]


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    """Two nodes, each with a data directory of its own."""
    storage, keys = tmp_path / "storage", tmp_path / "keys"
    storage.mkdir()
    keys.mkdir()
    common: dict[str, Any] = {
        "database": postgresql.url_of(tmp_path),
        "keys_dir": keys,
        "storage": (Storage(id="datastore-1", name="default", path=storage),),
    }
    async with AsyncExitStack() as stack:
        running = []
        for directory in (tmp_path / "one", tmp_path / "two"):
            directory.mkdir()
            await asyncio.to_thread(app.prepare, settings_on(directory, **common))
            running.append(await stack.enter_async_context(whole(directory, **common)))
        yield running[0], running[1]


async def test_a_link_that_is_opened_at_both_nodes_at_once_logs_in_once(nodes: Nodes) -> None:
    metadata = open_rows(nodes[0].settings)
    for _ in range(_ROUNDS):
        secret = await issue(metadata, EvenClock(), NAME)
        answers = await asyncio.gather(*(redeem(node, secret) for node in nodes * 3))
        assert sorted(each.status_code for each in answers) == [201] + [401] * 5
        (token,) = [each.json() for each in answers if each.status_code == 201]
        for node in nodes:
            assert (await node.send("GET", "/api/session", headers={"vmware-api-session-id": token})).status_code == 200
    await metadata.close()


async def test_wrong_passwords_at_one_node_delay_the_next_one_at_the_other(nodes: Nodes) -> None:
    for _ in range(2):
        assert (await nodes[0].login(password="wrong")).status_code == 401
    began = time.monotonic()
    assert (await nodes[1].login(password="wrong")).status_code == 401
    assert time.monotonic() - began >= 0.5  # the first one here, by itself, would be delayed by a quarter of a second
