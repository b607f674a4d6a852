"""Tests the queries of libraries and items, their notes and labels, through the whole application."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from access.people import People
from whole import Whole, told

LIBRARIES, ITEMS = "/api/contentlib/library?action=query", "/api/contentlib/library/item?action=query"
LIBRARY_LABELS, ITEM_LABELS = "/api/contentlib/library/{}/labels", "/api/contentlib/library/item/{}/labels"


@pytest.fixture
def people(app: Whole) -> People:
    return People(app)


async def found(app: Whole, spec: dict[str, object], target: str = ITEMS, secret: str | None = None) -> list[dict[str, Any]]:
    """All rows of a query, page by page."""
    rows, marker = list[dict[str, Any]](), None
    headers = {} if secret is None else {"vmware-api-session-id": "", "authorization": f"Bearer {secret}"}
    while True:
        answer = await app.send("POST", target, {**spec, **({} if marker is None else {"marker": marker})}, headers)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        rows += body["items" if target is ITEMS else "libraries"]
        marker = body.get("marker")
        if marker is None:
            return rows


async def names(app: Whole, spec: dict[str, object], target: str = ITEMS, secret: str | None = None) -> list[str]:
    return [row["name"] for row in await found(app, spec, target, secret)]


async def test_an_item_is_shown_whole(app: Whole) -> None:
    library = await app.library("images")
    item = await app.item("Ubuntu 24.04", library, description="server", type="iso")
    await app.fill(item, noble_iso=b"content")
    spec = {"notes": "ask Robin", "labels": [{"key": "env", "value": "prod"}]}
    assert (await app.send("PUT", ITEM_LABELS.format(item), spec)).status_code == 204
    (row,) = await found(app, {"text": "noble robin env prod 24"})
    shown = {name: row[name] for name in ("id", "name", "library_id", "library_name", "size", "type", "cached", "signed")}
    assert shown == {
        "id": item,
        "name": "Ubuntu 24.04",
        "library_id": library,
        "library_name": "images",
        "size": 7,
        "type": "iso",
        "cached": True,
        "signed": False,
    }
    assert (row["notes"], row["labels"], row["usages"]) == ("ask Robin", [{"key": "env", "value": "prod"}], 0)
    assert (row["created_by"], row["modified_by"]) == ("administrator@vsphere.local", "administrator@vsphere.local")


async def test_a_library_is_shown_whole(app: Whole) -> None:
    library = await app.library(
        "images", description="of systems", publish_info={"published": True, "authentication_method": "NONE"}
    )
    for name in ("one", "two"):
        await app.fill(await app.item(name, library), a_iso=b"content")
    spec = {"labels": [{"key": "team", "value": "blue"}]}
    assert (await app.send("PUT", LIBRARY_LABELS.format(library), spec)).status_code == 204
    (row,) = await found(app, {"text": "blue", "published": True, "type": "LOCAL"}, LIBRARIES)
    wanted = ("id", "name", "items", "bytes", "unique_bytes", "published", "subscribers", "roles", "type")
    assert [row[name] for name in wanted] == [library, "images", 2, 14, 7, True, 0, ["Administrator"], "LOCAL"]
    assert "sync_state" not in row


async def test_pages_go_on_by_their_marker(app: Whole) -> None:
    library = await app.library()
    for number in range(5):
        await app.item(f"item {number}", library)
    assert await names(app, {"size": 2}) == [f"item {n}" for n in range(5)]
    assert await names(app, {"size": 2, "descending": True, "sort": "CREATED"}) == [
        row["name"] for row in sorted(await found(app, {}), key=lambda row: (row["created"], row["id"]), reverse=True)
    ]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"size": 0}, "spec.size must be between 1 and 200, not 0"),
        ({"text": "..."}, "spec.text has 0 words; 1 to 8 are expected"),
        ({"text": "a b c d e f g h i"}, "spec.text has 9 words; 1 to 8 are expected"),
        ({"text": "x" * 201}, "spec.text is 201 characters; at most 200 are allowed"),
        (
            {"marker": "nonsense"},
            "spec.marker must be a marker that was returned for a query in the same order, not 'nonsense'",
        ),
        ({"labels": [{"key": "a b"}]}, "spec.labels.key must be 1 to 63 letters, digits, dots, slashes, hyphens and"),
    ],
)
@pytest.mark.parametrize("target", [ITEMS, LIBRARIES])
async def test_what_cannot_be_asked_is_refused(app: Whole, spec: dict[str, object], text: str, target: str) -> None:
    status, kind, message = told(await app.send("POST", target, spec))
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert message.startswith(text)


async def test_a_marker_of_another_order_is_refused(app: Whole) -> None:
    library = await app.library()
    for number in range(2):
        await app.item(f"item {number}", library)
    marker = (await app.send("POST", ITEMS, {"size": 1})).json()["marker"]
    for spec in ({"sort": "SIZE"}, {"descending": True}):
        assert (await app.send("POST", ITEMS, {"marker": marker, **spec})).status_code == 400


async def test_queries_leave_out_what_one_may_not_see(app: Whole, people: People) -> None:
    own, other = await app.library("own"), await app.library("other")
    for library, name in ((own, "mine"), (other, "theirs")):
        item = await app.item(name, library)
        await app.send("PUT", ITEM_LABELS.format(item), {"labels": [{"key": "secret", "value": name}]})
    user = await people.user("robin")
    await people.permit(user, "content user", own)
    _, secret = await people.token(user)
    assert await names(app, {}, ITEMS, secret) == ["mine"]
    assert await names(app, {"library": other}, ITEMS, secret) == []
    assert await names(app, {"text": "theirs"}, ITEMS, secret) == []
    assert [(row["name"], row["roles"]) for row in await found(app, {}, LIBRARIES, secret)] == [("own", ["Content user"])]
    listed = await people.as_user("GET", "/api/contentlib/labels", secret)
    assert listed.json() == [{"key": "secret", "value": "mine", "things": 1}]
    await people.permit(user, "auditor")
    await people.permit(user, "no access", own)
    assert await names(app, {}, ITEMS, secret) == ["theirs"]
    assert await names(app, {}, LIBRARIES, secret) == ["other"]


async def test_labels_need_the_privilege_to_change_the_thing(app: Whole, people: People) -> None:
    library = await app.library()
    item = await app.item("mine", library)
    user = await people.user("robin")
    _, secret = await people.token(user)
    for target in (LIBRARY_LABELS.format(library), ITEM_LABELS.format(item)):
        assert (await people.as_user("GET", target, secret)).status_code == 404
    await people.permit(user, "content user", library)
    for target in (LIBRARY_LABELS.format(library), ITEM_LABELS.format(item)):
        assert (await people.as_user("GET", target, secret)).json() == {"labels": [], "notes": ""}
        assert (await people.as_user("PUT", target, secret, {"notes": "mine"})).status_code == 403
        assert (await people.as_user("PATCH", target, secret, {"notes": "mine"})).status_code == 403
    await people.permit(user, "content publisher", library)
    assert (await people.as_user("PUT", ITEM_LABELS.format(item), secret, {"notes": "mine"})).status_code == 204


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"notes": "x" * 10_001}, "spec.notes is 10001 characters; at most 10000 are allowed"),
        ({"notes": "a\x01"}, "spec.notes contains a control character (U+0001)"),
        ({"labels": [{"key": "", "value": ""}]}, "spec.labels.key must be 1 to 63 letters, digits, dots, slashes, hyphens and"),
        ({"labels": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]}, "spec.labels has the key 'a' twice"),
        ({"labels": [{"key": "a", "value": "x" * 256}]}, "spec.labels.value is 256 characters; at most 255 are allowed"),
        (
            {"labels": [{"key": f"k{n}", "value": ""} for n in range(65)]},
            "spec.labels has 65 labels; at most 64 are allowed",
        ),
    ],
)
async def test_notes_and_labels_have_limits(app: Whole, spec: dict[str, object], text: str) -> None:
    status, kind, message = told(await app.send("PUT", LIBRARY_LABELS.format(await app.library()), spec))
    assert (status, kind) == (400, "INVALID_ARGUMENT")
    assert message.startswith(text)


async def test_a_change_of_labels_leaves_the_others(app: Whole) -> None:
    library = await app.library()
    item = await app.item("first", library)
    for target in (LIBRARY_LABELS.format(library), ITEM_LABELS.format(item)):
        labels = [{"key": "env", "value": "test"}, {"key": "old", "value": ""}, {"key": "team", "value": "blue"}]
        await app.send("PUT", target, {"notes": "ours", "labels": labels})
        change = {"labels": [{"key": "env", "value": "prod"}], "removed": ["old", "unknown"]}
        assert (await app.send("PATCH", target, change)).status_code == 204
        labels = [{"key": "env", "value": "prod"}, {"key": "team", "value": "blue"}]
        assert (await app.send("GET", target)).json() == {"notes": "ours", "labels": labels}
        assert (await app.send("PATCH", target, {"notes": "new"})).status_code == 204
        assert (await app.send("GET", target)).json() == {"notes": "new", "labels": labels}
    assert await names(app, {"text": "new prod"}) == ["first"]


async def test_changes_of_labels_at_the_same_time_are_all_made(app: Whole) -> None:
    target = LIBRARY_LABELS.format(await app.library())
    changes = ({"labels": [{"key": f"k{number}", "value": ""}]} for number in range(10))
    await asyncio.gather(*(app.send("PATCH", target, change) for change in changes))
    assert len((await app.send("GET", target)).json()["labels"]) == 10


async def test_a_change_cannot_exceed_the_limit_of_labels(app: Whole) -> None:
    target = LIBRARY_LABELS.format(await app.library())
    await app.send("PUT", target, {"labels": [{"key": f"k{number}", "value": ""} for number in range(64)]})
    change: dict[str, object] = {"labels": [{"key": "more", "value": ""}]}
    assert told(await app.send("PATCH", target, change))[:2] == (400, "INVALID_ARGUMENT")
    assert (await app.send("PATCH", target, change | {"removed": ["k0"]})).status_code == 204


async def test_labels_of_an_unknown_thing_are_not_found(app: Whole) -> None:
    for target in (LIBRARY_LABELS.format("nothing"), ITEM_LABELS.format("nothing")):
        assert (await app.send("GET", target)).status_code == 404
        assert (await app.send("PUT", target, {})).status_code == 404
        assert (await app.send("PATCH", target, {})).status_code == 404


async def test_labels_survive_a_rename_a_copy_and_the_trash(app: Whole) -> None:
    library = await app.library()
    item = await app.item("first", library)
    await app.fill(item, a_iso=b"content")
    spec = {"notes": "kept", "labels": [{"key": "env", "value": "prod"}]}
    await app.send("PUT", ITEM_LABELS.format(item), spec)
    await app.send("PUT", LIBRARY_LABELS.format(library), spec)
    await app.rest("PATCH", f"/library/item/id:{item}", {"update_spec": {"name": "renamed"}})
    copied = {"source_library_item_id": item, "destination_create_spec": {"library_id": library, "name": "copy"}}
    await app.rest("POST", f"/library/item/id:{item}?~action=copy", copied)
    assert await names(app, {"labels": [{"key": "env", "value": "prod"}]}) == ["copy", "renamed"]
    assert (await app.send("DELETE", f"/api/content/library/item/{item}")).status_code == 204
    assert await names(app, {"text": "kept"}) == ["copy"]
    assert (await app.send("GET", ITEM_LABELS.format(item))).status_code == 404
    assert (await app.send("POST", f"/api/contentlib/library/trash/{item}?action=restore")).status_code == 204
    assert (await app.send("GET", ITEM_LABELS.format(item))).json() == spec
    assert (await app.send("DELETE", f"/api/content/local-library/{library}")).status_code == 204
    assert await names(app, {}) == []
    assert (await app.send("POST", f"/api/contentlib/library/trash/{library}?action=restore")).status_code == 204
    assert await names(app, {"text": "kept"}, LIBRARIES) == ["lab"]


async def test_labels_are_in_the_audit_log(app: Whole) -> None:
    library = await app.library()
    await app.send("PUT", LIBRARY_LABELS.format(library), {"notes": "ours"})
    entries = (await app.send("GET", "/api/contentlib/access/audit?size=1")).json()["entries"]
    assert entries[0]["operation"] == "contentlib.library.labels.set"
    assert [(each["type"], each["id"]) for each in entries[0]["things"]] == [("library", library)]
