"""Serves the built files of the console below /console: its page, scripts and styles.

Names of scripts and styles contain a hash of their content, so that browsers keep them; the page itself is always checked.
"""

from __future__ import annotations

import gzip
import hashlib
import html
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from contentlib.console import messages
from contentlib.http.conditions import failed_precondition
from contentlib.http.message import Headers, Request, Response, method_not_allowed, refusal

PAGE = "/console"
BUILT = Path(__file__).parent / "built"
"""Where `make console` puts the files, and the wheel has them."""
_INDEX = "index.html"
_TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
_POLICY = "; ".join(
    [
        "default-src 'none'",
        *("script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "form-action 'self'"),
        *("base-uri 'self'", "frame-ancestors 'none'"),
        *("require-trusted-types-for 'script'", "trusted-types lit-html"),
    ]
)
_PROTECTED: Headers = [
    ("content-security-policy", _POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
]
_CACHED, _CHECKED = "public, max-age=31536000, immutable", "no-cache"


def is_built(built: Path = BUILT) -> bool:
    """Whether the console has been built."""
    return (built / _INDEX).is_file()


@dataclass(frozen=True)
class _File:
    """A file in memory, as it is and, once it was asked for, compressed."""

    body: bytes
    content_type: str
    cache: str
    tag: str

    @cached_property
    def compressed(self) -> bytes:
        """The body, compressed with gzip."""
        return gzip.compress(self.body, mtime=0)


class Console:
    """The files of the console, or one sentence where they have not been built. `public_url` is as in the settings."""

    def __init__(self, public_url: str | None, built: Path = BUILT) -> None:
        prefix = urlsplit(public_url).path.rstrip("/") if public_url else ""
        self._files = dict(_files(built, f"{prefix}{PAGE}/")) if is_built(built) else {}

    @property
    def built(self) -> bool:
        """Whether there is a console to serve."""
        return bool(self._files)

    def speaks(self, path: str) -> bool:
        """Whether a path is the console's."""
        return path == PAGE or path.startswith(f"{PAGE}/")

    async def handle(self, request: Request) -> Response:
        """The file at a path."""
        if request.method not in ("GET", "HEAD"):
            return method_not_allowed(request.method, ("GET", "HEAD"))
        if not self._files:
            return refusal(404, messages.NOT_BUILT())
        name = request.path.removeprefix(PAGE).removeprefix("/")
        found = self._files.get(name or _INDEX)
        if found is None:
            return refusal(404, messages.NO_SUCH_FILE(name=name), [("cache-control", _CHECKED)])
        return _answer(request, found)


def _answer(request: Request, found: _File) -> Response:
    headers: Headers = [("etag", f"W/{found.tag}"), ("cache-control", found.cache), ("vary", "accept-encoding"), *_PROTECTED]
    if failed_precondition({"if-none-match": request.headers.get("if-none-match", "")}, found.tag, 0) == 304:
        return Response(304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(200, found.body, found.content_type, headers)
    return Response(200, found.compressed, found.content_type, [("content-encoding", "gzip"), *headers])


def _files(built: Path, base: str) -> Iterator[tuple[str, _File]]:
    for path in sorted(built.iterdir()):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            if path.name == _INDEX:  # relative addresses hold behind a proxy that strips a prefix, and without the last slash
                body = body.replace(b"<head>", f'<head><base href="{html.escape(base)}">'.encode(), 1)
            yield path.name, _read(path, body)


def _read(path: Path, body: bytes) -> _File:
    cache = _CHECKED if path.name == _INDEX else _CACHED
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return _File(body, _TYPES[path.suffix], cache, tag)
