"""The rows of the table on bytes: how many a second, with how much memory, and how long others wait meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench import limits, load, servers
from bench.load import MIB, Memory
from bench.place import Place, Stocked, stocked, warm
from bench.rest import Rest
from bench.results import Goal, Measure, Row, compare, megabytes, milliseconds
from bench.servers import Server

_GIB = 1024 * MIB
_NAME = "image.iso"
_BUSY_SECONDS = 10
_DOWNLOADS, _UPLOADS = 16, 4
_RANGES, _RANGE = 8, 64 * MIB
_LARGE, _LESS_LARGE = 10 * _GIB, 4 * _GIB


def download(place: Place) -> Iterator[Row]:
    """A file of 1 GiB that lies in the page cache, read by one curl or by eight at once, each the whole file."""
    data, source, beside = place.new("contentlib"), place.file(_GIB), place.new("nginx")
    with servers.contentlib(data) as server:
        item = stocked(server, place).upload(source, _NAME)
    with servers.nginx(beside, place.certificate) as nginx:
        (beside / "files" / _NAME).hardlink_to(source)
        for certificate, url, how in ((None, nginx.url, "plain"), (place.certificate, nginx.tls_url, "over TLS")):
            with servers.contentlib(data, certificate) as server:
                yield from _downloads(Rest(server), item, f"{url}/{_NAME}", how)


def ranges(place: Place) -> Iterator[Row]:
    """Eight ranges of 64 MiB of a file of 1 GiB that lies in the page cache, read by eight curl at once."""
    data, source, beside = place.new("contentlib"), place.file(_GIB), place.new("nginx")
    with servers.contentlib(data) as server, servers.nginx(beside, place.certificate) as nginx:
        stock = stocked(server, place)
        uri = stock.client.download_uri(stock.upload(source, _NAME), _NAME)
        (beside / "files" / _NAME).hardlink_to(source)
        urls = uri, f"{nginx.url}/{_NAME}"
        measures = [partial(load.ranges, url, _RANGES, _RANGE, stock.client.token) for url in urls]
        for measure in measures:
            measure()  # brings the file into the page cache
        yield _beside_nginx(f"{_RANGES} ranges of 64 MiB at once", Goal(0.9), *measures)


def upload(place: Place) -> Iterator[Row]:
    """A `PUT` of 1 GiB by one curl, or four at once; ours computes SHA-256 meanwhile. nginx computes nothing, so `sha256sum` of
    the files comes after it. `openssl speed` hashes blocks of 16 KiB on one core. Nothing is flushed to the disk."""
    source, beside = place.file(_GIB), place.new("nginx")
    with ExitStack() as stack:
        ours = stocked(stack.enter_context(servers.contentlib(place.new("contentlib"))), place)
        nginx = stack.enter_context(servers.nginx(beside, place.certificate))
        for count, what in ((1, "upload 1 GiB, with SHA-256"), (_UPLOADS, f"{_UPLOADS} uploads of 1 GiB at once")):
            measures = partial(_upload_to_us, ours, source, count), partial(_upload_to_nginx, nginx, beside, source, count)
            against = "nginx dav PUT, then sha256sum"
            yield compare(what, against, Goal(1.0), megabytes, *measures, limit=limits.hashing())
            if count == 1:
                hashed = partial(load.openssl_speed, "sha256")
                yield compare(what, "openssl speed sha256", Goal(0.65), megabytes, measures[0], hashed)


def stall(place: Place) -> Iterator[Row]:
    """A hundred `GET` a second, each counted from when it was due, while curl reads 64 MiB at 8 MB/s. The simulator holds its
    one lock for as long as it sends."""
    source = place.file(64 * MIB)
    with ExitStack() as stack:
        ours = stocked(stack.enter_context(servers.contentlib(place.new("contentlib"))), place)
        theirs = stocked(stack.enter_context(servers.simulator(place.new("simulator"))), place)
        measures = [partial(_latency_while_read, each, each.upload(source, _NAME)) for each in (ours, theirs)]
        what = "p99 of GET while one client reads at 8 MB/s"
        yield compare(what, "simulator of govmomi", Goal(0.01, at_most=True), milliseconds, *measures)


def busy(place: Place) -> Iterator[Row]:
    """The same `GET` for ten seconds, while curl runs 16 downloads at 1 MB/s and 4 uploads at 8 MB/s, and while it does not."""
    source = place.file(256 * MIB)
    with servers.contentlib(place.new("contentlib")) as server:
        ours = stocked(server, place)
        item = ours.upload(source, _NAME)
        loaded, idle = partial(_latency_when_busy, ours, item, source), partial(_latency_when_idle, ours)
        what = f"p99 of GET while {_DOWNLOADS} slow downloads and {_UPLOADS} uploads run"
        yield compare(what, "when idle", Goal(2, at_most=True), milliseconds, loaded, idle)


def memory(place: Place) -> Iterator[Row]:
    """The most that the memory of all processes of the server grows (PSS, asked for twenty times a second) while one curl
    uploads a sparse file, and while one downloads it."""
    size = _LARGE if shutil.disk_usage(place.directory).free > 2 * _LARGE else _LESS_LARGE
    source = place.new("file")
    with source.open("wb") as file:
        file.truncate(size)
    with servers.contentlib(place.new("contentlib")) as server:
        ours = stocked(server, place)
        load.settle()
        with Memory(server.pid) as uploading:
            item = ours.upload(source, _NAME)
        load.settle()
        uri = ours.client.download_uri(item, _NAME)
        with Memory(server.pid) as downloading:
            load.download([uri], ours.client.token)
    yield _growth(f"memory during an upload of {size // _GIB} GiB", uploading)
    yield _growth(f"memory during a download of {size // _GIB} GiB", downloading)


def _downloads(client: Rest, item: str, other: str, how: str) -> Iterator[Row]:
    uri = client.download_uri(item, _NAME)
    for connections, what in ((1, "1 connection"), (8, "8 connections")):
        measures = partial(load.download, [uri] * connections, client.token), partial(load.download, [other] * connections)
        measures[0](), measures[1]()  # brings the file into the page cache
        limit = limits.encrypting() if other.startswith("https") else limits.loopback()
        yield _beside_nginx(f"download 1 GiB {how}, {what}", Goal(1.0), *measures, limit=limit)


def _beside_nginx(what: str, goal: Goal, ours: Measure, other: Measure, *, limit: str = "") -> Row:
    return compare(what, "nginx with sendfile", goal, megabytes, ours, other, limit=limit or limits.loopback())


def _upload_to_us(stock: Stocked, source: Path, count: int) -> float:
    client, names = stock.client, [f"{stock.scratch.name}{time.monotonic_ns()}-{n}" for n in range(count)]
    begun = [client.begin_upload(client.create_item(stock.library, name), _NAME, source.stat().st_size) for name in names]
    _rest()
    figure = load.upload([uri for _, uri in begun], source, client.token)
    for session, _ in begun:
        client.complete_upload(session)
    return figure


def _upload_to_nginx(nginx: Server, directory: Path, source: Path, count: int) -> float:
    """Bytes a second of the upload and the sum together."""
    files = [directory / "files" / f"{n}-{_NAME}" for n in range(count)]
    size = count * source.stat().st_size
    _rest()
    seconds = size / load.upload([f"{nginx.url}/{file.name}" for file in files], source)
    began = time.monotonic()
    subprocess.run(["sha256sum", *files], check=True, stdout=subprocess.DEVNULL)
    seconds += time.monotonic() - began
    for file in files:
        file.unlink()
    return size / seconds


def _rest() -> None:
    load.settle()
    warm(2 * _GIB)


def _latency_while_read(stock: Stocked, item: str) -> float:
    uri = stock.client.download_uri(item, _NAME)
    with load.slow_transfers([uri], [], Path(os.devnull), stock.client.token, ("8M", "8M")) as running:
        return stock.latency(lambda: running[0].poll() is not None)


def _latency_when_busy(stock: Stocked, item: str, source: Path) -> float:
    client = stock.client
    downloads = [client.download_uri(item, _NAME) for _ in range(_DOWNLOADS)]
    items = [client.create_item(stock.library, f"{time.monotonic_ns()}") for _ in range(_UPLOADS)]
    uploads = [client.begin_upload(each, _NAME, source.stat().st_size)[1] for each in items]
    with load.slow_transfers(downloads, uploads, source, client.token, ("1M", "8M")) as running:
        time.sleep(1)  # the start of twenty clients is not what is measured
        latency = _latency_when_idle(stock)
        if any(each.poll() is not None for each in running):
            raise RuntimeError("a transfer ended before its time")
        return latency


def _latency_when_idle(stock: Stocked) -> float:
    return stock.latency(_after(_BUSY_SECONDS))


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def _growth(what: str, measured: Memory) -> Row:
    grown = (measured.peak - measured.before) / MIB
    before, peak = (f"{figure / MIB:.0f} MiB" for figure in (measured.before, measured.peak))
    return Row(what, peak, "before", before, grown, Goal(64, " MiB", at_most=True))
