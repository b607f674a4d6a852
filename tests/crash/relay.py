"""Stands before a server at an address that outlives it, and notes what was fetched through it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from crash.sites import Site
from listening import listening

_PIECE = 1 << 16
_HEADER = rb"^%b: *([^\r]*)\r$"


@dataclass(frozen=True)
class Fetched:
    """What an answer has brought: `etag` names the bytes, `came` is how many of them were handed on, `life` the reader's."""

    path: str
    etag: str
    status: int
    length: int
    came: int
    life: int


@dataclass
class Relay:
    """One request a connection, whole answers or what comes of them."""

    publisher: Site
    reader: Site
    port: int = 0
    fetched: list[Fetched] = field(default_factory=list)

    def of(self, url: str) -> str:
        """An address of the server as its readers see it."""
        return f"http://127.0.0.1:{self.port}{urlsplit(url).path}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hands a request on, and the answer back."""
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever was killed answers nothing
        finally:
            await _closed(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        where = urlsplit(self.publisher.server.url)
        there, onward = await asyncio.open_connection(where.hostname, where.port, limit=_PIECE)
        try:
            onward.write(request)
            await self._answer(request, there, writer)
        finally:
            await _closed(onward)

    async def _answer(self, request: bytes, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await there.readuntil(b"\r\n\r\n")
        length, came = int(_header(head, b"content-length") or 0), 0
        writer.write(head)
        try:
            while came < length and (piece := await there.read(min(_PIECE, length - came))):
                writer.write(piece)
                await writer.drain()
                came += len(piece)
        finally:
            path = request.split(b" ", 2)[1].decode()
            status = int(head.split(b" ", 2)[1])
            self.fetched.append(Fetched(path, _header(head, b"etag"), status, length, came, self.reader.lives))


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):  # it was the other end that closed it
        await writer.wait_closed()


def _header(head: bytes, name: bytes) -> str:
    found = re.search(_HEADER % name, head, re.IGNORECASE | re.MULTILINE)
    return found[1].decode() if found else ""


@asynccontextmanager
async def relaying(publisher: Site, reader: Site) -> AsyncIterator[Relay]:
    """A relay between two sites, until the block ends."""
    relay = Relay(publisher, reader)
    async with listening(relay.serve) as relay.port:
        yield relay
