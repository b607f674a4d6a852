from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from contentlib import __version__
from contentlib.cli import certificate
from contentlib.http.asgi import AsgiBody
from contentlib.http.message import Request, Response, StreamResponse
from contentlib.monitor import PAGES, Monitor, TransferMeter, _Requests
from scopes import request_of
from whole import HandClock, Whole, settings_on, whole


async def figures(app: Whole) -> dict[str, float]:
    """What /metrics tells, by name and labels."""
    answer = await app.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = (line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


async def test_a_process_that_runs_is_healthy_and_ready(app: Whole) -> None:
    healthy, ready = await app.client.get("/healthz"), await app.client.get("/readyz")
    assert (healthy.status_code, healthy.text, ready.status_code, ready.text) == (200, "ok\n", 200, "ready\n")


async def test_a_storage_that_is_gone_is_named(app: Whole) -> None:
    shutil.rmtree(app.settings.data_dir / "storage")
    answer = await app.client.get("/readyz")
    assert answer.status_code == 503
    assert "storage datastore-1 is not mounted: " in answer.text
    assert (await app.client.get("/healthz")).status_code == 200


async def test_a_database_that_is_broken_is_named(app: Whole) -> None:
    for file in app.settings.data_dir.glob("contentlib.db*"):
        file.write_bytes(b"this is no database" * 1000)
    answer = await app.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.text.startswith("the database does not respond: ")


async def test_the_pages_need_no_session(app: Whole) -> None:
    app.client.headers.pop("vmware-api-session-id")
    for path in ["/", *PAGES]:
        assert (await app.client.get(path)).status_code == 200


async def test_the_first_page_links_to_the_others(app: Whole) -> None:
    answer = await app.client.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert __version__ in answer.text
    for path in PAGES:
        assert f'<a href="{path}">' in answer.text


@pytest.mark.parametrize(("console", "shown"), [(True, 'url=console">'), (False, "<code>make console</code> builds it")])
async def test_the_first_page_leads_to_the_console_if_there_is_one(console: bool, shown: str) -> None:
    async def nothing() -> bytes:
        return b""

    async def check() -> None:
        pass

    answer = await Monitor(check, lambda: b"", nothing, console=console).handle(await request_of(path="/"))
    assert isinstance(answer, Response) and shown in answer.body.decode()


@pytest.mark.parametrize("path", ["/", *PAGES])
async def test_a_page_is_only_read(app: Whole, path: str) -> None:
    answer = await app.client.post(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    head = await app.client.head(path)
    assert (head.status_code, head.content, int(head.headers["content-length"]) > 0) == (200, b"", True)


async def test_requests_are_counted_by_door_method_and_status(app: Whole) -> None:
    names = [
        'contentlib_requests_total{door="api",method="GET",status="404"}',
        'contentlib_requests_total{door="none",method="other",status="404"}',
        'contentlib_requests_total{door="transfer",method="GET",status="404"}',
    ]
    before = await figures(app)
    await app.send("GET", "/api/content/library/x")
    await app.send("BREW", "/coffee")
    await app.send("GET", "/cls/data/x/y/z")
    after = await figures(app)
    assert [after[name] - before.get(name, 0) for name in names] == [1, 1, 1]


async def test_bytes_of_transfers_are_counted_both_ways(app: Whole) -> None:
    before = await figures(app)
    item = await app.item()
    await app.fill(item, tiny_iso=b"x" * 1000)
    address = (await app.prepare(await app.download_session(item), "tiny.iso"))["download_endpoint"]["uri"]
    await app.client.get(address, headers={"range": "bytes=0-99"})
    await app.client.head(address)
    after = await figures(app)
    grown = {
        way: after[f"contentlib_{way}_bytes_total"] - before[f"contentlib_{way}_bytes_total"] for way in ("received", "sent")
    }
    assert grown == {"received": 1000, "sent": 100}


async def test_bytes_that_are_passed_on_as_they_come_are_counted(app: Whole) -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b"x"

    before = await figures(app)
    request = Request("GET", "/cls/data/x", "", {}, "http", "", "1", AsgiBody(asyncio.Event().wait))  # type: ignore[arg-type] # never read
    TransferMeter("transfer").count(request, StreamResponse(200, pieces(), [("content-length", "700")]), 0.0)
    after = await figures(app)
    assert after["contentlib_sent_bytes_total"] - before["contentlib_sent_bytes_total"] == 700


async def test_times_are_counted_in_buckets_and_in_total(app: Whole) -> None:
    async def bucket(bound: str) -> float:
        return (await figures(app))[f'contentlib_request_seconds_bucket{{door="vcsp",le="{bound}"}}']

    names = ("0.25", "0.5", "+Inf")
    before, total = [await bucket(each) for each in names], (await figures(app))['contentlib_request_seconds_sum{door="vcsp"}']
    requests = _Requests("vcsp")
    for seconds in (0.25, 0.26, 1000.0):
        requests.add("GET", 200, seconds)
    requests.add_up()
    requests.add_up()
    after = [await bucket(each) for each in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 2, 3]
    assert (await figures(app))['contentlib_request_seconds_sum{door="vcsp"}'] - total == pytest.approx(1000.51)


async def test_bytes_of_uploads_without_a_length_are_counted(app: Whole) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 500

    before = await figures(app)
    address = (await app.add(await app.session(await app.item()), "tiny.iso"))["upload_endpoint"]["uri"]
    await app.client.put(address, content=pieces())
    after = await figures(app)
    assert after["contentlib_received_bytes_total"] - before["contentlib_received_bytes_total"] == 1500


async def test_active_sessions_are_told_by_kind(app: Whole) -> None:
    item = await app.item()
    await app.session(item)
    ended = await app.download_session(item)
    await app.download_session(item)
    await app.rest("POST", f"/library/item/download-session/id:{ended}?~action=cancel")
    found = await figures(app)
    told = {kind: found[f'contentlib_active_sessions{{kind="{kind}"}}'] for kind in ("update", "download", "login")}
    assert told == {"update": 1, "download": 1, "login": 1}


async def test_the_space_of_each_storage_is_told(data_dir: Path, clock: HandClock, tmp_path: Path) -> None:
    storage = [
        {"id": "ssd", "name": "fast", "path": tmp_path / "ssd"},
        {"id": "tape", "name": "slow", "path": tmp_path / "tape"},
    ]
    async with whole(data_dir, clock, storage=storage) as app:
        shutil.rmtree(tmp_path / "tape")
        found = await figures(app)
    usage = shutil.disk_usage(tmp_path)
    assert found['contentlib_storage_size_bytes{storage="ssd"}'] == usage.total
    assert abs(found['contentlib_storage_free_bytes{storage="ssd"}'] - usage.free) < usage.total / 10
    assert 'contentlib_storage_free_bytes{storage="tape"}' not in found
    assert [found[f'contentlib_storage_accessible{{storage="{each}"}}'] for each in ("ssd", "tape")] == [1, 0]


async def test_the_certificate_tells_when_it_expires(data_dir: Path, clock: HandClock) -> None:
    own = await asyncio.to_thread(certificate.of, settings_on(data_dir))
    assert own is not None
    served = own.certificate.read_bytes()
    async with whole(data_dir, clock, certificate=served) as app:
        found = await figures(app)
    expiry = datetime.fromtimestamp(found["contentlib_certificate_expiry_seconds"], UTC)
    assert expiry == x509.load_pem_x509_certificate(served).not_valid_after_utc
    assert (expiry - datetime.now(UTC)).days > 3000


async def test_a_server_without_a_certificate_tells_of_none(app: Whole) -> None:
    assert "contentlib_certificate_expiry_seconds" not in await figures(app)


async def test_what_is_running_is_told(app: Whole) -> None:
    (name,) = [name for name in await figures(app) if name.startswith("contentlib_build_info")]
    assert f'version="{__version__}"' in name
