"""Tests answers with a file that is sent in pieces, because it is not a file of this machine."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator

import pytest

from contentlib.http.files import FileContent, file_answer
from contentlib.http.message import Answer, Request
from scopes import Exchange, Message, application, scope

DATA = bytes(range(100))


async def pieces(start: int, end: int) -> AsyncGenerator[bytes, None]:
    for position in range(start, end, 7):
        yield DATA[position : min(position + 7, end)]


class Reading(Exchange):
    """A client that stays until all is sent."""

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError


async def asked(method: str = "GET", **headers: str) -> Exchange:
    async def handle(request: Request) -> Answer:
        content = FileContent(None, len(DATA), hashlib.sha256(DATA).hexdigest(), 0, pieces=pieces)
        return file_answer(request, content, "a.iso")

    exchange = Reading()
    asking = scope(method=method, headers=list(headers.items()))
    await application(handle)(asking, exchange.receive, exchange.send)
    return exchange


@pytest.mark.parametrize(
    ("method", "span", "status", "body"),
    [
        ("GET", "", 200, DATA),
        ("HEAD", "", 200, b""),
        ("GET", "bytes=10-29", 206, DATA[10:30]),
        ("GET", "bytes=-1", 206, DATA[-1:]),
        ("GET", "bytes=0-99", 206, DATA),
    ],
)
async def test_a_file_without_a_path_is_sent_as_one_with_a_path(method: str, span: str, status: int, body: bytes) -> None:
    answer = await asked(method, **({"range": span} if span else {}))
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["content-length"] == str(len(body) or len(DATA))


async def test_a_range_beyond_it_is_refused() -> None:
    assert (await asked(range="bytes=100-")).status == 416
