"""What the real clients trip over, one trap a test; the numbers are those of the list of traps."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from backends import stored
from whole import CONTENT, NAME, PASSWORD, SESSION, TOKEN, HandClock, Whole, told, whole

ITEM = "/library/item"
UPDATE = "/library/item/update-session"
UPDATE_FILE = "/library/item/updatesession/file"
DOWNLOAD = "/library/item/download-session"
DOWNLOAD_FILE = "/library/item/downloadsession/file"


# 1: 204 and redirects are failures to govmomi


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_1_an_upload_is_answered_with_200(app: Whole, method: str) -> None:
    file = await app.add(await app.session(await app.item()), "tiny.iso", size=5)
    answer = await app.client.request(method, file["upload_endpoint"]["uri"], content=b"bytes")
    assert answer.status_code in (200, 201)


# 2: govc takes a cut chunked body for the whole file


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_2_a_download_carries_its_length(app: Whole, method: str) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    prepared = await app.prepare(await app.download_session(item), "tiny.iso")
    answer = await app.client.request(method, prepared["download_endpoint"]["uri"])
    assert (answer.headers["content-length"], "transfer-encoding" in answer.headers) == ("5", False)


# 3: govmomi panics where a thing in ERROR has no message


async def test_3_a_file_in_error_says_why(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.push(session, "tiny.iso", b"bytes", size=7)
    (file,) = await app.rest("GET", f"{UPDATE_FILE}?update_session_id={session}")
    assert file["status"] == "ERROR"
    assert file["error_message"]["default_message"] == "file 'tiny.iso' is 5 bytes, expected 7"


@pytest.mark.parametrize("said", ["the cable is out", ""])
@pytest.mark.parametrize("kind", ["update-session", "download-session"])
async def test_3_a_session_that_its_client_failed_has_a_message_also_without_words(app: Whole, kind: str, said: str) -> None:
    item = await app.item()
    session = await (app.session(item) if kind == "update-session" else app.download_session(item))
    await app.rest("POST", f"{ITEM}/{kind}/id:{session}?~action=fail", {"client_error_message": said})
    found = await app.rest("GET", f"{ITEM}/{kind}/id:{session}")
    assert (found["state"], found["error_message"]["default_message"]) == ("ERROR", said)


async def test_3_a_file_whose_bytes_are_gone_says_so_when_it_is_prepared(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    session = await app.download_session(item)
    for blob in stored(app.settings):
        blob.remove()
    prepared = await app.prepare(session, "tiny.iso")
    assert prepared["status"] == "ERROR"
    assert prepared["error_message"]["default_message"] == "content of file 'tiny.iso' is missing from storage datastore-1"
    assert "download_endpoint" not in prepared


# 4: only the bodies of 400 reach the users of govc, Terraform and Packer


async def test_4_what_a_user_can_mend_is_told_with_status_400(app: Whole) -> None:
    library = await app.library()
    item = await app.item("tiny", library)
    session = await app.session(item)
    await app.add(session, "tiny.iso")
    refusals = [
        await app.refusal("POST", ITEM, {"create_spec": {"name": "TINY", "library_id": library}}),
        await app.refusal("POST", UPDATE, {"create_spec": {"library_item_id": item}}),
        await app.refusal("POST", f"{UPDATE}/id:{session}?~action=complete"),
        await app.refusal("DELETE", f"{UPDATE}/id:{session}"),
    ]
    assert refusals == [
        (400, "ALREADY_EXISTS", f"create_spec.name 'tiny' is already used in library {library} by item {item}"),
        (400, "RESOURCE_BUSY", f"library item {item} has an active update session: {session}"),
        (400, "NOT_ALLOWED_IN_CURRENT_STATE", "files are not ready: 'tiny.iso' is WAITING_FOR_TRANSFER"),
        (400, "NOT_ALLOWED_IN_CURRENT_STATE", f"update session {session} is ACTIVE; cancel or complete it first"),
    ]


async def test_4_every_answer_names_its_request(app: Whole) -> None:
    answer = await app.send("GET", f"{CONTENT}/library/id:none", headers={"x-request-id": "op-4711"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (404, "op-4711")


# 6 and 7: Ansible and govmomi read fields without looking whether they are set


async def test_6_publishing_is_told_of_a_library_that_is_not_published(app: Whole) -> None:
    info = (await app.rest("GET", f"/local-library/id:{await app.library()}"))["publish_info"]
    assert (info["published"], info["authentication_method"], info["persist_json_enabled"]) == (False, "NONE", False)


async def test_6_the_user_of_a_published_library_is_vcsp(app: Whole) -> None:
    publishing = {"published": True, "authentication_method": "BASIC", "password": "secret", "persist_json_enabled": True}
    library = await app.library(publish_info=publishing)
    info = (await app.rest("GET", f"/library/id:{library}"))["publish_info"]
    assert (info["published"], info["user_name"], info["persist_json_enabled"]) == (True, "vcsp", True)
    assert "password" not in info
    assert "current_password" not in info


async def test_6_an_update_session_has_a_preview_and_a_list_of_warnings(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.add(session, "a.iso")
    preview = (await app.rest("GET", f"{UPDATE}/id:{session}"))["preview_info"]
    assert preview == {"state": "AVAILABLE", "warnings": []}


async def test_6_a_preview_is_unavailable_until_there_is_a_file(app: Whole) -> None:
    item = await app.item()
    session = await app.session(item)
    assert (await app.rest("GET", f"{UPDATE}/id:{session}"))["preview_info"] == {"state": "UNAVAILABLE"}
    await app.push(session, "a.iso", b"1")
    await app.complete(session)
    preview = (await app.rest("GET", f"{UPDATE}/id:{await app.session(item)}"))["preview_info"]
    assert preview["state"] == "AVAILABLE"


async def test_6_an_update_session_that_has_ended_has_no_preview(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.rest("POST", f"{UPDATE}/id:{session}?~action=cancel")
    assert "preview_info" not in await app.rest("GET", f"{UPDATE}/id:{session}")  # the SDK refuses one that has


async def test_7_times_and_versions_are_always_set(app: Whole) -> None:
    item = await app.item()
    found = await app.rest("GET", f"{ITEM}/id:{item}")
    library = await app.rest("GET", f"/library/id:{found['library_id']}")
    for each in (found, library):
        assert each["creation_time"] == each["last_modified_time"] == "2023-11-14T22:13:20.000Z"
        assert each["version"] == "1"


@pytest.mark.parametrize("kind", ["update-session", "download-session"])
async def test_7_a_session_says_when_it_expires_also_after_its_end(app: Whole, clock: HandClock, kind: str) -> None:
    item = await app.item()
    session = await (app.session(item) if kind == "update-session" else app.download_session(item))
    running = await app.rest("GET", f"{ITEM}/{kind}/id:{session}")
    clock.pass_seconds(10)
    await app.rest("POST", f"{ITEM}/{kind}/id:{session}?~action=cancel")
    ended = await app.rest("GET", f"{ITEM}/{kind}/id:{session}")
    assert running["expiration_time"] == "2023-11-14T22:18:20.000Z"
    assert (ended["state"], ended["expiration_time"]) == ("CANCELED", "2023-11-14T22:13:30.000Z")


# 8: Terraform replaces a library whose backing differs, Ansible compares descriptions


async def test_8_a_storage_backing_comes_back_as_it_was_set(app: Whole) -> None:
    backing = {"datastore_id": "datastore-1", "type": "DATASTORE"}
    library = await app.library(storage_backings=[backing])
    assert (await app.rest("GET", f"/library/id:{library}"))["storage_backings"] == [backing]


async def test_8_a_library_without_a_backing_tells_the_one_that_it_got(app: Whole) -> None:
    found = await app.rest("GET", f"/library/id:{await app.library()}")
    assert found["storage_backings"] == [{"datastore_id": "datastore-1", "type": "DATASTORE"}]


@pytest.mark.parametrize("given", [{}, {"description": ""}])
async def test_8_no_description_comes_back_as_the_empty_one(app: Whole, given: dict[str, str]) -> None:
    item = await app.item(library=await app.library(**given), **given)
    found = await app.rest("GET", f"{ITEM}/id:{item}")
    assert found["description"] == ""
    assert (await app.rest("GET", f"/library/id:{found['library_id']}"))["description"] == ""


async def test_8_a_description_can_be_emptied(app: Whole) -> None:
    library = await app.library(description="of the lab")
    await app.rest("PATCH", f"/local-library/id:{library}", {"update_spec": {"description": ""}})
    assert (await app.rest("GET", f"/library/id:{library}"))["description"] == ""


# 9: Ansible deletes the item where the session is not DONE when `complete` returns


async def test_9_a_session_is_done_when_complete_returns(app: Whole) -> None:
    item = await app.item()
    session = await app.session(item)
    await app.push(session, "tiny.iso", b"bytes")
    await app.complete(session)
    found = await app.rest("GET", f"{UPDATE}/id:{session}")
    assert (found["state"], found["client_progress"]) == ("DONE", 100)
    assert "error_message" not in found


# 11: a failed import leaves nothing in the way of the next try


@pytest.mark.parametrize("end", ["?~action=cancel", "?~action=fail"])
async def test_11_an_item_whose_first_session_ended_badly_gives_its_name_away(app: Whole, end: str) -> None:
    library = await app.library()
    first = await app.item("tiny", library)
    session = await app.session(first)
    await app.rest("POST", f"{UPDATE}/id:{session}{end}", {"client_error_message": "no"} if "fail" in end else None)
    second = await app.item("Tiny", library)
    assert await app.rest("GET", f"{ITEM}?library_id={library}") == [second]


async def test_11_an_item_whose_first_session_expired_gives_its_name_away(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock, lease_seconds=1) as app:
        library = await app.library()
        session = await app.session(await app.item("tiny", library))
        clock.pass_seconds(2)
        assert (await app.rest("GET", f"{UPDATE}/id:{session}"))["state"] == "CANCELED"
        second = await app.item("tiny", library)
        assert await app.rest("GET", f"{ITEM}?library_id={library}") == [second]


async def test_11_an_item_with_content_keeps_its_name(app: Whole) -> None:
    library = await app.library()
    item = await app.item("tiny", library)
    await app.fill(item, tiny_iso=b"bytes")
    session = await app.session(item)
    await app.rest("POST", f"{UPDATE}/id:{session}?~action=cancel")
    status, kind, _ = await app.refusal("POST", ITEM, {"create_spec": {"name": "tiny", "library_id": library}})
    assert (status, kind) == (400, "ALREADY_EXISTS")


async def test_11_a_draft_that_is_worked_on_again_keeps_its_name(app: Whole) -> None:
    library = await app.library()
    item = await app.item("tiny", library)
    await app.rest("POST", f"{UPDATE}/id:{await app.session(item)}?~action=cancel")
    await app.session(item)
    status, kind, _ = await app.refusal("POST", ITEM, {"create_spec": {"name": "tiny", "library_id": library}})
    assert (status, kind) == (400, "ALREADY_EXISTS")


# 13: names


async def test_13_find_knows_no_case(app: Whole) -> None:
    library = await app.library("Straße")
    item = await app.item("Ubuntu ÄÖ", library)
    assert await app.rest("POST", "/library?~action=find", {"spec": {"name": "STRASSE"}}) == [library]
    assert await app.rest("POST", f"{ITEM}?~action=find", {"spec": {"name": "ubuntu äö"}}) == [item]


async def test_13_two_libraries_may_share_a_name_where_a_setting_says_so(data_dir: Path, clock: HandClock) -> None:
    async with whole(data_dir, clock, unique_library_names=False) as app:
        libraries = [await app.library("lab"), await app.library("lab")]
        assert sorted(await app.rest("POST", "/library?~action=find", {"spec": {"name": "lab"}})) == sorted(libraries)


async def test_13_items_of_different_libraries_may_share_a_name(app: Whole) -> None:
    items = [await app.item("tiny"), await app.item("tiny")]
    assert sorted(await app.rest("POST", f"{ITEM}?~action=find", {"spec": {"name": "tiny"}})) == sorted(items)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"name": "n" * 81}, "create_spec.name is 81 characters; at most 80 are allowed"),
        ({"name": ""}, "create_spec.name must not be empty"),
        ({"name": "n", "description": "d" * 2001}, "create_spec.description is 2001 characters; at most 2000 are allowed"),
        ({}, "create_spec.name is required"),
    ],
)
async def test_13_names_and_descriptions_have_their_limits(app: Whole, spec: dict[str, str], problem: str) -> None:
    library = await app.library()
    told = [
        await app.refusal("POST", "/local-library", {"create_spec": spec}),
        await app.refusal("POST", ITEM, {"create_spec": {**spec, "library_id": library}}),
    ]
    assert told == 2 * [(400, "INVALID_ARGUMENT", problem)]


async def test_13_the_longest_name_and_description_are_taken(app: Whole) -> None:
    item = await app.item("ü" * 80, description="d" * 2000)
    assert (await app.rest("GET", f"{ITEM}/id:{item}"))["name"] == "ü" * 80


# 14: govmomi's empty bodies


async def test_14_an_empty_chunked_body_that_calls_itself_json_is_no_body(app: Whole) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        for piece in list[bytes]():
            yield piece

    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    session = await app.download_session(item)
    answer = await app.client.post(
        f"{CONTENT}{DOWNLOAD}/id:{session}?~action=keep-alive", content=nothing(), headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.content) == (200, b"")


# 15: client tokens


CREATIONS = ["/local-library", ITEM, UPDATE, DOWNLOAD]


async def specification(app: Whole, target: str) -> dict[str, Any]:
    match target:
        case "/local-library":
            return {"name": "lab"}
        case "/library/item":
            return {"name": "tiny", "library_id": await app.library()}
    return {"library_item_id": await app.item()}


@pytest.mark.parametrize("target", CREATIONS)
async def test_15_a_token_that_is_no_uuid_is_refused(app: Whole, target: str) -> None:
    body = {"client_token": "1", "create_spec": await specification(app, target)}
    assert await app.refusal("POST", target, body) == (400, "INVALID_ARGUMENT", "client_token must be a UUID, not '1'")


@pytest.mark.parametrize("target", CREATIONS)
async def test_15_the_same_token_gives_the_same_identifier(app: Whole, target: str) -> None:
    body = {"client_token": str(uuid4()), "create_spec": await specification(app, target)}
    first, again = await app.rest("POST", target, body), await app.rest("POST", target, body)
    other = await app.rest("POST", "/local-library", {**body, "create_spec": {"name": "another"}})
    assert first == again
    assert target == "/local-library" or other != first


@pytest.mark.parametrize("target", CREATIONS)
async def test_15_calls_at_the_same_time_with_one_token_make_one_thing(app: Whole, target: str) -> None:
    body = {"client_token": str(uuid4()), "create_spec": await specification(app, target)}
    assert len(set(await asyncio.gather(*[app.rest("POST", target, body) for _ in range(4)]))) == 1


async def test_15_a_token_is_known_after_a_restart(data_dir: Path, clock: HandClock) -> None:
    body = {"client_token": str(uuid4()), "create_spec": {"name": "lab"}}
    made = []
    for _ in range(2):
        async with whole(data_dir, clock) as app:
            made.append(await app.rest("POST", "/local-library", body))
    assert made[0] == made[1]


async def test_15_a_copy_takes_a_token_too(app: Whole) -> None:
    library = await app.library()
    item = await app.item("tiny", library)
    body = {"client_token": str(uuid4()), "destination_create_spec": {"name": "copy", "library_id": library}}
    first = await app.rest("POST", f"{ITEM}/id:{item}?~action=copy", body)
    assert first == await app.rest("POST", f"{ITEM}/id:{item}?~action=copy", body)


# govc


async def test_govc_logs_in_without_a_cookie(app: Whole) -> None:
    answer = await app.client.post(SESSION, auth=_credentials(), headers={"vmware-use-header-authn": "true"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    assert len(answer.json()["value"]) == 64


async def test_govc_asks_whether_its_session_is_alive(app: Whole) -> None:
    answer = await app.send("POST", f"{SESSION}?~action=get")
    assert answer.status_code == 200
    assert answer.json()["value"]["user"] == "administrator@vsphere.local"


async def test_govc_logs_out(app: Whole) -> None:
    assert (await app.send("DELETE", SESSION)).status_code == 200
    assert (await app.send("POST", f"{SESSION}?~action=get")).status_code == 401


@pytest.mark.parametrize("method", ["DELETE", "POST"])
@pytest.mark.parametrize("service", ["/library", "/local-library"])
async def test_govc_deletes_by_an_action(app: Whole, method: str, service: str) -> None:
    library = await app.library()
    await app.rest(method, f"{service}/id:{library}?~action=force-delete")
    assert await app.rest("GET", "/library") == []


@pytest.mark.parametrize("prefix", ["id:", ""])
async def test_govc_writes_id_before_identifiers_and_others_do_not(app: Whole, prefix: str) -> None:
    library = await app.library()
    assert (await app.rest("GET", f"/library/{prefix}{library}"))["id"] == library


async def test_govc_asks_for_a_file_by_a_body(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    file = await app.rest("POST", f"{ITEM}/file/id:{item}?~action=get", {"name": "tiny.iso"})
    (stored,) = await app.rest("POST", f"{ITEM}/storage/id:{item}?~action=get", {"file_name": "tiny.iso"})
    assert (file["size"], stored["size"], stored["version"]) == (5, 5, "1")
    assert await app.rest("GET", f"{ITEM}/file?library_item_id={item}") == [file]
    assert await app.rest("GET", f"{ITEM}/storage?library_item_id={item}") == [stored]


async def test_govc_imports_with_its_session_header_on_the_transfer(app: Whole) -> None:
    item = await app.item(type="ovf")
    session = await app.session(item)
    descriptor = b'<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>'
    declared = {"algorithm": "SHA256", "checksum": hashlib.sha256(descriptor).hexdigest().upper()}
    file = await app.add(session, "tiny.ovf", size=len(descriptor), checksum_info=declared)
    assert (await app.client.put(file["upload_endpoint"]["uri"], content=descriptor)).status_code == 200
    await app.complete(session)
    assert (await app.rest("GET", f"{ITEM}/id:{item}"))["size"] == len(descriptor)


async def test_govc_exports_by_polling_until_a_file_is_prepared(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    session = await app.download_session(item)
    (listed,) = await app.rest("GET", f"{DOWNLOAD_FILE}?download_session_id={session}")
    await app.prepare(session, listed["name"])
    polled = await app.rest("POST", f"{DOWNLOAD_FILE}/id:{session}?~action=get", {"file_name": listed["name"]})
    answer = await app.client.get(polled["download_endpoint"]["uri"])
    assert (listed["status"], polled["status"], answer.status_code) == ("UNPREPARED", "PREPARED", 200)


async def test_govc_lists_sessions_until_they_are_deleted(app: Whole) -> None:
    item = await app.item()
    session = await app.session(item)
    await app.push(session, "tiny.iso", b"bytes")
    await app.complete(session)
    assert await app.rest("GET", UPDATE) == [session]
    await app.rest("DELETE", f"{UPDATE}/id:{session}")
    assert await app.rest("GET", UPDATE) == []


async def test_govc_removes_no_file_of_a_session_that_is_done(app: Whole) -> None:
    session = await app.session(await app.item())
    await app.push(session, "tiny.iso", b"bytes")
    await app.complete(session)
    told = await app.refusal("POST", f"{UPDATE_FILE}/id:{session}?~action=remove", {"file_name": "tiny.iso"})
    assert told == (400, "INVALID_ARGUMENT", f"update session {session} is DONE and cannot be changed")


# Ansible and the Python SDK


async def test_ansible_posts_bytes_without_a_session_and_sees_a_failure_in_the_file(app: Whole) -> None:
    session = await app.session(await app.item())
    digest = hashlib.sha1(b"others").hexdigest()
    file = await app.add(session, "tiny.ovf", checksum_info={"checksum": digest})
    headers = {TOKEN: "", "content-type": "text/ovf"}
    answer = await app.client.post(file["upload_endpoint"]["uri"], content=b"<ovf/>", headers=headers)
    found = await app.rest("POST", f"{UPDATE_FILE}/id:{session}?~action=get", {"file_name": "tiny.ovf"})
    actual = hashlib.sha1(b"<ovf/>").hexdigest()
    assert (answer.status_code, answer.json()["status"]) == (200, "ERROR")
    assert (found["status"], found["error_message"]["args"]) == ("ERROR", ["tiny.ovf", "SHA1", actual, digest])


@pytest.mark.parametrize(
    "target", [f"{CONTENT}/library", "/api/content/library", f"{CONTENT}/library/id:x", "/api/content/library/x"]
)
async def test_ansible_compares_the_whole_content_type(app: Whole, target: str) -> None:
    assert (await app.send("GET", target)).headers["content-type"] == "application/json"


async def test_ansible_logs_in_with_200_and_changes_the_configuration(app: Whole) -> None:
    changed = await app.send("PATCH", "/api/content/configuration", {"maximum_concurrent_item_syncs": 9})
    found = (await app.send("GET", "/api/content/configuration")).json()
    assert (changed.status_code, found["maximum_concurrent_item_syncs"]) == (204, 9)


async def test_ansible_updates_a_library_with_its_type_and_publishing(app: Whole) -> None:
    library = await app.library(publish_info={"published": True, "authentication_method": "BASIC", "password": "old"})
    publishing = {"published": True, "authentication_method": "BASIC", "password": "new", "user_name": "vcsp"}
    target, spec = f"/local-library/id:{library}", {"name": "lab", "type": "LOCAL", "publish_info": publishing}
    assert (await app.refusal("PATCH", target, {"update_spec": spec}))[:2] == (400, "INVALID_ARGUMENT")
    await app.rest("PATCH", target, {"update_spec": {**spec, "publish_info": {**publishing, "current_password": "old"}}})


async def test_ansible_sets_the_behavior_of_warnings(app: Whole) -> None:
    session = await app.session(await app.item())
    behavior = [{"type": "SELF_SIGNED_CERTIFICATE", "ignored": True}]
    await app.rest("PATCH", f"{UPDATE}/id:{session}", {"update_spec": {"warning_behavior": behavior}})
    assert (await app.rest("GET", f"{UPDATE}/id:{session}"))["warning_behavior"] == behavior


async def test_the_addresses_of_bytes_are_on_the_host_that_the_client_used(app: Whole) -> None:
    session = await app.session(await app.item())
    spec = json.dumps({"file_spec": {"name": "tiny.iso", "source_type": "PUSH"}}).encode()
    target = f"{CONTENT}{UPDATE_FILE}/id:{session}?~action=add"
    answer = await app.send("POST", target, spec, {"host": "other.example:8443", "content-type": "application/json"})
    assert urlsplit(answer.json()["value"]["upload_endpoint"]["uri"]).netloc == "other.example:8443"


async def test_an_error_says_its_type_on_rest_and_on_api(app: Whole) -> None:
    on_rest = await app.send("GET", f"{CONTENT}/library/id:none")
    on_api = await app.send("GET", "/api/content/library/none")
    assert on_rest.json()["type"] == "com.vmware.vapi.std.errors.not_found"
    assert told(on_rest) == told(on_api) == (404, "NOT_FOUND", "library 'none' does not exist")


def _credentials() -> httpx.BasicAuth:
    return httpx.BasicAuth(NAME.encode(), PASSWORD.encode())
