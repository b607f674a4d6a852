"""A sync runs once, however many processes there are and whoever asks for it; when its process is killed, another goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from crash.clients import Client, Gone
from crash.conftest import Start
from crash.journeys import arrives
from crash.servers import Server
from following import Shelf, done, subscription, until
from processes import PATIENCE_SECONDS
from publisher import Publisher
from whole import TASKS

SETTINGS = {"outbound_allow": '["127.0.0.0/8"]'}
LARGE = bytes(range(256)) * 4096 * 8  # 8 MiB
DOCUMENTS = {"/lib.json", "/items.json"}


@pytest.fixture
def shelf(publisher: Publisher) -> Shelf:
    made = Shelf(publisher)
    for n in range(30):
        made.put(f"item{n}", a_iso=b"content %d" % n)
    return made


async def tasks(client: Client) -> list[Any]:
    """All tasks; those of a process that was killed meanwhile are asked for again."""
    while True:
        try:
            return list((await client.send("GET", TASKS)).json().values())
        except Gone:
            continue


async def ended(client: Client) -> list[Any]:
    """All tasks, when all have ended."""
    async with asyncio.timeout(2 * PATIENCE_SECONDS):
        while not _have_ended(found := await tasks(client)):  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.1)
    return found


def _have_ended(found: list[Any]) -> bool:
    return all(each["status"] in ("SUCCEEDED", "FAILED") for each in found)


async def follow(client: Client, shelf: Shelf) -> str:
    """A new library, whose first sync begins."""
    spec = {"create_spec": {"name": "mirror", "subscription_info": subscription(shelf.url)}}
    return str(await client.call("POST", "/subscribed-library", spec))


def kept(server: Server) -> Counter[bytes]:
    """The bytes on the storages."""
    return Counter(server.contents())


def busy(server: Server) -> list[int]:
    """The processes that write to what is being fetched."""
    return [pid for pid in server.children() if any("/staging/" in each for each in opened(pid))]


def opened(pid: int) -> list[str]:
    """The files that a process has open; some are gone before one can look."""
    found = []
    for each in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(each.readlink()))
        except FileNotFoundError:
            continue
    return found


async def test_a_sync_that_is_asked_for_again_and_again_runs_once(start: Start, shelf: Shelf) -> None:
    server, client = await start(workers=2, **SETTINGS)
    shelf.publisher.stops["/item30/a.iso"] = 0
    library = await follow(client, shelf)
    await until(lambda: bool(shelf.publisher.asked))
    await asyncio.gather(*(client.call("POST", f"/subscribed-library/id:{library}?~action=sync") for _ in range(32)))
    shelf.publisher.release()
    (task,) = await ended(client)
    assert (task["status"], done(task)["fetched"]) == ("SUCCEEDED", 30)
    asked = Counter(shelf.asked())
    assert {path: count for path, count in asked.items() if count > 1} == dict.fromkeys(DOCUMENTS, 2)  # one is of `create`
    assert kept(server) == Counter(b"content %d" % n for n in range(30))


async def test_syncs_that_are_asked_for_one_after_the_other_fetch_nothing_twice(start: Start, shelf: Shelf) -> None:
    server, client = await start(workers=2, **SETTINGS)
    library = await follow(client, shelf)
    await ended(client)
    for n in range(8):
        shelf.put(f"item{n}", n + 1, a_iso=b"newer %d" % n)
        await asyncio.gather(*(client.call("POST", f"/subscribed-library/id:{library}?~action=sync") for _ in range(4)))
        assert {each["status"] for each in await ended(client)} == {"SUCCEEDED"}
    files = Counter(path for path in shelf.asked() if path not in DOCUMENTS)
    assert files == {f"/item{n}/a.iso": 2 if n <= 8 else 1 for n in range(1, 31)}
    assert len(await client.call("GET", f"/library/item?library_id={library}")) == 30
    assert {b"newer %d" % n for n in range(8)} <= set(kept(server))


async def test_a_sync_whose_process_is_killed_is_taken_over_by_another(start: Start, shelf: Shelf) -> None:
    server, client = await start(workers=2, task_lease_seconds=10, **SETTINGS)
    shelf.put("large", a_iso=LARGE)
    shelf.publisher.stops["/item31/a.iso"] = 3 << 20
    library = await follow(client, shelf)
    await arrives(server.unfinished, 2 << 20)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await client.call("GET", f"/library/item?library_id={library}")) < 30:  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.02)
    (working,) = busy(server)
    os.kill(working, signal.SIGKILL)
    shelf.publisher.drop_all()
    shelf.publisher.stops.clear()
    (task,) = await ended(client)
    assert (task["status"], done(task)["fetched"]) == ("SUCCEEDED", 1)
    whole_file, rest = shelf.publisher.ranges_asked("/item31/a.iso")
    assert whole_file is None
    assert rest is not None
    assert int(rest.removeprefix("bytes=").rstrip("-")) >= 2 << 20
    twice = {path: count for path, count in Counter(shelf.asked()).items() if count > 1}
    assert twice == {"/lib.json": 3, "/items.json": 3, "/item31/a.iso": 2}
    assert kept(server) == Counter([LARGE, *(b"content %d" % n for n in range(30))])


async def test_small_items_are_there_whole_when_the_processes_are_killed_while_others_are_stored(
    start: Start, publisher: Publisher
) -> None:
    shelf = Shelf(publisher)
    for n in range(300):
        shelf.put(f"item{n}", a_iso=b"content %d" % n, b_iso=b"more %d" % n)
    server, client = await start(workers=2, task_lease_seconds=10, **SETTINGS)
    library = await follow(client, shelf)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await client.call("GET", f"/library/item?library_id={library}")) < 50:  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.01)
    for pid in server.children():
        os.kill(pid, signal.SIGKILL)
    (task,) = await ended(client)
    assert task["status"] == "SUCCEEDED"
    assert done(task)["fetched"] <= 250
    files = Counter(path for path in shelf.asked() if path not in DOCUMENTS)
    assert len(files) == 600
    assert sum(files.values()) <= 600 + 2 * (25 + 25 + 5)  # those that were being stored, that waited, and that were fetched
    whole = {b"%s %d" % (name, n) for name in (b"content", b"more") for n in range(300)}
    assert set(kept(server)) >= whole
    assert all(any(each.startswith(part) for each in whole) for part in kept(server))  # a kill can leave a part, without a row
    assert len(await client.call("GET", f"/library/item?library_id={library}")) == 300
