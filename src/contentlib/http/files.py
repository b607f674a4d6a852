"""Builds responses that contain a file: whole, a range, or headers only."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from contentlib.http import messages
from contentlib.http.conditions import failed_precondition, http_date, range_holds
from contentlib.http.message import Answer, FileResponse, Headers, Request, Response, Run, StreamResponse, refusal
from contentlib.http.ranges import Span, Unsatisfiable, span_of

_NOT_PLAIN = re.compile(r'[^ -~]|["\\]|%(?=[0-9A-Fa-f]{2})')
_ATTRIBUTE = "!#$&+-.^_`|~"  # what a value of RFC 8187 holds beside letters and digits


Pieces = Callable[[int, int], AsyncGenerator[bytes, None]]
"""The bytes of a file from a position to another one."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """Immutable bytes that exist: size in bytes, time in milliseconds since 1970 UTC.

    They are sent from a local file at `path`, which `run` reads, or, if there is none, from `pieces`.
    """

    path: Path | None
    size: int
    sha256: str
    created: int
    run: Run = asyncio.to_thread
    pieces: Pieces | None = None


def file_answer(request: Request, content: FileContent, name: str) -> Answer:
    """The answer to GET or HEAD for a file of a name."""
    tag = f'"{content.sha256}"'
    known = [("etag", tag), ("last-modified", http_date(content.created)), ("cache-control", "private, no-transform")]
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
        ("content-type", "application/octet-stream"),
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
