"""One of two workers is killed: its transfers are told as interrupted, its tasks are taken over, and the other goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from typing import Any

from crash.clients import Client, Gone
from crash.conftest import Start
from crash.journeys import add, arrives, complete, file_of, new_item, new_update, read
from crash.servers import Server
from crash.test_pulls import DATA, SETTINGS, _end, _pull, publisher
from crash.test_sigterm import half_sent
from crash.test_syncs import busy
from crash.worlds import UPDATES
from processes import PATIENCE_SECONDS
from publisher import Publisher

__all__ = ["publisher"]

_AN_HOUR = 3600
_FEW_SECONDS = 5.0  # of a promise of "a second or two", on a machine that others keep busy


def writer(server: Server) -> int:
    """The worker that writes to what is coming."""
    (found,) = busy(server)
    return found


async def _until(client: Client, session: str, status: str) -> Any:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(Gone):  # a connection to the killed worker
                if (found := await file_of(client, session, "new"))["status"] == status:
                    return found
            await asyncio.sleep(0.02)


async def until_answered(client: Client, session: str) -> None:
    """Returns when no connection to the killed worker is left in the client's pool."""
    answers = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while answers < 5:
            with suppress(Gone):
                await client.call("GET", f"{UPDATES}/id:{session}")
                answers += 1


async def test_an_upload_of_a_killed_worker_is_told_and_goes_on_at_the_other(start: Start) -> None:
    server, client = await start(workers=2, task_lease_seconds=_AN_HOUR)
    item = await new_item(client)
    session = await new_update(client, item)
    data = bytes(range(256)) * 8192
    address = await add(client, session, "new", size=len(data))
    _, connection = await half_sent(server, address, data)
    assert (await file_of(client, session, "new"))["status"] == "TRANSFERRING"
    os.kill(writer(server), signal.SIGKILL)
    killed = time.monotonic()
    file = await _until(client, session, "ERROR")
    assert time.monotonic() - killed < _FEW_SECONDS
    assert "the server stopped while receiving the file" in file["error_message"]["default_message"]
    connection.close()
    offset = int((await client.send("HEAD", address)).headers["upload-offset"])
    assert offset == len(data) // 2
    headers = {"content-range": f"bytes {offset}-{len(data) - 1}/{len(data)}"}
    assert (await client.send("PUT", address, content=data[offset:], headers=headers)).status_code == 200
    await complete(client, session)
    assert await read(client, item, "new") == data


async def test_an_upload_goes_on_when_the_other_worker_is_killed(start: Start) -> None:
    server, client = await start(workers=2)
    session = await new_update(client, await new_item(client))
    data = bytes(range(256)) * 8192
    address = await add(client, session, "new", size=len(data))
    reader, connection = await half_sent(server, address, data)
    (other,) = set(server.children()) - {writer(server)}
    os.kill(other, signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while other in server.children() or len(server.children()) < 2:  # noqa: ASYNC110 - no process tells of another
            await asyncio.sleep(0.05)
    await asyncio.sleep(2)  # the new worker has looked for what the killed one left
    assert (await file_of(client, session, "new"))["status"] == "TRANSFERRING"
    connection.write(data[len(data) // 2 :])
    assert b" 200 " in await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
    connection.close()
    assert (await file_of(client, session, "new"))["status"] == "READY"


async def test_a_pull_of_a_killed_worker_is_taken_over_before_its_lease_is_over(start: Start, publisher: Publisher) -> None:
    server, client = await start(workers=2, task_lease_seconds=_AN_HOUR, **SETTINGS)
    session, item = await _pull(client, publisher, "/a.iso")
    await arrives(server.unfinished, 2 << 20)
    os.kill(writer(server), signal.SIGKILL)
    publisher.release()
    await until_answered(client, session)
    assert (await _end(client, session))["state"] == "DONE"
    (file,) = await client.call("GET", f"/library/item/file?library_item_id={item}")
    assert file["size"] == len(DATA)


async def test_an_upload_is_stopped_by_a_call_to_either_worker(start: Start) -> None:
    server, client = await start(workers=2)
    item = await new_item(client)
    data = bytes(range(256)) * 8192
    for _ in range(6):  # the calls go to one worker or the other, as the kernel has it
        session = await new_update(client, item)
        reader, connection = await half_sent(server, await add(client, session, "new", size=len(data)), data)
        await client.call("POST", f"/library/item/update-session/id:{session}?~action=cancel")
        assert b" 404 " in await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)
        connection.close()
