"""com.vmware.content.library.item, .item.file and .item.storage, as their callers see them."""

from __future__ import annotations

from typing import Any

import pytest

from backends import stored
from whole import HandClock, Whole

ITEM = "/library/item"


async def library_of(app: Whole, item: str) -> str:
    return str((await app.rest("GET", f"{ITEM}/id:{item}"))["library_id"])


async def test_a_new_item_has_every_field_that_results_always_have(app: Whole) -> None:
    library = await app.library()
    item = await app.item("tiny", library, type="iso", source_id="from")
    assert await app.rest("GET", f"{ITEM}/id:{item}") == {
        "cached": True,
        "content_version": "1",
        "creation_time": "2023-11-14T22:13:20.000Z",
        "description": "",
        "id": item,
        "last_modified_time": "2023-11-14T22:13:20.000Z",
        "library_id": library,
        "metadata_version": "1",
        "name": "tiny",
        "security_compliance": True,
        "size": 0,
        "source_id": "from",
        "type": "iso",
        "version": "1",
    }


async def test_fields_that_create_does_not_use_are_ignored(app: Whole) -> None:
    unused: dict[str, Any] = {
        "id": "mine",
        "cached": False,
        "content_version": "17",
        "creation_time": "2015-01-01T22:13:05.651Z",
        "metadata_version": "17",
        "size": 17,
        "version": "17",
        "security_compliance": True,
        "certificate_verification_info": {"status": "VERIFIED"},
    }
    found = await app.rest("GET", f"{ITEM}/id:{await app.item(**unused)}")
    assert (found["cached"], found["size"], found["version"], found["metadata_version"]) == (True, 0, "1", "1")
    assert found["creation_time"] == "2023-11-14T22:13:20.000Z"


async def test_an_item_needs_a_library_that_is_there(app: Whole) -> None:
    spec = {"name": "tiny", "library_id": "x"}
    assert await app.refusal("POST", ITEM, {"create_spec": spec}) == (404, "NOT_FOUND", "library 'x' does not exist")
    required = (400, "INVALID_ARGUMENT", "create_spec.library_id is required")
    assert await app.refusal("POST", ITEM, {"create_spec": {"name": "tiny"}}) == required


async def test_an_update_changes_what_is_given_and_counts_it(app: Whole, clock: HandClock) -> None:
    item = await app.item()
    before = await app.rest("GET", f"{ITEM}/id:{item}")
    clock.pass_seconds(60)
    spec = {"name": "Ubuntu", "description": "22.04", "type": "iso", "version": "1"}
    await app.rest("PATCH", f"{ITEM}/id:{item}", {"update_spec": spec})
    after = await app.rest("GET", f"{ITEM}/id:{item}")
    changed = {"version": "2", "metadata_version": "2", "last_modified_time": "2023-11-14T22:14:20.000Z"}
    assert after == {**before, **spec, **changed}


async def test_fields_that_update_does_not_use_are_ignored(app: Whole) -> None:
    item = await app.item()
    before = await app.rest("GET", f"{ITEM}/id:{item}")
    unused: dict[str, Any] = {
        "id": "mine",
        "library_id": "x",
        "size": 17,
        "content_version": "17",
        "cached": False,
        "source_id": "x",
    }
    await app.rest("PATCH", f"{ITEM}/id:{item}", {"update_spec": unused})
    assert await app.rest("GET", f"{ITEM}/id:{item}") == before


@pytest.mark.parametrize(
    ("spec", "kind", "text"),
    [
        ({"name": ""}, "INVALID_ARGUMENT", "update_spec.name must not be empty"),
        ({"name": "n" * 81}, "INVALID_ARGUMENT", "update_spec.name is 81 characters; at most 80 are allowed"),
        (
            {"description": "d" * 2001},
            "INVALID_ARGUMENT",
            "update_spec.description is 2001 characters; at most 2000 are allowed",
        ),
        ({"name": "x", "version": "7"}, "INVALID_ARGUMENT", "library item {item} is at version 1, not 7"),
        ({"name": "OTHER"}, "ALREADY_EXISTS", "update_spec.name 'other' is already used in library {library} by item {other}"),
    ],
)
async def test_an_update_that_cannot_be_is_refused(app: Whole, spec: dict[str, str], kind: str, text: str) -> None:
    library = await app.library()
    item, other = await app.item("tiny", library), await app.item("other", library)
    refusal = await app.refusal("PATCH", f"{ITEM}/id:{item}", {"update_spec": spec})
    assert refusal == (400, kind, text.format(item=item, library=library, other=other))


async def test_an_item_may_take_its_own_name_in_another_case(app: Whole) -> None:
    item = await app.item("tiny")
    await app.rest("PATCH", f"{ITEM}/id:{item}", {"update_spec": {"name": "TINY"}})
    assert (await app.rest("GET", f"{ITEM}/id:{item}"))["name"] == "TINY"


async def test_items_are_found_by_all_that_is_given(app: Whole, clock: HandClock) -> None:
    library = await app.library()
    tiny = await app.item("tiny", library, type="ISO", source_id="s")
    clock.pass_seconds(1)
    huge = await app.item("huge", library, type="ovf")
    clock.pass_seconds(1)
    elsewhere = await app.item("tiny")
    for spec, wanted in [
        ({"name": "Tiny"}, [tiny, elsewhere]),
        ({"name": "tiny", "library_id": library}, [tiny]),
        ({"library_id": library}, [tiny, huge]),
        ({"type": "iso"}, [tiny]),
        ({"source_id": "s"}, [tiny]),
        ({"library_id": library, "cached": False}, []),
        ({"library_id": library, "cached": True}, [tiny, huge]),
        ({"library_id": "x"}, []),
        ({"name": "tiny", "type": "ovf"}, []),
    ]:
        assert await app.rest("POST", f"{ITEM}?~action=find", {"spec": spec}) == wanted, spec


async def test_a_search_for_nothing_is_refused(app: Whole) -> None:
    text = "spec must set at least one property to search by"
    assert await app.refusal("POST", f"{ITEM}?~action=find", {"spec": {}}) == (400, "INVALID_ARGUMENT", text)


async def test_the_items_of_a_library_that_is_not_there_are_not_found(app: Whole) -> None:
    assert await app.refusal("GET", f"{ITEM}?library_id=x") == (404, "NOT_FOUND", "library 'x' does not exist")


async def test_a_deleted_item_is_gone_and_its_name_free(app: Whole) -> None:
    library = await app.library()
    item = await app.item("tiny", library)
    session = await app.session(item)
    await app.rest("DELETE", f"{ITEM}/id:{item}")
    for method in ("GET", "DELETE"):
        refusal = await app.refusal(method, f"{ITEM}/id:{item}")
        assert refusal == (404, "NOT_FOUND", f"library item '{item}' does not exist")
    assert (await app.rest("GET", f"{ITEM}/update-session/id:{session}"))["state"] == "CANCELED"
    await app.item("tiny", library)


async def test_a_copy_is_complete_when_copy_returns(app: Whole) -> None:
    item = await app.item("tiny", type="iso", description="first")
    await app.fill(item, tiny_iso=b"bytes")
    spec = {"library_id": await app.library("attic"), "name": "copy"}
    copy = await app.rest("POST", f"{ITEM}/id:{item}?~action=copy", {"destination_create_spec": spec})
    found = await app.rest("GET", f"{ITEM}/id:{copy}")
    assert (found["name"], found["type"], found["description"], found["size"]) == ("copy", "iso", "first", 5)
    await app.rest("DELETE", f"{ITEM}/id:{item}")
    assert await app.content(copy) == {"tiny.iso": b"bytes"}


async def test_a_copy_into_a_library_that_is_not_there_makes_nothing(app: Whole) -> None:
    item = await app.item()
    spec = {"destination_create_spec": {"library_id": "x", "name": "copy"}}
    refusal = await app.refusal("POST", f"{ITEM}/id:{item}?~action=copy", spec)
    assert refusal == (404, "NOT_FOUND", "library 'x' does not exist")
    assert await app.rest("GET", f"{ITEM}?library_id={await library_of(app, item)}") == [item]


async def test_a_copy_does_not_take_a_name_that_is_taken(app: Whole) -> None:
    item = await app.item("tiny")
    library = await library_of(app, item)
    spec = {"destination_create_spec": {"library_id": library, "name": "Tiny"}}
    status, kind, text = await app.refusal("POST", f"{ITEM}/id:{item}?~action=copy", spec)
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert text == f"destination_create_spec.name 'tiny' is already used in library {library} by item {item}"


async def test_an_item_of_a_library_that_is_not_published_is_not_published(app: Whole) -> None:
    item = await app.item()
    target, body = f"{ITEM}/id:{item}?~action=publish", {"force_sync_content": False}
    text = f"library {await library_of(app, item)} is not published"
    assert await app.refusal("POST", target, body) == (400, "NOT_ALLOWED_IN_CURRENT_STATE", text)


async def test_the_files_of_an_item_are_told_with_where_they_are_read(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    (file,) = await app.rest("GET", f"{ITEM}/file?library_item_id={item}")
    assert (file["name"], file["size"], file["version"], file["cached"]) == ("tiny.iso", 5, "1", True)
    assert (await app.client.get(file["file_download_endpoint"])).content == b"bytes"
    assert (await app.client.get(file["file_download_endpoint"], headers={"vmware-api-session-id": ""})).status_code == 401


@pytest.mark.parametrize(("service", "parameter"), [("file", "name"), ("storage", "file_name")])
async def test_a_file_that_is_not_there_is_not_found(app: Whole, service: str, parameter: str) -> None:
    item = await app.item()
    refusal = await app.refusal("POST", f"{ITEM}/{service}/id:{item}?~action=get", {parameter: "x"})
    assert refusal == (404, "NOT_FOUND", f"library item {item} has no file 'x'")
    refusal = await app.refusal("POST", f"{ITEM}/{service}/id:none?~action=get", {parameter: "x"})
    assert refusal == (404, "NOT_FOUND", "library item 'none' does not exist")
    refusal = await app.refusal("GET", f"{ITEM}/{service}?library_item_id=none")
    assert refusal == (404, "NOT_FOUND", "library item 'none' does not exist")


async def test_the_storage_of_a_file_tells_the_truth(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    (before,) = await app.rest("GET", f"{ITEM}/storage?library_item_id={item}")
    (uri,) = before["storage_uris"]
    assert before["storage_backing"] == {"datastore_id": "datastore-1", "type": "DATASTORE"}
    library = (await app.rest("GET", f"{ITEM}/id:{item}"))["library_id"]
    assert uri == f"ds:///vmfs/volumes/datastore-1/contentlib-{library}/{item}/tiny.iso"
    for blob in stored(app.settings):
        blob.remove()
    (gone,) = await app.rest("GET", f"{ITEM}/storage?library_item_id={item}")
    assert (gone["cached"], gone["storage_uris"], gone["size"]) == (False, [], 0)
    assert "file_download_endpoint" not in gone


async def test_a_file_whose_bytes_are_gone_is_not_cached(app: Whole) -> None:
    item = await app.item()
    await app.fill(item, tiny_iso=b"bytes")
    (file,) = await app.rest("GET", f"{ITEM}/file?library_item_id={item}")
    for blob in stored(app.settings):
        blob.remove()
    (gone,) = await app.rest("GET", f"{ITEM}/file?library_item_id={item}")
    assert (file["cached"], gone["cached"], "file_download_endpoint" in gone) == (True, False, False)
    answer = await app.client.get(file["file_download_endpoint"])
    assert (answer.status_code, answer.text) == (500, "content of file 'tiny.iso' is missing from storage datastore-1\n")
