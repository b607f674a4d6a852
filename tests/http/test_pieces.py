"""Answers that keep to a limit of bandwidth."""

from __future__ import annotations

import asyncio
import errno
import os
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contentlib.http.message import Answer, FileResponse, Request, Response, StreamResponse
from contentlib.http.pieces import Share, paced, pieces_of
from contentlib.library.bytes.throttle import Throttle
from scopes import Exchange, application, exchanged, scope

DATA = bytes(range(256)) * 1024
PATHSEND: dict[str, Any] = {"http.response.pathsend": {}}


class Reading(Exchange):
    """A client that stays until all is sent."""

    async def receive(self) -> Any:
        if not self._messages:
            await asyncio.Event().wait()
        return self._messages.pop(0)


async def read(answer: Answer, **parts: Any) -> Exchange:
    """What a client reads of an answer."""

    async def handle(_: Request) -> Answer:
        return answer

    exchange = Reading()
    await application(handle)(scope(**parts), exchange.receive, exchange.send)
    return exchange


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def throttle() -> Throttle:
    throttle = Throttle()
    throttle.limit = 8
    return throttle


async def test_without_a_limit_an_answer_stays_as_it_is(file: Path, throttle: Throttle) -> None:
    throttle.limit = 0
    answer = FileResponse(200, file, [])
    assert paced(answer, throttle, Share()) is answer


async def test_with_a_limit_a_file_goes_out_in_small_pieces_that_take_their_time(file: Path, throttle: Throttle) -> None:
    begun = time.monotonic()
    exchange = await read(paced(FileResponse(200, file, [("etag", '"a"')]), throttle, Share()), extensions=PATHSEND)
    assert time.monotonic() - begun > 0.1  # 256 KiB at 1 MB/s, but for the last piece
    assert (exchange.status, exchange.headers["etag"], exchange.body == DATA) == (200, '"a"', True)
    assert max(len(message.get("body", b"")) for message in exchange.sent[1:]) == 125_000


async def test_with_a_limit_a_part_of_a_file_is_that_part(file: Path, throttle: Throttle) -> None:
    exchange = await read(paced(FileResponse(206, file, [], 1000, 200_000), throttle, Share()))
    assert (exchange.status, exchange.body == DATA[1000:201_000]) == (206, True)


@pytest.mark.parametrize("part", [True, False])
async def test_what_began_without_a_limit_keeps_to_one_that_comes(file: Path, throttle: Throttle, part: bool) -> None:
    throttle.limit = 0
    whole = FileResponse(206, file, [], 0, len(DATA))
    answer = paced(whole if part else StreamResponse(200, pieces_of(whole, Share()), []), throttle, Share())
    throttle.limit, begun = 8, time.monotonic()
    assert (await read(answer)).body == DATA
    assert time.monotonic() - begun > 0.1


async def test_the_answer_to_head_is_not_read_at_all(tmp_path: Path, throttle: Throttle) -> None:
    exchange = await read(paced(FileResponse(200, tmp_path / "none", []), throttle, Share()), method="HEAD")
    assert exchange.body == b""


async def test_what_is_no_file_is_not_kept_waiting(throttle: Throttle) -> None:
    answer = Response(200, DATA)
    assert paced(answer, throttle, Share()) is answer


async def test_a_stream_keeps_to_the_limit_and_is_closed_when_its_reader_goes(throttle: Throttle) -> None:
    closed: list[int] = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(100):
                yield DATA
        finally:
            closed.append(len(closed))

    exchange = await exchanged(paced(StreamResponse(200, pieces(), []), throttle, Share()))
    assert (exchange.body, closed) == (DATA, [0])


async def test_a_file_that_has_become_shorter_breaks_the_connection(file: Path) -> None:
    with pytest.raises(OSError, match="ended 10 bytes too early"):
        assert [each async for each in pieces_of(FileResponse(206, file, [], 10, len(DATA)), Share())]


def nothing(file: int, buffers: list[memoryview], offset: int, flags: int) -> int:
    """A file system that cannot tell what is in memory."""
    raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


def half(file: int, buffers: list[memoryview], offset: int, flags: int) -> int:
    """A file of which only the first half of what is asked for is in memory."""
    size = len(buffers[0]) // 2
    buffers[0][:size] = os.pread(file, size, offset)
    return size


def all_(file: int, buffers: list[memoryview], offset: int, flags: int) -> int:
    """A file that is in memory."""
    assert flags == os.RWF_NOWAIT
    return os.preadv(file, buffers, offset)


@pytest.mark.parametrize(("memory", "threads"), [(nothing, 4), (half, 4), (all_, 1)])
async def test_what_is_in_memory_is_sent_without_a_thread(
    file: Path, monkeypatch: pytest.MonkeyPatch, memory: Any, threads: int
) -> None:
    monkeypatch.setattr("contentlib.http.pieces.os", SimpleNamespace(preadv=memory, pread=os.pread))
    calls = []

    async def run(call: Any, *arguments: Any) -> Any:
        calls.append(call)
        return call(*arguments)

    answer = FileResponse(206, file, [], 1, 15, run)
    assert b"".join([each async for each in pieces_of(answer, Share(), 5)]) == DATA[1:16]
    assert len(calls) == threads


async def test_the_more_files_are_sent_the_less_of_each_is_held(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(3 << 20))
    share, answer = Share(), FileResponse(206, file, [], 0, 3 << 20)
    reader = pieces_of(answer, share)
    with ExitStack() as others:
        assert len(await anext(reader)) == 1 << 20
        for _ in range(7):
            others.enter_context(share.taken())
        assert len(await anext(reader)) == 1 << 18
        for _ in range(120):
            others.enter_context(share.taken())
        assert len(await anext(reader)) == 1 << 18
        for _ in range(4096):
            others.enter_context(share.taken())
        assert len(await anext(reader)) == 1 << 15
    assert len(await anext(reader)) == 1 << 20
    await reader.aclose()
    assert share.piece == 1 << 20
