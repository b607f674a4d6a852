"""What users of content libraries complain about, and what this server does instead; the numbers are those of the list."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from processes import PATIENCE_SECONDS
from whole import CONTENT, TOKEN, HandClock, Whole, told, whole

ITEM = "/library/item"
UPDATE = "/library/item/update-session"
UPDATE_FILE = "/library/item/updatesession/file"


@pytest.mark.embedded
async def test_1_bytes_on_a_transfer_keep_the_update_session_and_the_login_alive(data_dir: Path, clock: HandClock) -> None:
    def noted() -> bool:
        """Whether the server has noted that somebody is there now."""
        with closing(sqlite3.connect(data_dir / "contentlib.db")) as database:
            found = database.execute("SELECT touched FROM update_sessions UNION SELECT touched FROM logins").fetchall()
        return found == [(clock.now(),)]

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(3):
            clock.pass_seconds(1.4)
            while not noted():
                yield b"x" * 1000
                await asyncio.sleep(0.05)

    async with whole(data_dir, clock, lease_seconds=3, session_idle_seconds=3) as app:
        session = await app.session(await app.item())
        address = (await app.add(session, "disk.vmdk"))["upload_endpoint"]["uri"]
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await app.client.put(address, content=slowly(), headers={TOKEN: ""})).status_code == 200
        await app.complete(session)


async def test_2_a_download_keeps_its_session_alive_and_can_be_resumed(app: Whole, clock: HandClock) -> None:
    item = await app.item()
    await app.fill(item, disk_vmdk=b"0123456789")
    session = await app.download_session(item)
    address = (await app.prepare(session, "disk.vmdk"))["download_endpoint"]["uri"]
    for _ in range(3):
        clock.pass_seconds(200)
        answer = await app.client.get(address, headers={"range": "bytes=5-"})
        assert (answer.status_code, answer.content) == (206, b"56789")
    assert (await app.rest("GET", f"/library/item/download-session/id:{session}"))["state"] == "ACTIVE"
    assert answer.headers["etag"] == f'"{hashlib.sha256(b"0123456789").hexdigest()}"'


async def test_5_an_upload_goes_on_where_it_was_broken_off(app: Whole) -> None:
    item = await app.item()
    session = await app.session(item)
    address = (await app.add(session, "disk.vmdk", size=10))["upload_endpoint"]["uri"]
    first = await app.client.put(address, content=b"01234", headers={"content-range": "bytes 0-4/10"})
    told = await app.client.head(address)
    last = await app.client.put(address, content=b"56789", headers={"content-range": "bytes 5-9/10"})
    assert (first.status_code, told.headers["upload-offset"], told.headers["upload-length"]) == (200, "5", "10")
    assert last.status_code == 200
    await app.complete(session)
    assert await app.content(item) == {"disk.vmdk": b"0123456789"}


async def test_6_a_transfer_that_broke_shows_at_once_and_does_not_hold_the_item(app: Whole) -> None:
    item = await app.item()
    session = await app.session(item)
    address = (await app.add(session, "disk.vmdk", size=10))["upload_endpoint"]["uri"]
    await _break_off(app, address)
    (file,) = await app.rest("GET", f"{UPDATE_FILE}?update_session_id={session}")
    assert file["status"] == "ERROR"
    assert "5" in file["error_message"]["default_message"]
    await app.rest("POST", f"{UPDATE}/id:{session}?~action=cancel")
    await app.session(item)


async def test_7_an_import_that_failed_leaves_no_item_in_the_way(app: Whole) -> None:
    library = await app.library()
    session = await app.session(await app.item("ubuntu", library))
    await app.push(session, "disk.vmdk", b"bytes", size=6)
    await app.rest("POST", f"{UPDATE}/id:{session}?~action=cancel")
    again = await app.item("ubuntu", library)
    await app.fill(again, disk_vmdk=b"bytes!")
    assert await app.rest("GET", f"{ITEM}?library_id={library}") == [again]


@pytest.mark.parametrize("algorithm", ["MD5", "SHA1", "SHA256", "SHA512"])
async def test_16_a_declared_checksum_is_verified_and_reported(app: Whole, algorithm: str) -> None:
    item = await app.item()
    session = await app.session(item)
    digest = hashlib.new(algorithm, b"bytes").hexdigest()
    declared = {"algorithm": algorithm, "checksum": digest}
    assert (await app.push(session, "tiny.iso", b"others", checksum_info=declared)).json()["status"] == "ERROR"
    assert (await app.push(session, "tiny.iso", b"bytes", checksum_info=declared)).status_code == 200
    await app.complete(session)
    (file,) = await app.rest("GET", f"{ITEM}/file?library_item_id={item}")
    assert file["checksum_info"] == declared


async def test_16_every_file_has_a_sha256(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    (file,) = await app.rest("GET", f"{ITEM}/file?library_item_id={item}")
    assert file["checksum_info"] == {"algorithm": "SHA256", "checksum": hashlib.sha256(b"bytes").hexdigest()}


async def test_19_a_session_without_files_does_not_complete(app: Whole) -> None:
    item = await app.item()
    refusal = await app.refusal("POST", f"{UPDATE}/id:{await app.session(item)}?~action=complete")
    text = f"library item {item} has no content and no file was added"
    assert refusal == (400, "NOT_ALLOWED_IN_CURRENT_STATE", text)


async def test_19_what_stands_in_the_way_of_completing_is_told_file_by_file(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.add(session, "first.iso")
    await app.push(session, "second.iso", b"bytes", size=6)
    await app.push(session, "third.iso", b"bytes")
    _, _, text = await app.refusal("POST", f"{UPDATE}/id:{session}?~action=complete")
    assert text == (
        "files are not ready: 'first.iso' is WAITING_FOR_TRANSFER; "
        "'second.iso' is ERROR: file 'second.iso' is 5 bytes, expected 6"
    )


@pytest.mark.parametrize("kind", ["ovf", "ISO", "vm-template", "whatever it is", ""])
async def test_20_any_type_is_taken_and_comes_back(app: Whole, kind: str) -> None:
    item = await app.item(type=kind)
    assert (await app.rest("GET", f"{ITEM}/id:{item}"))["type"] == kind


@pytest.mark.parametrize(
    ("target", "known"),
    [
        (f"{CONTENT}/local-library/id:x?~action=publishh", "delete, force-delete, get, publish, update"),
        ("/api/content/local-library/x?action=publishh", "force-delete, publish"),
    ],
)
async def test_34_an_unknown_operation_is_answered_with_those_that_there_are(app: Whole, target: str, known: str) -> None:
    status, kind, text = told(await app.send("POST", target))
    assert (status, kind) == (404, "OPERATION_NOT_FOUND")
    assert text == f"{target.partition('?')[0]!r} has no action 'publishh'; available: {known}"


@pytest.mark.parametrize("target", [f"{CONTENT}/no-such-service", "/api/content/no-such-thing", "/rest/com/vmware/x"])
async def test_34_an_unknown_service_is_an_operation_that_was_not_found(app: Whole, target: str) -> None:
    status, kind, text = told(await app.send("GET", target))
    assert (status, kind, target in text) == (404, "OPERATION_NOT_FOUND", True)


async def test_37_an_item_keeps_its_identifier_when_its_content_is_replaced(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, disk_vmdk=b"old", notes_txt=b"kept")
    running = await app.download_session(item)
    await app.fill(item, disk_vmdk=b"new")
    assert await app.content(item) == {"disk.vmdk": b"new", "notes.txt": b"kept"}
    assert await app.read(running, "disk.vmdk") == b"old"
    assert (await app.rest("GET", f"{ITEM}/id:{item}"))["content_version"] == "3"
    versions = {file["name"]: file["version"] for file in await app.rest("GET", f"{ITEM}/file?library_item_id={item}")}
    assert versions == {"disk.vmdk": "2", "notes.txt": "1"}


async def _break_off(app: Whole, address: str) -> None:
    """Sends half of a body and goes away."""
    url = httpx.URL(address)
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b"01234", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0.01)
        return messages.pop(0)

    async def send(message: object) -> None:
        """Nobody is there to hear it."""

    scope = {
        "type": "http",
        "method": "PUT",
        "path": url.path,
        "raw_path": url.raw_path,
        "query_string": b"",
        "headers": [(b"host", b"lib.example"), (b"content-length", b"10")],
        "scheme": "https",
    }
    await app.application(scope, receive, send)
