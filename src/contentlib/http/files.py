"""Builds responses that contain a file: whole, a range, or headers only."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from contentlib.http import messages
from contentlib.http.conditions import failed_precondition, http_date, range_holds
from contentlib.http.message import Answer, FileResponse, Headers, Request, Response, Run, StreamResponse, refusal
from contentlib.http.ranges import Span, Unsatisfiable, span_of

_NOT_PLAIN = re.compile(r'[^ -~]|["\\]|%(?=[0-9A-Fa-f]{2})')
_CACHING = "private, no-transform"
_NOT_KEPT = (("cache-control", "no-store"), ("referrer-policy", "no-referrer"))
_LEAST_LINKED = 1 << 20  # smaller files are sent sooner than the client has opened another connection
_STREAMED = frozenset(
    {
        *("authorization", "cookie", "vmware-api-session-id"),  # some clients send them to the other host too
        *("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"),  # with validators of this server
        "origin",  # a script of a page, which may not read from the other host
    }
)
_ATTRIBUTE = "!#$&+-.^_`|~"  # what a value of RFC 8187 holds beside letters and digits


Pieces = Callable[[int, int], AsyncGenerator[bytes, None]]
"""The bytes of a file from a position to another one."""
Link = Callable[[Mapping[str, str]], Awaitable[str | None]]
"""The address at which a file is answered with some headers; None if there is none."""
BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class FileContent:
    """Immutable bytes that exist: size in bytes, time in milliseconds since 1970 UTC.

    They are sent from a local file at `path`, which `run` reads, or, if there is none, from `pieces`. `link` returns another
    address at which the client can read them, if there is one.
    """

    path: Path | None
    size: int
    sha256: str
    created: int
    run: Run = asyncio.to_thread
    pieces: Pieces | None = None
    link: Link | None = None
    content_type: str = BINARY


async def file_answer(request: Request, content: FileContent, name: str) -> Answer:
    """The answer to GET or HEAD for a file of a name: its bytes, or where they are."""
    if content.link is not None and _may_follow(request, content):
        shown = {"content-type": content.content_type, "content-disposition": disposition(name), "cache-control": _CACHING}
        address = await content.link(shown)
        if address is not None:
            return Response(302, headers=[("location", address), *_NOT_KEPT])
    return _bytes_answer(request, content, name)


def _bytes_answer(request: Request, content: FileContent, name: str) -> Answer:
    tag = _tag(content)
    known = [("etag", tag), ("last-modified", http_date(content.created)), ("cache-control", _CACHING)]
    status = failed_precondition(request.headers, tag, content.created)
    if status == 304:
        return Response(304, headers=known)
    if status is not None:
        return refusal(status, messages.FILE_CHANGED(name=name), known)
    try:
        span = _span(request, tag, content)
    except Unsatisfiable:
        outside = messages.RANGE_OUTSIDE(size=content.size)
        return refusal(416, outside, [*known, ("content-range", f"bytes */{content.size}")])
    return _sent(content, [*known, *_described(content, name)], span)


def _may_follow(request: Request, content: FileContent) -> bool:
    """Whether a client can read from another host without sending it a secret, and gets there what it would get here."""
    if request.method != "GET" or content.size < _LEAST_LINKED or not _STREAMED.isdisjoint(request.headers):
        return False
    return "if-range" not in request.headers or not range_holds(request.headers, _tag(content), content.created)


def _tag(content: FileContent) -> str:
    return f'"{content.sha256}"'


def disposition(name: str) -> str:
    """Returns the Content-Disposition for saving a file under a name (RFC 6266)."""
    return f"attachment; filename=\"{_NOT_PLAIN.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe=_ATTRIBUTE)}"


def _span(request: Request, tag: str, content: FileContent) -> Span | None:
    if request.method != "GET" or not range_holds(request.headers, tag, content.created):
        return None
    return span_of(request.headers.get("range"), content.size)


def _described(content: FileContent, name: str) -> Headers:
    digest = base64.b64encode(bytes.fromhex(content.sha256)).decode()
    return [
        ("content-type", content.content_type),
        ("content-disposition", disposition(name)),
        ("accept-ranges", "bytes"),
        ("repr-digest", f"sha-256=:{digest}:"),
        ("x-content-type-options", "nosniff"),
    ]


def _sent(content: FileContent, headers: Headers, span: Span | None) -> Answer:
    size = content.size
    if span is None:
        return _body(content, 200, [*headers, ("content-length", str(size))], 0, size)
    end = span.offset + span.length
    headers += [("content-length", str(span.length)), ("content-range", f"bytes {span.offset}-{end - 1}/{size}")]
    return _body(content, 206, headers, span.offset, end)


def _body(content: FileContent, status: int, headers: Headers, start: int, end: int) -> Answer:
    """Chooses how the bytes between two positions are sent."""
    if content.path is None:
        if content.pieces is None:
            raise RuntimeError("content has neither a path nor pieces")
        return StreamResponse(status, content.pieces(start, end), headers)
    whole = end - start == content.size and content.size > 0  # the server's own way of sending is open to whole files only
    return FileResponse(status, content.path, headers, start, None if whole else end - start, content.run)
