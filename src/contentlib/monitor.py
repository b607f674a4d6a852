"""Serves the pages for operators: /healthz, /readyz, /metrics, /openapi.json, and / with links to them.

With several processes, each writes its counters to its own file, and the process that serves /metrics adds them up. Gauges
are read when /metrics is requested.
"""

from __future__ import annotations

import asyncio
import html
import platform
import time
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import cached_property

from cryptography import x509
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess, values
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from contentlib import __version__
from contentlib.http.message import Answer, Body, FileResponse, Request, Response, StreamResponse, method_not_allowed, text
from contentlib.inventory import Inventory, Space
from contentlib.library.ports import MetadataStore

Check = Callable[[], Awaitable[None]]

PAGES = {
    "/healthz": "whether the process is running",
    "/readyz": "whether the database and all storages are usable",
    "/metrics": "metrics in the Prometheus text format",
    "/openapi.json": "the API as an OpenAPI document",
}

_REQUESTS = Counter("contentlib_requests", "Answered requests.", ["door", "method", "status"])
_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600)
_SECONDS = Histogram(
    "contentlib_request_seconds",
    "Time from receiving a request to its response, excluding the body of a download.",
    ["door"],
    buckets=_BOUNDS,
)
_RECEIVED = Counter("contentlib_received_bytes", "Bytes received in uploads.")
_SENT = Counter("contentlib_sent_bytes", "Bytes of downloads that were started; an interrupted download counts in full.")
_FAILED_JOBS = Counter("contentlib_job_failures", "Failed runs of background jobs; see the log for the cause.", ["job"])
_LEFT_OUT = Counter("contentlib_sync_items_left_out", "Items that a sync could not read; see the log for the cause.")
_TO_CONSOLE = '<meta http-equiv="refresh" content="0;url=console">', '<a href="console">Open the console</a>'
_NO_CONSOLE = "The console is not part of this installation; <code>make console</code> builds it."
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
_ALONE = values.ValueClass.__name__ == "MutexValue"  # no other process reads the metrics of this one
_LATE_SECONDS = 0.5


class Monitor:
    """The pages of operators; `check` raises OSError, naming what is broken, when the server is not ready."""

    def __init__(
        self, check: Check, openapi: Callable[[], bytes], gauges: Callable[[], Awaitable[bytes]], *, console: bool = False
    ) -> None:
        self._check = check
        self._openapi = openapi
        self._gauges = gauges
        self._index = _index(console=console)

    def speaks(self, path: str) -> bool:
        """Whether a path is one of ours."""
        return path == "/" or path in PAGES

    async def handle(self, request: Request) -> Response:
        """The page at a path."""
        if request.method not in ("GET", "HEAD"):
            return method_not_allowed(request.method, ("GET", "HEAD"))
        match request.path:
            case "/healthz":
                return text(200, "ok")
            case "/readyz":
                return await self._ready()
            case "/metrics":
                return Response(200, _counters() + await self._gauges(), CONTENT_TYPE_PLAIN_0_0_4)
            case "/openapi.json":
                return Response(200, self._openapi(), "application/json")
        return Response(200, self._index, "text/html; charset=utf-8")

    async def _ready(self) -> Response:
        try:
            await self._check()
        except OSError as error:
            return text(503, str(error))
        return text(200, "ready")


def _counters() -> bytes:
    """What was counted, up to this request."""
    add_up_requests()
    return generate_latest(_registry())


def _registry() -> CollectorRegistry:
    """The figures of all processes, where there are several."""
    if _ALONE:
        return REGISTRY
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call] # prometheus-client types it not
    return together


def _index(*, console: bool) -> bytes:
    rows = "".join(f'<li><a href="{path}">{path}</a> {html.escape(what)}</li>' for path, what in PAGES.items())
    to_console, link = _TO_CONSOLE if console else ("", _NO_CONSOLE)
    page = f"""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>contentlib</title>{to_console}
<link rel="icon" href="data:,"><meta name="color-scheme" content="light dark">
<style>body{{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}li{{margin:.3rem 0}}</style>
<h1>contentlib {html.escape(__version__)}</h1>
<p>A Content Library Service. Tools reach its API at <code>/rest</code> and <code>/api</code>.</p>
<p>{link}</p>
<ul>{rows}</ul></html>
"""
    return page.encode()


class _Requests:
    """Counts the requests at a door in plain integers, and adds them to the metrics later.

    Counters of prometheus_client have locks and, with several processes, files: adding to them costs ten times as much. The
    process that serves /metrics adds up when it is asked, the others do so soon after they have counted something.
    """

    def __init__(self, door: str) -> None:
        self._door = door
        self._seconds = _SECONDS.labels(door)
        self._begin()

    def _begin(self) -> None:
        self._waits = False
        self._total = 0.0
        self._buckets = [0] * (len(_BOUNDS) + 1)
        self._answers: Tally[tuple[str, int]] = Tally()

    def add(self, method: str, status: int, seconds: float) -> None:
        """Counts a request."""
        self._total += seconds
        self._buckets[bisect_left(_BOUNDS, seconds)] += 1
        self._answers[method if method in _METHODS else "other", status] += 1  # a client may call itself whatever it likes
        if not (_ALONE or self._waits):
            self._waits = True
            asyncio.get_running_loop().call_later(_LATE_SECONDS, self.add_up)

    def add_up(self) -> None:
        """Adds to the metrics what was counted since the last time."""
        total, buckets, answers = self._total, self._buckets, self._answers
        self._begin()
        self._seconds._sum.inc(total)  # there is no public way to observe several values at once
        for bucket, count in zip(self._seconds._buckets, buckets, strict=True):
            if count:
                bucket.inc(count)
        for (method, status), count in answers.items():
            _REQUESTS.labels(self._door, method, status).inc(count)


_DOORS: dict[str, _Requests] = {}


def add_up_requests() -> None:
    """Adds to the metrics what was counted until now."""
    for each in _DOORS.values():
        each.add_up()


class Meter:
    """Counts and times the requests at one door."""

    def __init__(self, door: str) -> None:
        self._add = _DOORS.setdefault(door, _Requests(door)).add

    def count(self, request: Request, answer: Answer, started: float) -> None:
        """Notes an answer; `started` is of `time.perf_counter`."""
        self._add(request.method, answer.status, time.perf_counter() - started)


class TransferMeter(Meter):
    """Counts the bytes of transfers too."""

    def count(self, request: Request, answer: Answer, started: float) -> None:
        """Notes an answer, and the bytes that go out with it."""
        super().count(request, answer, started)
        if isinstance(answer, FileResponse | StreamResponse) and request.method == "GET":
            _SENT.inc(next(int(value) for name, value in answer.headers if name == "content-length"))


class CountedBody:
    """A body whose bytes are counted as they come."""

    def __init__(self, body: Body) -> None:
        self._body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes as they come."""
        async for piece in self._body.chunks():
            _RECEIVED.inc(len(piece))
            yield piece


def count_left_out(items: int) -> None:
    """Counts items that a sync has left out."""
    _LEFT_OUT.inc(items)


def count_failed_job(name: str) -> None:
    """Notes that a job failed."""
    _FAILED_JOBS.labels(name).inc()


class Gauges:
    """Collects the gauges. `certificate` is the server's PEM certificate, if it has one."""

    def __init__(self, metadata: MetadataStore, inventory: Inventory, certificate: bytes | None) -> None:
        self._metadata = metadata
        self._inventory = inventory
        self._certificate = certificate

    async def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        found = [_build(), *_spaces(await self._inventory.spaces()), await self._sessions()]
        found += await self._quotas()
        if self._certificate is not None:
            found.append(await asyncio.to_thread(lambda: self._expiry))
        registry = CollectorRegistry()
        registry.register(_Found(found))
        return generate_latest(registry)

    async def _sessions(self) -> Metric:
        sessions = GaugeMetricFamily("contentlib_active_sessions", "Active sessions.", labels=["kind"])
        async with self._metadata.reading() as transaction:
            sessions.add_metric(["update"], await transaction.update_sessions.active())
            sessions.add_metric(["download"], await transaction.download_sessions.active())
            sessions.add_metric(["login"], await transaction.logins.count())
        return sessions

    async def _quotas(self) -> list[Metric]:
        """Quotas that have limits, so that no more of them are told than administrators have set."""
        names = ["owner", "unit"]
        used = GaugeMetricFamily("contentlib_quota_used", "What a library or user holds or has reserved.", labels=names)
        most = GaugeMetricFamily("contentlib_quota_limit", "What a library or user may hold.", labels=names)
        ratio = GaugeMetricFamily("contentlib_quota_used_ratio", "Used part of a quota; warnings start at 0.8.", labels=names)
        async with self._metadata.reading() as transaction:
            for quota in await transaction.quotas.all():
                for unit, now, limit in (
                    ("bytes", quota.bytes + quota.reserved, quota.most_bytes),
                    ("items", quota.items, quota.most_items),
                ):
                    if limit is not None:
                        used.add_metric([quota.owner, unit], now)
                        most.add_metric([quota.owner, unit], limit)
                        ratio.add_metric([quota.owner, unit], now / limit if limit else 1)
        return [used, most, ratio]

    @cached_property
    def _expiry(self) -> Metric:
        certificate = x509.load_pem_x509_certificate(self._certificate or b"")
        what = "Expiry time of the server certificate, in seconds since 1970-01-01 UTC."
        return GaugeMetricFamily(
            "contentlib_certificate_expiry_seconds", what, value=certificate.not_valid_after_utc.timestamp()
        )


class _Found(Collector):
    """Figures that were looked up already."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """The figures."""
        return self._metrics


def _spaces(spaces: Mapping[str, Space]) -> list[Metric]:
    free = GaugeMetricFamily("contentlib_storage_free_bytes", "Free bytes of a storage.", labels=["storage"])
    size = GaugeMetricFamily("contentlib_storage_size_bytes", "Total bytes of a storage, used and free.", labels=["storage"])
    up = GaugeMetricFamily("contentlib_storage_accessible", "1 if a storage is accessible, 0 if not.", labels=["storage"])
    for storage, space in spaces.items():
        up.add_metric([storage], int(space.accessible))
        if space.accessible:
            free.add_metric([storage], space.free)
            size.add_metric([storage], space.capacity)
    return [free, size, up]


def _build() -> Metric:
    value = {"version": __version__, "python": platform.python_version()}
    return InfoMetricFamily("contentlib_build", "Versions of contentlib and Python.", value=value)
