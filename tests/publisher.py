"""A small HTTP server that publishes files as others do, and can be made to behave as badly as they do."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from listening import listening

ALLOW = ("127.0.0.0/8",)
"""What a server is set to fetch from, to fetch from publishers of the tests."""
_PIECE = 1 << 16


@dataclass(frozen=True)
class Asked:
    """A request as it came; header names in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass
class Publisher:
    """What is published, and how.

    `cuts` holds, for the next answers, after how many bytes the connection is cut; `statuses` are answered instead of files.
    `basic` is the user and the password, with a colon between them, that must be told; `conditions` are known or not; `headers`
    go with every file. By path, `cuts_of` holds the cuts of its next answers, `fails` how often it fails before it is sent, and
    `stops` after how many bytes it is silent, until `release`. `most` is how many files were sent at once.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    scheme: str = "http"
    port: int = 0
    ranges: bool = True
    etags: bool = True
    lengths: bool = True
    pause: float = 0.0
    cuts: list[int] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    basic: str | None = None
    conditions: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    cuts_of: dict[str, list[int]] = field(default_factory=dict)
    fails: dict[str, int] = field(default_factory=dict)
    stops: dict[str, int] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    cut: bool = False
    now: int = 0
    most: int = 0
    silent: bool = False
    asked: list[Asked] = field(default_factory=list)

    def uri(self, path: str, host: str = "127.0.0.1") -> str:
        """Where a file is."""
        return f"{self.scheme}://{host}:{self.port}{path}"

    def ranges_asked(self, path: str) -> list[str | None]:
        """Which parts of a file were asked for, one after the other."""
        return [each.headers.get("range") for each in self.asked if each.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers one request on one connection."""
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # clients come and go
        finally:
            writer.close()

    def drop_all(self) -> None:
        """Cuts the connections of those that were stopped."""
        self.cut = True
        self.released.set()

    def release(self) -> None:
        """Sends the rest of what was stopped, and stops nothing any more."""
        self.stops.clear()
        self.released.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
        path = first.split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.asked.append(Asked(path, headers))
        if self.silent:
            await asyncio.sleep(60)
        if self.basic is not None and headers.get("authorization") != _basic(self.basic):
            await _answer(writer, 401, {"WWW-Authenticate": 'Basic realm="files"'})
        elif self.fails.get(path, 0) > 0:
            self.fails[path] -= 1
            await _answer(writer, 500, {})
        elif path in self.redirects:
            await _answer(writer, 302, {"Location": self.redirects[path]})
        elif path in self.statuses or path.partition("?")[0] not in self.files:
            await _answer(writer, self.statuses.get(path, 404), {})
        else:
            await self._send(writer, path, self.files[path.partition("?")[0]], headers)

    async def _send(self, writer: asyncio.StreamWriter, path: str, data: bytes, asked: Mapping[str, str]) -> None:
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        headers = {**self.headers, **({"ETag": etag} if self.etags else {})}
        if self.conditions and self._is_known(asked, headers):
            await _answer(writer, 304, headers)
            return
        start = int(asked["range"].removeprefix("bytes=").rstrip("-")) if self.ranges and "range" in asked else None
        if start is not None and asked.get("if-range", etag) != etag:
            start = None
        if start is not None and start >= len(data):
            await _answer(writer, 416, {**headers, "Content-Range": f"bytes */{len(data)}"})
            return
        if start is not None:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        body = data[start or 0 :]
        if self.lengths:
            headers["Content-Length"] = str(len(body))
        await _head(writer, 200 if start is None else 206, headers)
        cuts = self.cuts_of.get(path) or self.cuts
        cut = cuts.pop(0) if cuts else len(body)
        for at in range(0, min(cut, len(body)), _PIECE):
            self.now += 1
            self.most = max(self.most, self.now)
            try:
                if path in self.stops and at >= self.stops[path]:
                    await self.released.wait()
                    if self.cut:
                        return
                await asyncio.sleep(self.pause)
            finally:
                self.now -= 1
            writer.write(body[at : min(at + _PIECE, cut)])
            await writer.drain()

    def _is_known(self, asked: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        if "if-none-match" in asked:
            return asked["if-none-match"] == headers.get("ETag")
        return "Last-Modified" in headers and asked.get("if-modified-since") == headers["Last-Modified"]


def _basic(told: str) -> str:
    return f"Basic {base64.b64encode(told.encode()).decode()}"


async def _head(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str]) -> None:
    lines = [f"HTTP/1.1 {status} Told", *(f"{name}: {value}" for name, value in headers.items()), "Connection: close"]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()


async def _answer(writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str]) -> None:
    await _head(writer, status, {**headers, "Content-Length": "0"})


@asynccontextmanager
async def publishing(
    files: Mapping[str, bytes] | None = None, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Publisher]:
    """A publisher of files by their paths, over TLS where there is a context."""
    publisher = Publisher(dict(files or {}), scheme="http" if context is None else "https")
    async with listening(publisher.serve, host, context) as publisher.port:
        yield publisher
