"""Converts ASGI messages to `Request`, and `Response` to ASGI messages."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, MutableMapping
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import quote

from contentlib.http import messages
from contentlib.http.message import Answer, Disconnected, FileResponse, Headers, Request, Response, StreamResponse, refusal
from contentlib.http.pieces import Share, pieces_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Handle = Callable[[Request], Awaitable[Answer]]

_NOBODY = ("", 0)
_REQUEST_ID_LENGTH = 128
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'none'"
_NO_SCRIPTS = (b"content-security-policy", _POLICY.encode())
_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")
_PATH_SIGNS = "/:@!$&'()*+,;=~"
_LINGER_SECONDS = 10.0
_LINGER_QUIET_SECONDS = 2.0
_LINGERING = 256  # requests at once whose bodies are read on; beyond them a connection is closed without that
_LINGER_BYTES = 64 << 20


def _unneeded() -> None:
    """The default of a callback."""


class AsgiBody:
    """The body of an ASGI request."""

    __slots__ = ("_receive", "finished")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.finished = False

    def chunks(self) -> AsyncIterator[bytes]:
        """The body's bytes as they come."""
        return self

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next bytes. A generator would be registered with the event loop, which costs more than reading a small body."""
        while not self.finished:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.finished = True
                raise Disconnected
            self.finished = not message.get("more_body", False)
            piece: bytes = message.get("body", b"")
            if piece:
                return piece
        raise StopAsyncIteration

    async def gone(self) -> None:
        """Returns when the client has gone away; bytes that come meanwhile are dropped."""
        while (message := await self._receive())["type"] != "http.disconnect":
            self.finished = self.finished or not message.get("more_body", False)
        self.finished = True

    async def linger(self) -> None:
        """Reads on after the answer, for a while: the answer is lost when a connection with unread bytes is closed."""
        now = asyncio.get_running_loop().time
        end, size = now() + _LINGER_SECONDS, 0
        with suppress(Disconnected, TimeoutError):
            async with asyncio.timeout(_LINGER_QUIET_SECONDS) as quiet:
                async for piece in self.chunks():
                    size += len(piece)
                    if size > _LINGER_BYTES:
                        return
                    quiet.reschedule(min(now() + _LINGER_QUIET_SECONDS, end))


class Application:
    """An ASGI application around one function from request to answer.

    `on_started` is awaited when the server has been told that the start is complete. `drain` may be called before the stop.
    """

    def __init__(
        self,
        handle: Handle,
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
        drain: Callable[[], object] = _unneeded,
    ) -> None:
        self._handle = handle
        self._start = start
        self._stop = stop
        self.drain = drain
        self.on_started: Callable[[], Awaitable[None]] | None = None
        self._lingering = 0
        self.clients: dict[tuple[str, int], bool] = {}
        """Address and port of each client that has sent a request, and whether one is being answered now."""
        self._fresh_ids = map(f"{secrets.token_hex(6)}-{{:x}}".format, itertools.count(1))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request, or the life of the process."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._live(receive, send)
            return
        client = tuple(scope.get("client") or _NOBODY)
        self.clients[client] = True
        try:
            body = AsgiBody(receive)
            request = _request(scope, body, self._fresh_ids)
            try:
                answer = _misaddressed(scope, request) or await self._handle(request)
            except Disconnected:  # heard only by a client that has stopped sending and still reads
                answer = refusal(400, messages.BODY_INCOMPLETE())
            await _send(request, answer, scope, receive, send)
            if not body.finished and _has_body(request) and self._lingering < _LINGERING:
                await self._linger(body)
        finally:
            self.clients[client] = False

    async def _linger(self, body: AsgiBody) -> None:
        self._lingering += 1
        try:
            await body.linger()
        finally:
            self._lingering -= 1

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._start()
                except Exception as error:  # any error: the server must know that the start failed
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
                if self.on_started is not None:
                    await self.on_started()
            else:
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _has_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def _request(scope: Scope, body: AsgiBody, fresh_ids: Iterator[str]) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if len(headers) < len(scope["headers"]):
        headers = _joined(scope["headers"])
    if "host" not in headers and scope.get("server") and scope.get("http_version") != "1.1":
        host, port = scope["server"][:2]
        headers["host"] = f"{host}:{port}"
    raw = scope.get("raw_path")
    return Request(
        method=scope["method"],
        path=_ascii(raw).partition("?")[0] if raw else quote(scope["path"], safe=_PATH_SIGNS),
        query=_ascii(scope["query_string"]),
        headers=headers,
        scheme=scope["scheme"],
        client=(scope.get("client") or ("",))[0],
        request_id=_given_id(headers) or next(fresh_ids),
        stream=body,
        gone=body.gone,
    )


def _misaddressed(scope: Scope, request: Request) -> Response | None:
    """The answer to a request without a host, or with two (RFC 9112, 3.2)."""
    host = request.headers.get("host")
    if "," in (host or "") or (host is None and scope.get("http_version") == "1.1"):
        return refusal(400, messages.ONE_HOST())
    return None


def _joined(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers, where some come more than once."""
    headers: dict[str, str] = {}
    for key, value in pairs:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        if name in headers:
            text = headers[name] + ("; " if name == "cookie" else ", ") + text
        headers[name] = text
    return headers


def _ascii(raw: bytes) -> str:
    """Part of a URL as it was sent. Bytes that are not allowed are percent-encoded, as a browser would do."""
    return raw.decode() if raw.isascii() else quote(raw, safe=bytes(range(128)))


def _given_id(headers: dict[str, str]) -> str | None:
    """Returns the request id given by the client, if it is valid."""
    given = headers.get("x-request-id") or headers.get("vapi-ctx-opid")
    if given and len(given) <= _REQUEST_ID_LENGTH and given.isascii() and given.isprintable():
        return given
    return None


async def _send(request: Request, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
    if answer.status == 401 and "x-requested-with" in request.headers:
        answer.headers = without_prompt(answer.headers)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    headers.append((b"x-request-id", request.request_id.encode("latin-1")))
    if request.scheme == "https":
        headers.append(_TLS_ONLY)
    if isinstance(answer, FileResponse):
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await _send_file(request, answer, scope, receive, send)
        return
    if isinstance(answer, StreamResponse):
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await _send_pieces(request, answer.pieces, receive, send)
        return
    headers.append(_NO_SNIFFING)
    if answer.content_type:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
        if answer.content_type != "application/json" and all(name != _NO_SCRIPTS[0] for name, _ in headers):
            headers.append(_NO_SCRIPTS)  # a page with a policy of its own needs what this one forbids
    if answer.status not in (204, 304):  # 304 would tell the length of the answer that is not sent
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else answer.body})


def without_prompt(headers: Headers) -> Headers:
    """The headers of a 401 for a script of a page, for which the browser must not ask for a password itself."""
    others = [(name, value) for name, value in headers if name != "www-authenticate"]
    return [*others, ("www-authenticate", 'Session realm="contentlib"')]


async def _send_file(request: Request, answer: FileResponse, scope: Scope, receive: Receive, send: Send) -> None:
    if request.method == "HEAD" or answer.length == 0:
        await send({"type": "http.response.body", "body": b""})
    elif answer.length is None and "http.response.pathsend" in (scope.get("extensions") or {}):
        await send({"type": "http.response.pathsend", "path": str(answer.path)})
    else:  # the interface has no message that would let the server send a part of a file
        await _send_pieces(request, pieces_of(answer, Share()), receive, send)


async def _send_pieces(request: Request, pieces: AsyncGenerator[bytes, None], receive: Receive, send: Send) -> None:
    """Sends the pieces of a body. An error closes the connection before the announced length."""
    gone = asyncio.create_task(_disconnect(receive))  # sending after a disconnect is not an error and would read to the end
    try:
        async with aclosing(pieces):
            if request.method != "HEAD":
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    if gone.done():
                        break
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b""})


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


__all__ = ["Application", "AsgiBody", "Response"]
