"""Fills a library with items through the public API, over kept connections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from bench.load import Connection, connect
from bench.rest import ITEM, TOKEN_HEADER

_CONNECTIONS = 32


def name(number: int) -> str:
    """The name of an item that was filled in."""
    return f"item-{number:06}"


def fill(url: str, token: str, library: str, count: int) -> list[str]:
    """Makes `count` items; returns their identifiers."""
    return asyncio.run(_fill(url, token, library, count))


async def _fill(url: str, token: str, library: str, count: int) -> list[str]:
    where = urlsplit(url)
    numbers = iter(range(count))
    identifiers: list[str] = []
    head = f"POST {ITEM} HTTP/1.1\r\nHost: {where.netloc}\r\n{TOKEN_HEADER}: {token}\r\nContent-Type: application/json\r\n"
    async with asyncio.TaskGroup() as group:
        for _ in range(min(_CONNECTIONS, count)):
            connection = await connect(str(where.hostname), where.port or 80)
            group.create_task(_work(connection, head.encode(), library, numbers, identifiers))
    return identifiers


async def _work(connection: Connection, head: bytes, library: str, numbers: Iterator[int], identifiers: list[str]) -> None:
    for number in numbers:
        body = msgspec.json.encode({"create_spec": {"library_id": library, "name": name(number)}})
        answer = await connection.exchange(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body))
        identifiers.append(msgspec.json.decode(answer)["value"])
    connection.close()
