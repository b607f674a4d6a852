"""com.vmware.content.library.item.download_session and .downloadsession.file, as their callers see them."""

from __future__ import annotations

import hashlib

import pytest

from whole import HandClock, Whole

DOWNLOAD = "/library/item/download-session"
FILE = "/library/item/downloadsession/file"


async def filled(app: Whole) -> str:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    return item


async def test_a_new_session_has_every_field_that_results_always_have(app: Whole) -> None:
    item = await filled(app)
    session = await app.download_session(item)
    assert await app.rest("GET", f"{DOWNLOAD}/id:{session}") == {
        "client_progress": 0,
        "expiration_time": "2023-11-14T22:18:20.000Z",
        "id": session,
        "library_item_content_version": "2",
        "library_item_id": item,
        "state": "ACTIVE",
    }


async def test_fields_that_create_does_not_use_are_ignored(app: Whole) -> None:
    unused = {
        "id": "obj-103",
        "client_progress": 1,
        "error_message": {"args": ["string", "string"], "default_message": "string", "id": "string"},
        "expiration_time": "2015-01-01T22:13:05.651Z",
        "library_item_content_version": "string",
        "state": "ERROR",
    }
    session = await app.rest("POST", DOWNLOAD, {"create_spec": {"library_item_id": await filled(app), **unused}})
    found = await app.rest("GET", f"{DOWNLOAD}/id:{session}")
    assert (found["id"], found["state"], found["client_progress"]) == (session, "ACTIVE", 0)
    assert found["library_item_content_version"] == "2"
    assert "error_message" not in found


async def test_a_session_needs_an_item_that_is_there(app: Whole) -> None:
    required = (400, "INVALID_ARGUMENT", "create_spec.library_item_id is required")
    assert await app.refusal("POST", DOWNLOAD, {"create_spec": {}}) == required
    missing = (404, "NOT_FOUND", "library item 'x' does not exist")
    assert await app.refusal("POST", DOWNLOAD, {"create_spec": {"library_item_id": "x"}}) == missing
    assert await app.refusal("GET", f"{DOWNLOAD}?library_item_id=x") == missing


async def test_a_session_serves_its_version_when_the_item_is_updated_and_deleted(app: Whole) -> None:
    item = await filled(app)
    session = await app.download_session(item)
    await app.fill(item, tiny_iso=b"others", more_iso=b"more")
    await app.rest("DELETE", f"/library/item/id:{item}")
    assert [file["name"] for file in await app.rest("GET", f"{FILE}?download_session_id={session}")] == ["tiny.iso"]
    assert await app.read(session, "tiny.iso") == b"bytes"
    assert (await app.rest("GET", f"{DOWNLOAD}/id:{session}"))["library_item_content_version"] == "2"


async def test_a_session_is_not_listed_while_its_item_is_gone(app: Whole) -> None:
    library = await app.library()
    item, other = await app.item("one", library), await app.item("other", library)
    sessions = [await app.download_session(each) for each in (item, other)]
    await app.rest("DELETE", f"/library/item/id:{item}")
    assert await app.rest("GET", DOWNLOAD) == sessions[1:]
    assert (await app.rest("GET", f"{DOWNLOAD}/id:{sessions[0]}"))["library_item_id"] == item
    await app.rest("DELETE", f"/local-library/id:{library}")
    assert await app.rest("GET", DOWNLOAD) == []


async def test_a_session_on_an_item_without_content_has_no_files(app: Whole) -> None:
    session = await app.download_session(await app.item())
    assert await app.rest("GET", f"{FILE}?download_session_id={session}") == []


async def test_a_file_is_unprepared_then_prepared(app: Whole) -> None:
    session = await app.download_session(await filled(app))
    (before,) = await app.rest("GET", f"{FILE}?download_session_id={session}")
    digest = {"algorithm": "SHA256", "checksum": hashlib.sha256(b"bytes").hexdigest()}
    unprepared = {"bytes_transferred": 0, "checksum_info": digest, "name": "tiny.iso", "size": 5, "status": "UNPREPARED"}
    prepared = await app.prepare(session, "tiny.iso")
    assert before == unprepared
    assert prepared.pop("download_endpoint")["uri"].startswith(f"https://lib.example/cls/data/{session}/0/")
    assert prepared == {**unprepared, "status": "PREPARED", "bytes_transferred": 5}


@pytest.mark.directories
async def test_a_direct_endpoint_is_the_file_itself(app: Whole) -> None:
    session = await app.download_session(await filled(app))
    uri = (await app.prepare(session, "tiny.iso", endpoint_type="DIRECT"))["download_endpoint"]["uri"]
    assert uri.startswith(f"file://{app.settings.data_dir}/storage/blobs/")


async def test_a_file_that_is_not_there_is_an_invalid_argument(app: Whole) -> None:
    session = await app.download_session(await filled(app))
    for action in ("get", "prepare"):
        refusal = await app.refusal("POST", f"{FILE}/id:{session}?~action={action}", {"file_name": "x"})
        assert refusal == (400, "INVALID_ARGUMENT", f"download session {session} has no file 'x'")


async def test_progress_is_a_number_of_percent(app: Whole, clock: HandClock) -> None:
    session = await app.download_session(await filled(app))
    clock.pass_seconds(100)
    await app.rest("POST", f"{DOWNLOAD}/id:{session}?~action=keep-alive", {"progress": 70})
    found = await app.rest("GET", f"{DOWNLOAD}/id:{session}")
    assert (found["client_progress"], found["expiration_time"]) == (70, "2023-11-14T22:20:00.000Z")
    for progress in (-1, 101):
        refusal = await app.refusal("POST", f"{DOWNLOAD}/id:{session}?~action=keep-alive", {"progress": progress})
        assert refusal == (400, "INVALID_ARGUMENT", f"progress must be between 0 and 100, not {progress}")


@pytest.mark.parametrize("end", ["cancel", "fail"])
async def test_the_addresses_of_an_ended_session_are_dead(app: Whole, end: str) -> None:
    session = await app.download_session(await filled(app))
    address = (await app.prepare(session, "tiny.iso"))["download_endpoint"]["uri"]
    await app.rest("POST", f"{DOWNLOAD}/id:{session}?~action={end}", {"client_error_message": "no"} if end == "fail" else None)
    answer = await app.client.get(address)
    state = {"cancel": "CANCELED", "fail": "ERROR"}[end]
    assert (answer.status_code, state in answer.text) == (404, True)


@pytest.mark.parametrize("action", ["cancel", "fail", "keep-alive"])
async def test_an_ended_session_takes_no_further_event(app: Whole, action: str) -> None:
    session = await app.download_session(await filled(app))
    await app.rest("POST", f"{DOWNLOAD}/id:{session}?~action=cancel")
    body = {"client_error_message": "no"} if action == "fail" else None
    status, kind, text = await app.refusal("POST", f"{DOWNLOAD}/id:{session}?~action={action}", body)
    assert (status, kind) == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert text.startswith(f"download session {session} is CANCELED and cannot be ")


async def test_a_session_that_expired_says_so(app: Whole, clock: HandClock) -> None:
    session = await app.download_session(await filled(app))
    clock.pass_seconds(301)
    found = await app.rest("GET", f"{DOWNLOAD}/id:{session}")
    text = "session expired after 300 seconds without activity"
    assert (found["state"], found["error_message"]["default_message"]) == ("CANCELED", text)


async def test_a_session_is_deleted_in_any_state(app: Whole) -> None:
    item = await filled(app)
    active, ended = await app.download_session(item), await app.download_session(item)
    await app.rest("POST", f"{DOWNLOAD}/id:{ended}?~action=cancel")
    for session in (active, ended):
        await app.rest("DELETE", f"{DOWNLOAD}/id:{session}")
        gone = (404, "NOT_FOUND", f"download session '{session}' does not exist")
        assert await app.refusal("GET", f"{DOWNLOAD}/id:{session}") == gone
    assert await app.rest("GET", DOWNLOAD) == []


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", f"{DOWNLOAD}/id:x"),
        ("DELETE", f"{DOWNLOAD}/id:x"),
        ("POST", f"{DOWNLOAD}/id:x?~action=cancel"),
        ("POST", f"{DOWNLOAD}/id:x?~action=keep-alive"),
        ("GET", f"{FILE}?download_session_id=x"),
        ("POST", f"{FILE}?~action=get&download_session_id=x&file_name=f"),
        ("POST", f"{FILE}?~action=prepare&download_session_id=x&file_name=f"),
    ],
)
async def test_a_session_that_is_not_there_is_not_found(app: Whole, method: str, target: str) -> None:
    assert await app.refusal(method, target) == (404, "NOT_FOUND", "download session 'x' does not exist")


async def test_every_call_on_a_session_extends_its_lease(app: Whole, clock: HandClock) -> None:
    session = await app.download_session(await filled(app))
    for target in (f"{DOWNLOAD}/id:{session}", f"{FILE}?download_session_id={session}"):
        for _ in range(2):
            clock.pass_seconds(200)
            await app.rest("GET", target)
    assert (await app.rest("GET", f"{DOWNLOAD}/id:{session}"))["expiration_time"] == "2023-11-14T22:31:40.000Z"
