"""What only a real server and a socket show: cut and slow connections, restarts, memory."""

from __future__ import annotations

import asyncio
import hashlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import processes
from contentlib.library.model import UpdateFile
from processes import PATIENCE_SECONDS, Running
from transfer.parts import STORAGE, Parts
from transfer.raw import Raw

DATA = os.urandom(3_000_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
PROGRAM = Path(__file__).with_name("bytes_server.py")
Serve = Callable[..., Running]


pytestmark = pytest.mark.embedded  # the server of the tests opens the same file in a process of its own


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server on the directory of `parts`; it ends with the test."""
    started: list[Running] = []

    def start(lease: int = 300_000) -> Running:
        command = [sys.executable, str(PROGRAM), str(tmp_path), str(lease)]
        started.append(processes.start(command, tmp_path, PYTHONPATH=str(PROGRAM.parents[1])))
        return started[-1]

    yield start
    for server in started:
        server.process.kill()
        server.process.wait()
        server.output.close()


async def until(parts: Parts, file: UpdateFile, status: str) -> UpdateFile:
    """The file when it has a status, which it gets soon."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (found := await parts.file(file)).status != status:  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.01)
    return found


def body_of(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    """Status of an answer, and the checksum that it tells or its sentence."""
    status, headers, body = answer
    if headers["content-type"] != "application/json":
        return status, body.decode()
    told: dict[str, dict[str, str]] = msgspec.json.decode(body)
    return status, told["checksums"]["SHA256"]


async def test_one_connection_carries_uploads_with_a_length_and_in_chunks(parts: Parts, serve: Serve) -> None:
    url = serve().url
    with Raw(url) as raw:
        for _ in range(2):
            _, address = await parts.push(size=len(DATA))
            raw.send("PUT", address, {"content-length": str(len(DATA))}, DATA)
            assert body_of(raw.answer()) == (200, SHA256)
            _, address = await parts.push()
            raw.send("POST", address, {"transfer-encoding": "chunked"})
            for at in range(0, len(DATA), 123_457):
                raw.chunk(DATA[at : at + 123_457])
            raw.chunk(b"")
            assert body_of(raw.answer()) == (200, SHA256)


async def test_a_client_that_asks_first_is_told_to_continue_or_why_not(parts: Parts, serve: Serve) -> None:
    url = serve().url
    _, address = await parts.push(size=len(DATA))
    headers = {"expect": "100-continue", "content-length": str(len(DATA))}
    with Raw(url) as raw:
        raw.send("PUT", address, headers)
        assert raw.head()[0] == 100
        raw.socket.sendall(DATA)
        assert body_of(raw.answer()) == (200, SHA256)
    _, address = await parts.push(size=5)
    with Raw(url) as raw:
        raw.send("PUT", address, headers)
        assert body_of(raw.answer()) == (400, "file 'tiny.iso' is 3000000 bytes, expected 5\n")


@pytest.mark.parametrize("size", [20_000_000, 200_000_000])
async def test_a_client_that_does_not_listen_while_it_sends_hears_why_it_is_refused(
    parts: Parts, serve: Serve, size: int
) -> None:
    url = serve().url
    _, address = await parts.push(size=5)
    with Raw(url) as raw:
        raw.send("PUT", address, {"content-length": str(size)})
        try:
            for _ in range(size // 1_000_000):
                raw.socket.sendall(bytes(1_000_000))
        except (BrokenPipeError, ConnectionResetError):
            assert size > 64 << 20  # more than the server reads on for
        assert body_of(raw.answer()) == (400, f"file 'tiny.iso' is {size} bytes, expected 5\n")


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_cut_connection_shows_in_the_file_and_the_upload_goes_on(parts: Parts, serve: Serve, chunked: bool) -> None:
    url = serve().url
    file, address = await parts.push(size=len(DATA))
    with Raw(url) as raw:
        if chunked:
            raw.send("PUT", address, {"transfer-encoding": "chunked"})
            raw.chunk(DATA[:2_000_000])
        else:
            raw.send("PUT", address, {"content-length": str(len(DATA))}, DATA[:2_000_000])
        await until(parts, file, "TRANSFERRING")
    failed = await until(parts, file, "ERROR")
    assert failed.fault is not None
    assert failed.fault.text == f"connection lost after {failed.received} of 3000000 bytes"
    with Raw(url) as raw:
        raw.send("HEAD", address)
        offset = int(raw.head()[1]["upload-offset"])
        assert 0 < offset == failed.received <= 2_000_000
        content_range = f"bytes {offset}-{len(DATA) - 1}/{len(DATA)}"
        raw.send("PUT", address, {"content-range": content_range, "content-length": str(len(DATA) - offset)}, DATA[offset:])
        assert body_of(raw.answer()) == (200, SHA256)
    assert (await parts.file(file)).status == "READY"


async def test_an_upload_goes_on_after_the_server_was_killed(parts: Parts, serve: Serve) -> None:
    server = serve()
    _, address = await parts.push(size=len(DATA))
    with Raw(server.url) as raw:
        raw.send("PUT", address, {"content-length": str(len(DATA))}, DATA[:2_500_000])
        store = parts.store
        assert processes.eventually(lambda: any(store.staged_size(STORAGE, upload) for upload in store.uploads(STORAGE)))
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
    with Raw(serve().url) as raw:
        raw.send("HEAD", address)
        offset = int(raw.head()[1]["upload-offset"])
        assert 0 < offset <= 2_500_000
        content_range = f"bytes {offset}-{len(DATA) - 1}/{len(DATA)}"
        raw.send("PUT", address, {"content-range": content_range, "content-length": str(len(DATA) - offset)}, DATA[offset:])
        assert body_of(raw.answer()) == (200, SHA256)


async def test_a_stalled_upload_is_answered_when_another_process_ends_its_session_and_bytes_come(
    parts: Parts, serve: Serve
) -> None:
    url = serve().url
    file, address = await parts.push(size=len(DATA))
    with Raw(url) as raw:
        raw.send("PUT", address, {"content-length": str(len(DATA))}, DATA[:1000])
        await until(parts, file, "TRANSFERRING")
        await parts.updates.cancel(file.session)
        for at in range(1000, len(DATA), 1000):  # the session is looked at once a second
            raw.socket.sendall(DATA[at : at + 1000])
            if select.select([raw.socket], [], [], 0.1)[0]:
                break
        status, sentence = body_of(raw.answer())
        assert (status, "is CANCELED" in sentence) == (404, True)
    assert parts.store.uploads(STORAGE) == []


async def test_a_file_and_its_parts_come_as_they_were_sent(parts: Parts, serve: Serve) -> None:
    _, address = await parts.stored(DATA)
    with Raw(serve().url) as raw:
        raw.send("GET", address)
        status, headers, body = raw.answer()
        assert (status, hashlib.sha256(body).hexdigest()) == (200, SHA256)
        for first, last in ((0, 2_999_999), (1, 2_999_999), (1_048_575, 1_048_577), (2_999_999, 2_999_999)):
            raw.send("GET", address, {"range": f"bytes={first}-{last}"})
            status, headers, body = raw.answer()
            assert (status, headers["content-range"]) == (206, f"bytes {first}-{last}/3000000")
            assert body == DATA[first : last + 1]
        raw.send("GET", address, {"if-none-match": headers["etag"]})
        status, headers = raw.head()
        assert (status, "content-length" in headers) == (304, False)
        raw.send("HEAD", address)
        assert raw.head()[1]["content-length"] == "3000000"


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=1-"}])
async def test_a_file_that_shrinks_while_it_is_sent_is_no_whole_file(
    parts: Parts, serve: Serve, headers: dict[str, str]
) -> None:
    _, address = await parts.stored(os.urandom(30_000_000))
    (blob,) = parts.store.blobs(STORAGE)
    with Raw(serve().url) as raw:
        raw.send("GET", address, headers)
        size = int(raw.head()[1]["content-length"])
        os.truncate(parts.store.path(STORAGE, blob), 20_000_000)
        assert len(raw.body(size)) < size


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=1-"}])
async def test_a_slow_download_keeps_its_session_alive_until_its_client_leaves(
    parts: Parts, serve: Serve, headers: dict[str, str]
) -> None:
    lease = 2.0
    url = serve(lease=int(lease * 1000)).url
    _, address = await parts.stored(os.urandom(30_000_000))
    session = address.split("/")[3]
    started = time.time()

    async def touched() -> float:
        async with parts.metadata.reading() as transaction:
            found = await transaction.download_sessions.get(session)
        assert found is not None
        return found.touched / 1000

    with Raw(url) as raw:
        raw.send("GET", address, headers)
        assert raw.head()[0] in (200, 206)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await touched() <= started + lease:  # twice as long as a download is taken for running unseen
                raw.body(1000)
                await asyncio.sleep(0.1)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await touched() >= time.time() - lease - 0.5:  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.1)
    with Raw(url) as raw:
        raw.send("GET", address)
        assert raw.head()[0] == 404


async def test_memory_stays_flat_while_a_large_file_comes_and_goes(parts: Parts, serve: Serve) -> None:
    size = 300_000_000
    server = serve()
    item = await parts.item()
    file, address = await parts.push(size=size, item=item)
    piece = os.urandom(1_000_000)
    with Raw(server.url) as raw:
        raw.send("HEAD", address)
        raw.head()
        worker = int(Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()[0])
        before = resident(worker)
        raw.send("PUT", address, {"content-length": str(size)})
        for _ in range(size // len(piece)):
            raw.socket.sendall(piece)
        assert raw.answer()[0] == 200
        await parts.completion.complete(file.session)
        session = await parts.downloads.create("u", "l", item, None)
        for headers in ({}, {"range": "bytes=1-"}):
            raw.send("GET", parts.addresses.download(session, 0, "x"), headers)
            left = int(raw.head()[1]["content-length"])
            while left:
                left -= len(raw.body(min(left, 1 << 20)))
        assert resident(worker, "VmHWM") < before + (32 << 10)


def resident(process: int, field: str = "VmRSS") -> int:
    """KiB of memory that a process has, or had at most."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(field)).split()[1])
