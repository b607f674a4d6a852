from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import LogCapture

from contentlib import app as contentlib_app
from contentlib.transfer import uploads
from processes import PATIENCE_SECONDS
from scopes import Message
from whole import CONTENT, TOKEN, HandClock, Whole, settings_on, whole


@pytest.fixture
def log() -> Any:
    """What is logged, as it is before it becomes a line."""
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(**before)


def of_request(log: LogCapture, request_id: str) -> dict[str, Any]:
    (entry,) = [entry for entry in log.entries if entry.get("request_id") == request_id]
    return dict(entry)


async def test_a_refusal_on_rest_is_found_by_its_request(app: Whole, log: LogCapture) -> None:
    await app.send("GET", f"{CONTENT}/library/id:none", headers={"x-request-id": "r-1"})
    found = of_request(log, "r-1")
    assert (found["event"], found["status"], found["path"]) == ("refused", 404, f"{CONTENT}/library/id:none")
    assert "library 'none' does not exist" in found["said"]


async def test_a_refusal_over_json_rpc_is_found_though_its_status_is_200(app: Whole, log: LogCapture) -> None:
    given = {"STRUCTURE": {"operation-input": {"library_id": "none"}}}
    params = {"serviceId": "com.vmware.content.library", "operationId": "get", "ctx": {"appCtx": {}}, "input": given}
    call = {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params}
    answer = await app.send("POST", "/api", call, {"x-request-id": "r-2"})
    assert (answer.status_code, answer.headers["vapi-error"]) == (200, "com.vmware.vapi.std.errors.not_found")
    assert "library 'none' does not exist" in of_request(log, "r-2")["said"]


async def test_a_refusal_of_a_transfer_is_found_without_its_signature(app: Whole, log: LogCapture) -> None:
    address = (await app.add(await app.session(await app.item()), "tiny.iso", size=3))["upload_endpoint"]["uri"]
    await app.client.put(address, content=b"bytes", headers={"x-request-id": "r-3"})
    signature = httpx.URL(address).path.split("/")[5]
    found = of_request(log, "r-3")
    assert found["status"] == 400
    assert signature not in json.dumps(found)


async def test_a_failure_of_a_transfer_is_logged_once_without_its_signature(
    app: Whole, log: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError("deep inside")

    address = (await app.add(await app.session(await app.item()), "tiny.iso", size=3))["upload_endpoint"]["uri"]
    monkeypatch.setattr("contentlib.library.sessions.file_transfers.FileTransfers.target", fails)
    answer = await app.client.put(address, content=b"abc", headers={"x-request-id": "r-7"})
    assert (answer.status_code, answer.text) == (500, "internal server error; see the server log for request r-7\n")
    failed, refused = log.entries
    assert (failed["event"], failed["request_id"], type(failed["exc_info"])) == ("failed", "r-7", ZeroDivisionError)
    assert failed["operation"] == refused["path"]
    assert httpx.URL(address).path.split("/")[5] not in failed["operation"]


async def test_what_succeeds_is_not_logged(app: Whole, log: LogCapture) -> None:
    await app.send("GET", f"{CONTENT}/library", headers={"x-request-id": "r-4"})
    assert log.entries == []


async def test_a_path_that_is_nobodys_is_told_where_things_are(app: Whole, log: LogCapture) -> None:
    answer = await app.send("GET", "/vcenter/index.html", headers={"x-request-id": "r-5"})
    text = "no such page: '/vcenter/index.html'; the API is at /rest and /api, operator pages are listed at /\n"
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (404, text, "text/plain; charset=utf-8")
    assert of_request(log, "r-5")["status"] == 404


async def test_a_page_that_fails_says_where_to_look(app: Whole, log: LogCapture, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: object) -> bytes:
        raise ValueError("no figures")

    monkeypatch.setattr("contentlib.monitor.Gauges.text", broken)
    async with whole(app.settings.data_dir) as other:
        answer = await other.send("GET", "/metrics", headers={"x-request-id": "r-6"})
    assert (answer.status_code, answer.text) == (500, "internal server error; see the server log for request r-6\n")
    assert [entry["event"] for entry in log.entries] == ["failed", "refused"]


async def test_a_request_before_the_start_is_asked_to_come_again(data_dir: Path) -> None:
    application = contentlib_app.create(settings_on(data_dir), None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="https://lib.example") as client:
        answer = await client.get("/api/content/library")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.text == "the server is starting or stopping; try again\n"


async def test_a_request_after_the_stop_is_asked_to_come_again(data_dir: Path) -> None:
    async with whole(data_dir) as app:
        application = app.application
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="https://lib.example") as client:
        answer = await client.get("/healthz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_a_data_directory_that_was_not_prepared_is_no_start(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir()
    said: list[Message] = []
    application = contentlib_app.create(settings_on(directory), None)

    async def startup() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        said.append(message)

    await application({"type": "lifespan"}, startup, send)
    assert said[0]["type"] == "lifespan.startup.failed"


def test_a_password_is_generated_once(tmp_path: Path) -> None:
    settings = settings_on(tmp_path).model_copy(update={"admin_password": None})
    first, second = contentlib_app.prepare(settings), contentlib_app.prepare(settings)
    assert first is not None
    assert len(first) >= 20
    assert second is None


def test_a_given_password_is_not_told(tmp_path: Path) -> None:
    assert contentlib_app.prepare(settings_on(tmp_path)) is None


async def test_a_file_that_is_sent_in_parts_goes_on_after_a_start(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock) as app:
        session = await app.session(await app.item())
        address = (await app.add(session, "tiny.iso", size=20))["upload_endpoint"]["uri"]
        first = {"content-range": "bytes 0-9/20"}
        assert (await app.client.put(address, content=b"0123456789", headers=first)).status_code == 200
    await asyncio.to_thread(contentlib_app.prepare, settings_on(data_dir))
    async with whole(data_dir, clock) as app:
        (file,) = await app.rest("GET", f"/library/item/updatesession/file?update_session_id={session}")
        assert (file["status"], file["bytes_transferred"]) == ("TRANSFERRING", 10)
        rest = {"content-range": "bytes 10-19/20", TOKEN: ""}
        assert (await app.client.put(address, content=b"0123456789", headers=rest)).status_code == 200


async def test_a_silent_upload_at_one_worker_gives_way_to_bytes_at_the_other(
    data_dir: Path, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_STALLED_SECONDS", 0.0)
    left = asyncio.Event()

    async def silent() -> AsyncIterator[bytes]:
        yield b"first"
        await left.wait()

    async with whole(data_dir, clock, workers=2) as one, whole(data_dir, clock, workers=2) as other:
        session = await one.session(await one.item())
        address = (await one.add(session, "tiny.iso"))["upload_endpoint"]["uri"]
        first = asyncio.create_task(one.client.put(address, content=silent()))
        files = f"/library/item/updatesession/file?update_session_id={session}"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await other.rest("GET", files))[0]["status"] != "TRANSFERRING":  # noqa: ASYNC110 - no server tells of changes
                await asyncio.sleep(0.002)
        assert (await other.client.put(address, content=b"all of it")).status_code == 200
        left.set()
        assert (await first).status_code == 409
        (file,) = await one.rest("GET", files)
        assert (file["status"], file["bytes_transferred"]) == ("READY", len(b"all of it"))


async def test_two_workers_serve_one_another_s_sessions(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock, workers=2) as one, whole(data_dir, clock, workers=2) as other:
        item = await one.item()
        session = await other.session(item)
        assert (await one.push(session, "tiny.iso", b"bytes")).status_code == 200
        await other.complete(session)
        assert await one.content(item) == {"tiny.iso": b"bytes"}


@pytest.mark.parametrize("path", ["//api/session", "/api/session/", "/api//session//", "/rest/com/vmware/cis//session/"])
async def test_slashes_too_many_are_taken(app: Whole, path: str) -> None:
    assert (await app.client.get(f"https://lib.example{path}")).status_code == 200


async def test_a_page_with_a_slash_too_many_is_that_page(app: Whole) -> None:
    assert (await app.client.get("https://lib.example//healthz/")).text == "ok\n"


async def test_an_address_of_nobody_names_the_one_that_was_meant(app: Whole) -> None:
    answer = await app.client.get("/apis/session")
    assert (answer.status_code, answer.text) == (404, "no such page: '/apis/session'; did you mean /api/session?\n")


async def test_whatever_is_unavailable_says_when_to_ask_again(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("contentlib.library.bytes.storages.Storages.check", refuse)
    ready = await app.client.get("/readyz")
    assert (ready.status_code, ready.headers["retry-after"]) == (503, "10")
