"""A server that is asked to leave finishes what it can, and says so where it cannot."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

import httpx

from crash.clients import Client, Gone
from crash.conftest import Start
from crash.journeys import add, again, arrives, complete, file_of, fill, new_item, new_update, prepared, read, slowly
from crash.servers import Server
from following import until
from processes import PATIENCE_SECONDS

_MIB = 1 << 20


async def ask_on(client: Client, item: str, answers: list[int]) -> None:
    """Asks without a pause until nobody is there any more."""
    with suppress(Gone):
        while True:
            answers.append((await client.raw("GET", f"/rest/com/vmware/content/library/item/id:{item}")).status_code)


async def read_slowly(server: Server, address: str, started: asyncio.Event) -> int:
    """How many bytes come to a client that reads in small pieces."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 16)
    path = address.removeprefix(server.url)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    size = 0
    while piece := await reader.read(1 << 16):
        size += len(piece)
        started.set()
        await asyncio.sleep(0.002)
    writer.close()
    return size


async def test_what_is_running_ends_well(start: Start) -> None:
    server, client = await start(shutdown_seconds=20)
    item = await new_item(client)
    await fill(client, item, large=bytes(24 * _MIB))
    address = await prepared(client, item, "large")
    session = await new_update(client, item)
    upload = await add(client, session, "new", size=2 * _MIB)
    up, down = asyncio.Event(), asyncio.Event()
    sending = asyncio.create_task(client.raw("PUT", upload, content=slowly(bytes(2 * _MIB), up, 2)))
    reading = asyncio.create_task(read_slowly(server, address, down))
    answers: list[int] = []
    asking = [asyncio.create_task(ask_on(client, item, answers)) for _ in range(4)]
    await asyncio.gather(up.wait(), down.wait(), arrives(server.unfinished, _MIB))
    await until(lambda: len(answers) >= len(asking))
    assert await server.leave(PATIENCE_SECONDS) == 0
    assert (await sending).status_code == 200
    assert await reading == 24 * _MIB
    await asyncio.gather(*asking)
    assert set(answers) == {200}
    assert server.failures() == []
    async with again(server, client) as later:
        assert (await file_of(later, session, "new"))["status"] == "READY"


async def test_an_upload_that_takes_too_long_is_cut_off_and_can_go_on(start: Start) -> None:
    server, client = await start(shutdown_seconds=1)
    item = await new_item(client)
    session = await new_update(client, item)
    data = bytes(range(256)) * 8192
    address = await add(client, session, "new", size=len(data))
    reader, writer = await half_sent(server, address, data)
    assert await server.leave(PATIENCE_SECONDS) == 0
    told = await asyncio.wait_for(reader.read(), PATIENCE_SECONDS)
    assert b" 200 " not in told
    writer.close()
    assert server.failures() == []
    async with again(server, client) as later:
        file = await file_of(later, session, "new")
        assert file["status"] == "ERROR"
        assert "stopped" in file["error_message"]["default_message"] or "broke" in file["error_message"]["default_message"]
        offset = int((await later.send("HEAD", address)).headers["upload-offset"])
        assert offset == len(data) // 2
        headers = {"content-range": f"bytes {offset}-{len(data) - 1}/{len(data)}"}
        assert (await later.send("PUT", address, content=data[offset:], headers=headers)).status_code == 200
        await complete(later, session)
        assert await read(later, item, "new") == data


async def test_a_server_that_drains_is_not_ready_and_answers_all_requests(start: Start) -> None:
    server, client = await start(drain_seconds=PATIENCE_SECONDS, workers=2)
    item = await new_item(client)
    await fill(client, item, new=b"bytes")
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGTERM)
    await until(lambda: unready(server))
    fresh = Client(server.url, client.token)
    assert await read(fresh, item, "new") == b"bytes"
    await fresh.close()
    assert await server.leave(PATIENCE_SECONDS / 2) == 0  # the second signal


async def test_a_second_signal_ends_a_server_at_once(start: Start) -> None:
    server, client = await start(shutdown_seconds=600)
    session = await new_update(client, await new_item(client))
    data = bytes(range(256)) * 8192
    _, writer = await half_sent(server, await add(client, session, "new", size=len(data)), data)
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGTERM)
    await until(lambda: refused(server))
    await server.leave(PATIENCE_SECONDS)
    writer.close()
    async with again(server, client) as later:
        assert (await file_of(later, session, "new"))["status"] == "ERROR"


def unready(server: Server) -> bool:
    """Whether a worker tells balancers that it drains."""
    answer = httpx.get(f"{server.url}/readyz", timeout=PATIENCE_SECONDS)
    return (answer.status_code, answer.text.strip()) == (503, "draining")


def refused(server: Server) -> bool:
    """Whether the server takes no connections any more."""
    try:
        httpx.get(f"{server.url}/healthz", timeout=PATIENCE_SECONDS)
    except httpx.TransportError:
        return True
    return False


async def half_sent(server: Server, address: str, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The connection of a client that has sent half of a file, and says no more."""
    host, port = server.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    path = address.removeprefix(server.url)
    writer.write(f"PUT {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {len(data)}\r\n\r\n".encode())
    writer.write(data[: len(data) // 2])
    await arrives(server.unfinished, len(data) // 2)
    return reader, writer
