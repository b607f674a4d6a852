"""ASGI requests without a server: a scope, and what is received and sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from contentlib.http.asgi import Application
from contentlib.http.message import Answer, Request, Response

Message = MutableMapping[str, Any]


def scope(**parts: Any) -> Message:
    """A request's scope; `headers` are pairs of text."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in parts.pop("headers", [])]
    whole: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "scheme": "https",
        "client": ("192.0.2.1", 1024),
        "server": ("192.0.2.2", 443),
        "headers": headers,
    }
    return {name: value for name, value in (whole | parts).items() if value is not None}


class Exchange:
    """A request's messages, and those of its answer."""

    def __init__(self, *pieces: bytes | None) -> None:
        """The pieces of the body; None is a client that breaks off."""
        last = len(pieces) - 1
        self._messages: list[Message] = [
            {"type": "http.disconnect"} if piece is None else {"type": "http.request", "body": piece, "more_body": n < last}
            for n, piece in enumerate(pieces or (b"",))
        ]
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        return self._messages.pop(0) if self._messages else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


async def _nothing() -> None:
    """There is nothing to start or to stop."""


def application(
    handle: Callable[[Request], Awaitable[Answer]],
    start: Callable[[], Awaitable[None]] = _nothing,
    stop: Callable[[], Awaitable[None]] = _nothing,
) -> Application:
    """An application around a function."""
    return Application(handle, start, stop)


async def request_of(**parts: Any) -> Request:
    """The request that a scope becomes."""
    requests: list[Request] = []

    async def handle(request: Request) -> Answer:
        requests.append(request)
        return Response(204)

    exchange = Exchange()
    await application(handle)(scope(**parts), exchange.receive, exchange.send)
    return requests[0]


async def exchanged(answer: Answer, *pieces: bytes | None, **parts: Any) -> Exchange:
    """How an answer is sent."""

    async def handle(request: Request) -> Answer:
        return answer

    exchange = Exchange(*pieces)
    await application(handle)(scope(**parts), exchange.receive, exchange.send)
    return exchange
