"""com.vmware.content.library.item.update_session and .updatesession.file, as their callers see them."""

from __future__ import annotations

from typing import Any

import pytest

from backends import directory_of
from whole import HandClock, Whole

UPDATE = "/library/item/update-session"
FILE = "/library/item/updatesession/file"


async def files(app: Whole, session: str) -> dict[str, Any]:
    return {file["name"]: file for file in await app.rest("GET", f"{FILE}?update_session_id={session}")}


async def test_a_new_session_has_every_field_that_results_always_have(app: Whole) -> None:
    item = await app.item()
    session = await app.session(item)
    assert await app.rest("GET", f"{UPDATE}/id:{session}") == {
        "client_progress": 0,
        "expiration_time": "2023-11-14T22:18:20.000Z",
        "id": session,
        "library_item_content_version": "1",
        "library_item_id": item,
        "preview_info": {"state": "UNAVAILABLE"},
        "state": "ACTIVE",
        "warning_behavior": [],
    }


async def test_fields_that_create_does_not_use_are_ignored(app: Whole) -> None:
    item = await app.item()
    unused = {
        "id": "mine",
        "state": "DONE",
        "client_progress": 50,
        "library_item_content_version": "17",
        "expiration_time": "2015-01-01T22:13:05.651Z",
        "error_message": {"id": "x", "default_message": "x", "args": []},
        "preview_info": {"state": "AVAILABLE"},
    }
    session = await app.rest("POST", UPDATE, {"create_spec": {"library_item_id": item, **unused}})
    found = await app.rest("GET", f"{UPDATE}/id:{session}")
    assert (found["state"], found["client_progress"], found["library_item_content_version"]) == ("ACTIVE", 0, "1")
    assert "error_message" not in found


async def test_warnings_to_pass_over_are_taken_at_creation(app: Whole) -> None:
    behavior = [{"type": "UNTRUSTED_CERTIFICATE", "ignored": True}]
    spec = {"library_item_id": await app.item(), "warning_behavior": behavior}
    session = await app.rest("POST", UPDATE, {"create_spec": spec})
    assert (await app.rest("GET", f"{UPDATE}/id:{session}"))["warning_behavior"] == behavior


async def test_a_session_needs_an_item_that_is_there(app: Whole) -> None:
    required = (400, "INVALID_ARGUMENT", "create_spec.library_item_id is required")
    assert await app.refusal("POST", UPDATE, {"create_spec": {}}) == required
    missing = (404, "NOT_FOUND", "library item 'x' does not exist")
    assert await app.refusal("POST", UPDATE, {"create_spec": {"library_item_id": "x"}}) == missing
    assert await app.refusal("GET", f"{UPDATE}?library_item_id=x") == missing


async def test_sessions_are_listed_of_one_item_or_of_all(app: Whole) -> None:
    item, other = await app.item(), await app.item()
    session, second = await app.session(item), await app.session(other)
    assert await app.rest("GET", f"{UPDATE}?library_item_id={item}") == [session]
    assert sorted(await app.rest("GET", UPDATE)) == sorted([session, second])


async def test_an_item_takes_the_next_session_when_the_first_has_expired(app: Whole, clock: HandClock) -> None:
    item = await app.item()
    first = await app.session(item)
    clock.pass_seconds(301)
    await app.session(item)
    found = await app.rest("GET", f"{UPDATE}/id:{first}")
    text = "session expired after 300 seconds without activity"
    assert (found["state"], found["error_message"]["default_message"]) == ("CANCELED", text)


async def test_progress_is_a_number_of_percent(app: Whole, clock: HandClock) -> None:
    session = await app.session(await app.item())
    clock.pass_seconds(100)
    await app.rest("POST", f"{UPDATE}/id:{session}?~action=keep-alive", {"client_progress": 70})
    found = await app.rest("GET", f"{UPDATE}/id:{session}")
    assert (found["client_progress"], found["expiration_time"]) == (70, "2023-11-14T22:20:00.000Z")
    for progress in (-1, 101):
        refusal = await app.refusal("POST", f"{UPDATE}/id:{session}?~action=keep-alive", {"client_progress": progress})
        assert refusal == (400, "INVALID_ARGUMENT", f"client_progress must be between 0 and 100, not {progress}")


@pytest.mark.parametrize("end", ["cancel", "fail", "complete"])
@pytest.mark.parametrize("action", ["cancel", "fail", "complete", "keep-alive"])
async def test_an_ended_session_takes_no_further_event(app: Whole, end: str, action: str) -> None:
    session = await app.session(await app.item())
    await app.push(session, "tiny.iso", b"bytes")
    message = {"client_error_message": "no"}
    await app.rest("POST", f"{UPDATE}/id:{session}?~action={end}", message if end == "fail" else None)
    state = {"cancel": "CANCELED", "fail": "ERROR", "complete": "DONE"}[end]
    event = {"cancel": "canceled", "fail": "failed", "complete": "completed", "keep-alive": "kept alive"}[action]
    refusal = await app.refusal("POST", f"{UPDATE}/id:{session}?~action={action}", message if action == "fail" else None)
    text = f"update session {session} is {state} and cannot be {event}"
    assert refusal == (400, "NOT_ALLOWED_IN_CURRENT_STATE", text)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", f"{UPDATE}/id:x"),
        ("PATCH", f"{UPDATE}/id:x"),
        ("DELETE", f"{UPDATE}/id:x"),
        ("POST", f"{UPDATE}/id:x?~action=complete"),
        ("POST", f"{UPDATE}/id:x?~action=cancel"),
        ("POST", f"{UPDATE}/id:x?~action=keep-alive"),
        ("GET", f"{FILE}?update_session_id=x"),
        ("POST", f"{FILE}/id:x?~action=validate"),
        ("POST", f"{FILE}?~action=get&update_session_id=x&file_name=f"),
        ("POST", f"{FILE}?~action=remove&update_session_id=x&file_name=f"),
    ],
)
async def test_a_session_that_is_not_there_is_not_found(app: Whole, method: str, target: str) -> None:
    body: object = {"update_spec": {}} if method == "PATCH" else None
    assert await app.refusal(method, target, body) == (404, "NOT_FOUND", "update session 'x' does not exist")


async def test_a_file_that_waits_tells_where_its_bytes_go(app: Whole) -> None:
    session = await app.session(await app.item())
    added = await app.add(session, "tiny.iso", size=5)
    address = added["upload_endpoint"].pop("uri")
    assert added == {
        "bytes_transferred": 0,
        "keep_in_storage": True,
        "name": "tiny.iso",
        "source_type": "PUSH",
        "status": "WAITING_FOR_TRANSFER",
        "upload_endpoint": {},
    }
    assert address.startswith(f"https://lib.example/cls/data/{session}/")
    assert address.endswith("/tiny.iso")


async def test_a_file_that_is_there_tells_its_size_and_checksum(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.push(session, "tiny.iso", b"bytes")
    file = (await files(app, session))["tiny.iso"]
    assert (file["status"], file["size"], file["bytes_transferred"]) == ("READY", 5, 5)
    assert file["checksum_info"]["algorithm"] == "SHA256"
    assert await app.rest("POST", f"{FILE}/id:{session}?~action=get", {"file_name": "tiny.iso"}) == file


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"name": "../etc/passwd"}, "file_spec.name"),
        ({"name": ""}, "file_spec.name"),
        ({"name": "a\x00b"}, "file_spec.name"),
        ({"name": "n" * 300}, "file_spec.name"),
        ({"name": "a", "size": -1}, "file_spec.size must be between 0 and"),
        ({"name": "a", "checksum_info": {"checksum": "xyz"}}, "file_spec.checksum_info.checksum must be a SHA1 checksum"),
        ({"name": "a", "source_type": "PULL"}, "file_spec.source_endpoint is required when source_type is PULL"),
        (
            {"name": "a", "source_type": "PULL", "source_endpoint": {"uri": "ftp://lib.example/a"}},
            "file_spec.source_endpoint.uri has the unsupported scheme 'ftp'; use http or https",
        ),
        (
            {"name": "a", "source_type": "PULL", "source_endpoint": {"uri": "file:///etc/passwd"}},
            "file_spec.source_endpoint.uri has the scheme 'file', but import_roots is not set",
        ),
        (
            {
                "name": "a",
                "source_type": "PULL",
                "source_endpoint": {"uri": "https://a", "ssl_certificate_thumbprint": "AB:CD"},
            },
            "file_spec.source_endpoint.ssl_certificate_thumbprint must be a SHA-1 or SHA-256 thumbprint",
        ),
        (
            {"name": "a", "source_type": "PULL", "source_endpoint": {"uri": "https://a", "ssl_certificate": "x"}},
            "file_spec.source_endpoint.ssl_certificate must be a certificate in PEM",
        ),
        ({"name": "a", "source_type": "MAIL"}, "file_spec.source_type must be one of NONE, PULL, PUSH"),
    ],
)
async def test_a_file_that_cannot_be_is_refused_with_the_field(app: Whole, spec: dict[str, object], text: str) -> None:
    session = await app.session(await app.item())
    body = {"file_spec": {"source_type": "PUSH", **spec}}
    status, kind, said = await app.refusal("POST", f"{FILE}/id:{session}?~action=add", body)
    assert (status, kind, said[: len(text)]) == (400, "INVALID_ARGUMENT", text)
    assert await files(app, session) == {}


async def test_a_file_that_is_added_again_is_sent_again(app: Whole) -> None:
    item = await app.item()
    session = await app.session(item)
    await app.push(session, "tiny.iso", b"first")
    await app.push(session, "tiny.iso", b"second")
    await app.complete(session)
    assert await app.content(item) == {"tiny.iso": b"second"}


async def test_a_session_lists_the_files_that_the_item_will_have(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, kept_txt=b"kept", gone_txt=b"gone", changed_txt=b"old")
    session = await app.session(item)
    await app.rest("POST", f"{FILE}/id:{session}?~action=remove", {"file_name": "gone.txt"})
    await app.push(session, "changed.txt", b"new")
    await app.push(session, "added.txt", b"added")
    listed = await files(app, session)
    assert {name: file["source_type"] for name, file in listed.items()} == {
        "kept.txt": "NONE",
        "changed.txt": "PUSH",
        "added.txt": "PUSH",
    }
    assert await app.content(item) == {"kept.txt": b"kept", "gone.txt": b"gone", "changed.txt": b"old"}
    await app.complete(session)
    assert await app.content(item) == {"kept.txt": b"kept", "changed.txt": b"new", "added.txt": b"added"}


@pytest.mark.directories
@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("staging", "storage datastore-1 is not writable: No such file or directory"),
        ("", "storage datastore-1 is not mounted: "),
    ],
)
async def test_a_storage_that_takes_no_files_is_named_once_when_one_is_added(app: Whole, part: str, reason: str) -> None:
    session = await app.session(await app.item())
    directory = directory_of(app.settings) / part
    directory.rename(f"{directory_of(app.settings)}-elsewhere")
    _, kind, text = await app.refusal(
        "POST", f"{FILE}/id:{session}?~action=add", {"file_spec": {"name": "a", "source_type": "PUSH"}}
    )
    assert kind == "NOT_ALLOWED_IN_CURRENT_STATE"
    assert text.startswith(f"update session {session} cannot store files: {reason}")
    assert text.count("datastore-1 is") == 1


async def test_a_session_that_removes_every_file_leaves_an_empty_item(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    session = await app.session(item)
    await app.rest("POST", f"{FILE}/id:{session}?~action=remove", {"file_name": "tiny.iso"})
    await app.complete(session)
    assert await app.content(item) == {}
    assert (await app.rest("GET", f"/library/item/id:{item}"))["size"] == 0


async def test_a_file_that_is_not_there_is_an_invalid_argument(app: Whole) -> None:
    session = await app.session(await app.item())
    for action in ("get", "remove"):
        refusal = await app.refusal("POST", f"{FILE}/id:{session}?~action={action}", {"file_name": "x"})
        assert refusal == (400, "INVALID_ARGUMENT", f"update session {session} has no file 'x'")


async def test_a_session_with_all_files_is_valid(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.push(session, "tiny.iso", b"bytes")
    result = await app.rest("POST", f"{FILE}/id:{session}?~action=validate")
    assert result == {"has_errors": False, "invalid_files": [], "missing_files": []}


async def test_a_file_without_a_source_is_missing(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.add(session, "disk.vmdk", source_type="NONE")
    result = await app.rest("POST", f"{FILE}/id:{session}?~action=validate")
    assert result == {"has_errors": True, "invalid_files": [], "missing_files": ["disk.vmdk"]}


async def test_a_file_that_was_not_received_stops_the_validation(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.add(session, "disk.vmdk")
    refusal = await app.refusal("POST", f"{FILE}/id:{session}?~action=validate")
    text = "files are not ready: 'disk.vmdk' is WAITING_FOR_TRANSFER"
    assert refusal == (400, "NOT_ALLOWED_IN_CURRENT_STATE", text)


@pytest.mark.parametrize("end", ["cancel", "fail"])
async def test_nothing_of_a_session_that_ended_badly_is_visible(app: Whole, end: str) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"old")
    before = await app.rest("GET", f"/library/item/id:{item}")
    session = await app.session(item)
    await app.push(session, "tiny.iso", b"new")
    await app.rest("POST", f"{UPDATE}/id:{session}?~action={end}", {"client_error_message": "no"} if end == "fail" else None)
    assert await app.rest("GET", f"/library/item/id:{item}") == before
    assert await app.content(item) == {"tiny.iso": b"old"}
