"""The rows of the table on S3 storages: bytes through the server beside the same bytes without it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import obstore
from obstore.store import S3Store

from bench import limits, load, servers
from bench.load import MIB, Memory
from bench.place import Place, Stocked, stocked, warm
from bench.results import Goal, Row, compare, megabytes

_GIB = 1024 * MIB
_NAME = "image.iso"
_BUCKET = "bench"


def s3(place: Place) -> Iterator[Row]:
    """A file of 1 GiB on a SeaweedFS that shares the processors: `GET` by one curl through the server, and straight from the
    store by a signed address; `PUT` by one curl to the server, which computes SHA-256, and by obstore to the store, in parts.
    And the most that the memory of the server grows meanwhile."""
    source = place.file(_GIB)
    with ExitStack() as stack:
        store = stack.enter_context(_bucket(place))
        storage = {"id": "datastore-1", "name": "bucket", "url": f"s3://{_BUCKET}", "path_style": True, "region": "us-east-1"}
        setting = json.dumps([storage | {"endpoint": str(store.config["endpoint"]).rstrip("/")}])
        keys = {"AWS_ACCESS_KEY_ID": servers.S3_KEY, "AWS_SECRET_ACCESS_KEY": servers.S3_SECRET}
        environment = {"CONTENTLIB_STORAGE": setting, **keys}
        server = stack.enter_context(servers.contentlib(place.new("contentlib"), more=environment))
        ours = stocked(server, place)
        with Memory(server.pid) as memory:
            item = ours.upload(source, _NAME)
            obstore.put(store, _NAME, source)
            direct = obstore.sign(store, "GET", _NAME, timedelta(hours=1))
            uri = ours.client.download_uri(item, _NAME)
            measures = partial(load.download, [uri], ours.client.token), partial(load.download, [direct])
            what, goal = "download 1 GiB from S3", Goal(0.8)
            yield compare(what, "curl from the store", goal, megabytes, *measures, limit=limits.loopback())
            uploads = partial(_upload, ours, source), partial(_put, store, source)
            what = "upload 1 GiB to S3, with SHA-256"
            yield compare(what, "obstore put to the store", goal, megabytes, *uploads, limit=limits.hashing())
    grown = (memory.peak - memory.before) / MIB
    before, peak = (f"{figure / MIB:.0f} MiB" for figure in (memory.before, memory.peak))
    yield Row("memory during transfers with S3", peak, "before", before, grown, Goal(192, " MiB", at_most=True))


@contextmanager
def _bucket(place: Place) -> Iterator[S3Store]:
    with servers.seaweedfs(place.new("seaweedfs")) as server:
        servers.make_bucket(server, _BUCKET)
        yield S3Store(
            _BUCKET,
            endpoint=server.url,
            region="us-east-1",
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
            access_key_id=servers.S3_KEY,
            secret_access_key=servers.S3_SECRET,
        )


def _upload(stock: Stocked, source: Path) -> float:
    item = stock.client.create_item(stock.library, f"{time.monotonic_ns()}")
    session, uri = stock.client.begin_upload(item, _NAME, source.stat().st_size)
    load.settle()
    warm(2 * _GIB)
    figure = load.upload([uri], source, stock.client.token)
    stock.client.complete_upload(session)
    return figure


def _put(store: S3Store, source: Path) -> float:
    load.settle()
    warm(2 * _GIB)
    began = time.monotonic()
    obstore.put(store, _NAME, source)
    return source.stat().st_size / (time.monotonic() - began)
