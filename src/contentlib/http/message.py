"""Defines a request and the three kinds of response. Knows no server interface, wire form or library."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from contentlib.http import messages
from contentlib.messages import Fault

Headers = list[tuple[str, str]]
Gone = Callable[[], Awaitable[None]]
"""Returns when the client has gone away."""
Run = Callable[..., Awaitable[Any]]
"""Calls a function with its arguments, in a thread."""
_Result = TypeVar("_Result")

_SLASHES = re.compile("/{2,}")
_LENGTH_DIGITS = 19  # no body is longer, and Python does not read integers of thousands of digits


class Disconnected(Exception):
    """The client went away before its body was complete."""


class BodyRefused(Exception):
    """A body that is not read to its end; `status` is that of the answer, `retry_after` the seconds until another attempt."""

    status = 400
    retry_after: int | None = None

    def __init__(self, said: Fault) -> None:
        super().__init__(said.text)
        self.fault = said


async def never() -> None:
    """A client that never disconnects."""
    await asyncio.get_running_loop().create_future()


async def unless_gone(gone: Gone, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Returns the result of work, or cancels it and raises Disconnected if the client disconnects."""
    working, leaving = asyncio.create_task(work), asyncio.ensure_future(gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Disconnected
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


class BodyTooLarge(BodyRefused):
    """A body is longer than the limit that the reader set."""

    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(messages.BODY_TOO_LARGE(limit=limit))


class Body(Protocol):
    """The bytes of a request, read once."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes as they come, in pieces of any size; Disconnected when the client breaks off."""


class Request(msgspec.Struct):
    """A request.

    `path` is as sent, still percent-encoded, without the query; `query` is the text after `?`. Header names are in lower case.
    The values of a repeated header are joined by a comma (cookies by a semicolon).
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    scheme: str
    client: str
    request_id: str
    stream: Body
    gone: Gone = never
    begun: bool = False
    """Whether some of its body was read that cannot be read once more."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body's bytes as they come; Disconnected when the client breaks off."""
        self.begun = True
        return self.stream.chunks()

    def keep(self, body: bytes) -> None:
        """Keeps the whole body, which was read, so that it can be read once more."""
        self.stream, self.begun = _KeptBody(body), False

    def check_length(self, limit: int) -> None:
        """Raises BodyTooLarge where the body's declared length is over `limit` bytes."""
        declared = self.headers.get("content-length", "")
        if declared.isdecimal() and (len(declared) > _LENGTH_DIGITS or int(declared) > limit):
            raise BodyTooLarge(limit)


class _KeptBody:
    """A body that was read before."""

    __slots__ = ("_whole",)

    def __init__(self, whole: bytes) -> None:
        self._whole = whole

    async def chunks(self) -> AsyncIterator[bytes]:
        """All bytes in one piece."""
        if self._whole:
            yield self._whole


def tidied(path: str) -> str:
    """A path without doubled slashes and without one at its end."""
    return _SLASHES.sub("/", path).rstrip("/") or "/"


class Response(msgspec.Struct):
    """An answer that fits into memory. `Content-Length` and `X-Request-ID` are added when it is sent."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Headers = msgspec.field(default_factory=list)


@dataclass(slots=True)
class FileResponse:
    """A response with `length` bytes of a file from `offset`, or the whole file if `length` is None; no bytes for HEAD.

    The headers include `Content-Length`; the creator of the response has checked the file. `run` executes calls that may block
    on its disk.
    """

    status: int
    path: Path
    headers: Headers
    offset: int = 0
    length: int | None = None
    run: Run = asyncio.to_thread


@dataclass(slots=True)
class StreamResponse:
    """A response whose bytes are generated while it is sent, `Content-Length` in total. An error closes the connection."""

    status: int
    pieces: AsyncGenerator[bytes, None]
    headers: Headers


Answer = Response | FileResponse | StreamResponse


def text(status: int, sentence: str, headers: Headers | None = None) -> Response:
    """A response with a plain-text message, which govc and curl show to their user."""
    return Response(status, f"{sentence}\n".encode(), "text/plain; charset=utf-8", list(headers or ()))


def refusal(status: int, said: Fault, headers: Headers | None = None) -> Response:
    """An answer that says what is wrong."""
    return text(status, said.text, headers)


def method_not_allowed(method: str, allowed: Sequence[str]) -> Response:
    """The answer to a method that an address does not know."""
    methods = ", ".join(sorted(allowed))
    return refusal(405, messages.METHOD_NOT_ALLOWED(method=method, allowed=methods), [("allow", methods)])
