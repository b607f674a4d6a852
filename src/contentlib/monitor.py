"""What operators look at: /healthz, /readyz, /metrics, /openapi.json, and / with the address of each."""

from __future__ import annotations

import html
import time
from collections.abc import Awaitable, Callable

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess, values
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from contentlib import __version__
from contentlib.http.message import Answer, Request, Response

Check = Callable[[], Awaitable[None]]

_REQUESTS = Counter("contentlib_requests", "Requests that were answered.", ["door", "method", "status"])
_SECONDS = Histogram(
    "contentlib_request_seconds",
    "Time from a request to its answer, without the bytes of a download.",
    ["door"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600),
)
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

PAGES = {
    "/healthz": "whether the process answers",
    "/readyz": "whether the database and the storages answer",
    "/metrics": "figures for Prometheus",
    "/openapi.json": "the API as an OpenAPI document",
}


class Monitor:
    """The pages of operators; `check` raises OSError when the server is not ready."""

    def __init__(self, check: Check, openapi: Callable[[], bytes]) -> None:
        self._check = check
        self._openapi = openapi

    def speaks(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path == "/" or path in PAGES

    async def handle(self, request: Request) -> Response:
        """The page at a path."""
        if request.method not in ("GET", "HEAD"):
            return Response(405, b"only GET and HEAD here\n", "text/plain; charset=utf-8", [("allow", "GET, HEAD")])
        match request.path:
            case "/healthz":
                return Response(200, b"ok\n", "text/plain; charset=utf-8")
            case "/readyz":
                return await self._ready()
            case "/metrics":
                return Response(200, generate_latest(_registry()), CONTENT_TYPE_PLAIN_0_0_4)
            case "/openapi.json":
                return Response(200, self._openapi(), "application/json")
        return Response(200, _INDEX, "text/html; charset=utf-8")

    async def _ready(self) -> Response:
        try:
            await self._check()
        except OSError as error:
            return Response(503, f"{error}\n".encode(), "text/plain; charset=utf-8")
        return Response(200, b"ready\n", "text/plain; charset=utf-8")


class Meter:
    """Counts and times the requests at one door."""

    def __init__(self, door: str) -> None:
        self._door = door
        self._seconds = _SECONDS.labels(door)
        self._requests: dict[tuple[str, int], Counter] = {}

    def count(self, request: Request, answer: Answer, started: float) -> None:
        """Notes an answer; `started` is of `time.perf_counter`."""
        self._seconds.observe(time.perf_counter() - started)
        key = (request.method, answer.status)
        counter = self._requests.get(key)
        if counter is None:
            method = request.method if request.method in _METHODS else "other"
            counter = self._requests[key] = _REQUESTS.labels(self._door, method, answer.status)
        counter.inc()


def _registry() -> CollectorRegistry:
    """The figures of all workers, where there are several; each keeps its own in a file then."""
    if values.ValueClass.__name__ == "MutexValue":
        return REGISTRY
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call] # prometheus-client types it not
    return together


def _index() -> bytes:
    rows = "".join(f'<li><a href="{path}">{path}</a> {html.escape(text)}</li>' for path, text in PAGES.items())
    text = f"""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>contentlib</title>
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}li{{margin:.3rem 0}}</style>
<h1>contentlib {html.escape(__version__)}</h1>
<p>A Content Library Service. Tools reach its API at <code>/rest</code> and <code>/api</code>.</p>
<ul>{rows}</ul></html>
"""
    return text.encode()


_INDEX = _index()
