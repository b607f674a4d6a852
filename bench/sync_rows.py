"""The rows of the table on subscriptions: a library of many small items, one that has not changed, and one large file."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from bench import limits, load, servers
from bench.import_rows import import_all
from bench.load import MIB, Memory
from bench.place import Place, Stocked, stocked
from bench.rest import CONTENT, Library
from bench.results import Goal, Row, compare, megabytes

ITEMS = 10_000
_GIB = 1024 * MIB
_LARGE, _LESS_LARGE = 10 * _GIB, 2 * _GIB
_NAME = "image.iso"
_PATH = f"{CONTENT}/subscribed-library"
SUBSCRIBER = {"CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.0/8"]'}
_REQUESTS = re.compile(r'^contentlib_requests_total\{door="vcsp",.*\} (\S+)$', re.MULTILINE)


def sync(place: Place) -> Iterator[Row]:
    """A library of 10,000 items of 1 KiB, synchronized for the first time from another server of ours, and again when nothing
    has changed, with the requests that this costs the publisher."""
    with ExitStack() as stack:
        publisher, subscriber = _pair(stack, place)
        asyncio.run(import_all(publisher, ITEMS))
        library, seconds = first_sync(subscriber, publisher)
        yield Row(f"first sync of {ITEMS:,} small items", *_told(seconds), Goal(15, " s", at_most=True), limits.flushing())
        before = _asked(publisher)
        began = time.monotonic()
        _sync(subscriber, library)
        yield Row(f"sync of {ITEMS:,} items unchanged", *_told(time.monotonic() - began), Goal(1, " s", at_most=True))
        asked = _asked(publisher) - before
        yield Row("requests for that", f"{asked:.0f}", "", "", asked, Goal(1, at_most=True))


def first_sync(subscriber: Stocked, publisher: Stocked) -> tuple[str, float]:
    """A new library that has been synchronized with the publisher's, and how many seconds that took."""
    began = time.monotonic()
    library = _subscribe(subscriber, publisher)
    return library, time.monotonic() - began


def sync_large(place: Place) -> Iterator[Row]:
    """The first sync of a library with one large file of random bytes, which is hashed, against curl of the same file from the
    same server into a file, both until the bytes are on the disk; and how much the memory of the subscriber grows."""
    size = _LARGE if shutil.disk_usage(place.directory).free > 5 * _LARGE else _LESS_LARGE
    with ExitStack() as stack:
        publisher, subscriber = _pair(stack, place)
        source = place.file(size)
        item = publisher.upload(source, _NAME)
        source.unlink()
        uri = publisher.client.download_uri(item, _NAME)
        with Memory(subscriber.server.pid) as memory:
            measures = partial(_first_sync, subscriber, publisher, size), partial(_curl, place, uri, size)
            what = f"first sync of a file of {size // _GIB} GiB"
            yield compare(what, "curl and fsync", Goal(0.9), megabytes, *measures, limit=limits.hashing())
        grown = (memory.peak - memory.before) / MIB
        ours, before = (f"{figure / MIB:.0f} MiB" for figure in (memory.peak, memory.before))
        yield Row("memory of the subscriber meanwhile", ours, "before", before, grown, Goal(64, " MiB", at_most=True))


def _pair(stack: ExitStack, place: Place) -> tuple[Stocked, Stocked]:
    publisher = stack.enter_context(servers.contentlib(place.new("publisher")))
    subscriber = stack.enter_context(servers.contentlib(place.new("subscriber"), more=SUBSCRIBER))
    return stocked(publisher, place), stocked(subscriber, place)


def _subscribe(subscriber: Stocked, publisher: Stocked) -> str:
    """A new subscribed library, once it has been synchronized."""
    url = publisher.client.publish(publisher.library)
    library = subscriber.client.subscribe(f"copy {time.monotonic_ns()}", url)
    _until(lambda: _synced(subscriber, library) is not None)
    return library


def _sync(subscriber: Stocked, library: str) -> None:
    before = _synced(subscriber, library)
    subscriber.client.act(f"{_PATH}/id:{library}?~action=sync")
    _until(lambda: _synced(subscriber, library) != before)


def _synced(subscriber: Stocked, library: str) -> str | None:
    return subscriber.client.get(f"{_PATH}/id:{library}", Library).last_sync_time


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 600
    while not happened():
        if time.monotonic() > deadline:
            raise RuntimeError("the library was not synchronized in ten minutes")
        time.sleep(0.02)


def _first_sync(subscriber: Stocked, publisher: Stocked, size: int) -> float:
    load.settle()
    began = time.monotonic()
    library = _subscribe(subscriber, publisher)
    seconds = time.monotonic() - began
    subscriber.client.delete(f"{_PATH}/id:{library}")
    return size / seconds


def _curl(place: Place, uri: str, size: int) -> float:
    load.settle()
    copy = place.new("copy")
    began = time.monotonic()
    subprocess.run(["curl", "--silent", "--fail", "--insecure", "--noproxy", "*", "--output", copy, uri], check=True)
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    seconds = time.monotonic() - began
    copy.unlink()
    return size / seconds


def _asked(publisher: Stocked) -> float:
    """How many requests for what it publishes a server has answered."""
    with urllib.request.urlopen(f"{publisher.server.url}/metrics") as answer:
        return sum(float(count) for count in _REQUESTS.findall(answer.read().decode()))


def _told(seconds: float) -> tuple[str, str, str, float]:
    return f"{seconds:.2f} s", "", "", seconds
