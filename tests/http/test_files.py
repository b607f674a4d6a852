"""Tests answers with a file that is sent in pieces, because it is not a file of this machine."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace

import pytest

from contentlib.http.files import FileContent, file_answer
from contentlib.http.message import Answer, Request
from scopes import Exchange, Message, application, scope

DATA = bytes(range(100))
SHA256 = hashlib.sha256(DATA).hexdigest()
ELSEWHERE = "https://store.example/object?signed"


async def pieces(start: int, end: int) -> AsyncGenerator[bytes, None]:
    for position in range(start, end, 7):
        yield DATA[position : min(position + 7, end)]


class Reading(Exchange):
    """A client that stays until all is sent."""

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError


async def asked(method: str = "GET", *, content: FileContent | None = None, **headers: str) -> Exchange:
    content = content or FileContent(None, len(DATA), SHA256, 0, pieces=pieces)

    async def handle(request: Request) -> Answer:
        return await file_answer(request, content, "a.iso")

    exchange = Reading()
    asking = scope(method=method, headers=[(name.replace("_", "-"), value) for name, value in headers.items() if value])
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
    answer = await asked(method, range=span)
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["content-length"] == str(len(body) or len(DATA))


async def test_a_range_beyond_it_is_refused() -> None:
    assert (await asked(range="bytes=100-")).status == 416


async def elsewhere(shown: Mapping[str, str]) -> str | None:
    assert shown["content-disposition"].startswith('attachment; filename="a.iso"')
    return ELSEWHERE


LINKED = FileContent(None, 1 << 20, SHA256, 0, pieces=pieces, link=elsewhere)


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=10-29"}, {"range": "bytes=10-", "if_range": '"of the store"'}])
async def test_a_client_without_secrets_is_sent_to_the_store(headers: dict[str, str]) -> None:
    answer = await asked(content=LINKED, **headers)
    assert (answer.status, answer.headers["location"], answer.body) == (302, ELSEWHERE, b"")
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Basic eDp5"},
        {"cookie": "a=b"},
        {"vmware_api_session_id": "token"},
        {"origin": "https://page.example"},
        {"if_match": f'"{SHA256}"'},
        {"if_none_match": '"another"'},
        {"range": "bytes=10-29", "if_range": f'"{SHA256}"'},
    ],
)
async def test_a_client_that_would_send_secrets_or_validators_to_the_store_gets_the_bytes(headers: dict[str, str]) -> None:
    assert (await asked(content=LINKED, **headers)).status in (200, 206)


async def test_only_large_files_are_read_at_the_store_and_only_by_get() -> None:
    assert (await asked("HEAD", content=LINKED)).status == 200
    assert (await asked(content=replace(LINKED, size=(1 << 20) - 1))).status == 200


async def test_a_file_whose_storage_gives_no_link_is_sent() -> None:
    async def nowhere(_: Mapping[str, str]) -> str | None:
        return None

    assert (await asked(content=replace(LINKED, link=nowhere))).status == 200
