"""Two servers, as of two machines, on one PostgreSQL database and one directory for the content of files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import postgresql
from crash.clients import Client
from crash.journeys import add, complete, file_of, new_item, new_library, new_update, put, read
from crash.servers import Server
from crash.test_sigterm import half_sent
from crash.worlds import UPDATES
from processes import PATIENCE_SECONDS
from whole import PASSWORD

_ROLES = "/api/contentlib/access/roles"
_PERMISSIONS = "/api/contentlib/access/permissions"
_USERS = "/api/contentlib/access/users"
_ANN = "ann@vsphere.local"
_SESSION = "/rest/com/vmware/cis/session"


@dataclass(frozen=True, slots=True)
class Node:
    """A server, and a client that calls only it."""

    server: Server
    client: Client

    async def rows(self) -> int:
        """How many worker processes of all servers have a row in the database."""
        return int(await asyncio.to_thread(postgresql.server().run, "SELECT count(*) FROM nodes", self._database))

    @property
    def _database(self) -> str:
        return str(self.server.settings["database"]).partition("@/")[2].partition("?")[0]


class Cluster:
    """Servers that are started one after the other."""

    def __init__(self, directory: Path, stack: AsyncExitStack) -> None:
        self._directory = directory
        self._stack = stack
        self._nodes = 0

    async def node(self, **settings: Any) -> Node:
        """One more server."""
        self._nodes += 1
        home = self._directory / f"node-{self._nodes}"
        home.mkdir()
        keys = self._directory / "keys"
        keys.mkdir(exist_ok=True)
        common: dict[str, Any] = {"database": postgresql.url_of(self._directory), "keys_dir": keys, "node_lease_seconds": 2.0}
        server = _Sharing(home, workers=2, **(common | settings))
        server.shared = self._directory
        self._stack.callback(server.kill)
        await server.start()
        client = Client(server.url)
        self._stack.push_async_callback(client.close)
        client.token = await client.log_in()
        return Node(server, client)


class _Sharing(Server):
    """A server whose storages are in a directory that others use, too."""

    shared: Path

    def storage(self, storage: str) -> Path:
        """The directory of a storage."""
        return self.shared / storage


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with AsyncExitStack() as stack:
        yield Cluster(tmp_path, stack)


async def test_a_session_that_one_node_made_is_updated_and_completed_at_the_other(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    item = await new_item(one.client)
    session = await new_update(one.client, item)
    two.client.token = one.client.token
    assert (await two.client.call("GET", f"{UPDATES}/id:{session}"))["state"] == "ACTIVE"
    address = await add(two.client, session, "new")
    assert (await put(one.client, address, b"x" * 100_000)).status_code == 200  # signed by the other
    assert (await file_of(two.client, session, "new"))["status"] == "READY"
    await complete(two.client, session)
    assert await read(one.client, item, "new") == await read(two.client, item, "new") == b"x" * 100_000


async def test_the_start_of_another_node_interrupts_nothing(cluster: Cluster) -> None:
    one = await cluster.node()
    session = await new_update(one.client, await new_item(one.client))
    data = bytes(range(256)) * 8192
    reader, connection = await half_sent(one.server, await add(one.client, session, "new", size=len(data)), data)
    two = await cluster.node()
    two.client.token = one.client.token
    assert (await file_of(two.client, session, "new"))["status"] == "TRANSFERRING"
    connection.write(data[len(data) // 2 :])
    assert b" 200 " in await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
    connection.close()
    assert (await file_of(two.client, session, "new"))["status"] == "READY"


async def test_an_upload_of_a_killed_node_goes_on_at_another(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    item = await new_item(one.client)
    session = await new_update(one.client, item)
    data = bytes(range(256)) * 8192
    address = await add(one.client, session, "new", size=len(data))
    _, connection = await half_sent(one.server, address, data)
    one.server.kill()
    connection.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (file := await file_of(two.client, session, "new"))["status"] != "ERROR":  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
    assert "the server stopped while receiving the file" in file["error_message"]["default_message"]
    offset = int((await two.client.send("HEAD", address)).headers["upload-offset"])
    headers = {"content-range": f"bytes {offset}-{len(data) - 1}/{len(data)}"}
    assert (await two.client.send("PUT", address, content=data[offset:], headers=headers)).status_code == 200
    await complete(two.client, session)
    assert await read(two.client, item, "new") == data
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await two.rows() > 2:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)


async def test_an_upload_of_a_killed_node_can_go_on_before_its_lease_is_over(cluster: Cluster) -> None:
    one, two = await cluster.node(node_lease_seconds=300.0), await cluster.node(node_lease_seconds=300.0)
    item = await new_item(one.client)
    session = await new_update(one.client, item)
    data = bytes(range(256)) * 8192
    address = await add(one.client, session, "new", size=len(data))
    _, connection = await half_sent(one.server, address, data)
    one.server.kill()
    connection.close()
    offset = int((await two.client.send("HEAD", address)).headers["upload-offset"])
    headers = {"content-range": f"bytes {offset}-{len(data) - 1}/{len(data)}"}
    assert (await two.client.send("PUT", address, content=data[offset:], headers=headers)).status_code == 200
    await complete(two.client, session)
    assert await read(two.client, item, "new") == data


async def test_a_node_that_was_killed_and_starts_again_releases_what_it_had_at_once(cluster: Cluster) -> None:
    one, two = await cluster.node(node_lease_seconds=300.0), await cluster.node(node_lease_seconds=300.0)
    session = await new_update(one.client, await new_item(one.client))
    data = bytes(range(256)) * 8192
    _, connection = await half_sent(one.server, await add(one.client, session, "new", size=len(data)), data)
    one.server.kill()
    connection.close()
    await one.server.start()
    assert (await file_of(two.client, session, "new"))["status"] == "ERROR"


async def test_what_one_node_changes_of_permissions_holds_for_the_next_call_at_the_other(cluster: Cluster) -> None:
    one, two = await cluster.node(), await cluster.node()
    library = await new_library(one.client)
    assert (await one.client.send("POST", _USERS, json={"name": _ANN, "password": PASSWORD})).status_code < 300
    ann = Client(two.server.url)
    ann.token = await ann_logs_in(ann)
    spec = {"name": "reader", "privileges": ["System.Read"]}
    assert (await one.client.send("POST", _ROLES, json=spec)).status_code < 300
    for _ in range(5):
        granted = {"principal": _ANN, "principal_type": "USER", "role": "reader", "library": library}
        made = await one.client.send("PUT", _PERMISSIONS, json=granted)
        assert made.status_code < 300, made.text
        assert (await ann.send("GET", f"/api/content/local-library/{library}")).status_code == 200
        removed = await one.client.send("DELETE", f"{_PERMISSIONS}/{made.json()}")
        assert removed.status_code < 300, removed.text
        assert (await ann.send("GET", f"/api/content/local-library/{library}")).status_code == 404
    await ann.close()


async def ann_logs_in(client: Client) -> str:
    """The login session of the user `ann`."""
    answer = await client.send("POST", _SESSION, auth=(_ANN, PASSWORD))
    return str(answer.json()["value"])
