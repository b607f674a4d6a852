"""Connections that are used again: by requests that may share them, and never by one that cannot be sent again."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from certificates import Certificate
from contentlib.outbound.client import Outbound
from contentlib.outbound.problems import ProblemKind, RequestFailed
from listening import listening


@dataclass
class _Server:
    """Answers any number of requests on a connection, or `most` of them before it closes without a word.

    It keeps back the last byte of the first answers, as many as `incomplete`.
    """

    most: int = 1000
    incomplete: int = 0
    connections: list[int] = field(default_factory=list)
    """How many requests came on each connection, in the order in which they were opened."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.connections)
        self.connections.append(0)
        try:
            while self.connections[number] < self.most:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(3 if b"Content-Length: 3" in head else 0)
                self.connections[number] += 1
                told = b"bytes" if sum(self.connections) > self.incomplete else b"byte"
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + told)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()


@asynccontextmanager
async def _serving(server: _Server, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    async with listening(server.serve, context=context) as port:
        yield f"{'http' if context is None else 'https'}://127.0.0.1:{port}/file"


async def _read(client: Outbound, uri: str, thumbprint: str | None = None) -> bytes:
    found = b""
    async with client.get(uri, thumbprint=thumbprint) as answer:
        while piece := await answer.read():
            found += piece
    return found


async def test_files_of_one_server_come_over_one_connection(client: Outbound) -> None:
    server = _Server()
    async with _serving(server) as uri:
        for _ in range(3):
            assert await _read(client, uri) == b"bytes"
    assert server.connections == [3]


async def test_an_answer_that_was_not_read_to_its_end_ends_its_connection(client: Outbound) -> None:
    server = _Server(incomplete=1)
    async with _serving(server) as uri:
        async with client.get(uri):
            pass
        assert await _read(client, uri) == b"bytes"
    assert server.connections == [1, 1]


async def test_a_connection_that_the_server_has_closed_meanwhile_costs_no_answer(client: Outbound) -> None:
    server = _Server(most=1)
    async with _serving(server) as uri:
        for _ in range(4):
            assert await _read(client, uri) == b"bytes"
    assert server.connections == [1, 1, 1, 1]


async def test_what_is_posted_goes_over_a_new_connection(client: Outbound) -> None:
    server = _Server()
    async with _serving(server) as uri:
        await _read(client, uri)
        for _ in range(2):
            await client.post(uri, b"abc", {})
    assert server.connections == [1, 1, 1]


async def test_a_pin_is_checked_where_another_one_has_opened_a_connection(client: Outbound, signed: Certificate) -> None:
    server, pin = _Server(), signed.thumbprint("sha256")
    async with _serving(server, signed.context()) as uri:
        for _ in range(2):
            assert await _read(client, uri, pin) == b"bytes"
        assert server.connections == [2]
        with pytest.raises(RequestFailed) as failed:
            await _read(client, uri, "0" * 64)
        assert failed.value.problem.kind is ProblemKind.CERTIFICATE
        assert await _read(client, uri) == b"bytes"  # by the configured authority: a connection of its own
        assert [count for count in server.connections if count] == [2, 1]
