"""Tests the list of changes through the whole application."""

from __future__ import annotations

from typing import Any

import pytest

from access.people import People
from contentlib.access import changes
from whole import Whole, told

EVENTS = "/api/contentlib/events"


async def listed(app: Whole, cursor: str | None = None, secret: str | None = None) -> dict[str, Any]:
    target = EVENTS if cursor is None else f"{EVENTS}?after={cursor}"
    answer = await (app.send("GET", target) if secret is None else People(app).as_user("GET", target, secret))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def told_of(found: dict[str, Any]) -> list[tuple[str, set[tuple[str, str]]]]:
    return [(each["operation"], {(thing["type"], thing["id"]) for thing in each["things"]}) for each in found["events"]]


async def test_changes_are_told_once(app: Whole) -> None:
    library = await app.library()
    begun = await listed(app)
    assert begun == {"cursor": begun["cursor"], "events": [], "lost": False, "more": False}
    assert await listed(app, begun["cursor"]) == begun
    item = await app.item("first", library)
    found = await listed(app, begun["cursor"])
    ((operation, things),) = told_of(found)
    assert operation == "com.vmware.content.library.item.create"
    assert {("library item", item), ("library", library)} <= things
    assert found["events"][0]["user"] == "administrator@vsphere.local"
    assert told_of(await listed(app, found["cursor"])) == []


async def test_changes_of_what_one_may_not_see_are_not_told(app: Whole) -> None:
    people = People(app)
    own, other = await app.library("own"), await app.library("other")
    user = await people.user("robin")
    await people.permit(user, "content user", own)
    _, secret = await people.token(user)
    cursor = (await listed(app, secret=secret))["cursor"]
    mine, _ = await app.item("mine", own), await app.item("theirs", other)
    await people.user("another")
    found = await listed(app, cursor, secret)
    assert [{thing["id"] for thing in each["things"]} for each in found["events"]] == [{mine, own}]
    assert "user" not in found["events"][0]
    assert told_of(await listed(app, found["cursor"], secret)) == []


async def test_many_changes_are_told_in_parts(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "MOST_READ", 2)
    library = await app.library()
    cursor = (await listed(app))["cursor"]
    items = [await app.item(f"item {n}", library) for n in range(3)]
    first = await listed(app, cursor)
    second = await listed(app, first["cursor"])
    assert (first["more"], second["more"]) == (True, False)
    told_items = [
        thing for _, things in told_of(first) + told_of(second) for thing in items if ("library item", thing) in things
    ]
    assert told_items == items


async def test_a_cursor_beyond_the_log_has_lost_changes(app: Whole) -> None:
    found = await listed(app, "999999")
    assert (found["lost"], found["events"]) == (True, [])
    assert (await listed(app, found["cursor"]))["lost"] is False


@pytest.mark.parametrize("cursor", ["-1", "x", "9" * 30, "%F0%9D%9F%8F"])
async def test_what_is_no_cursor_is_refused(app: Whole, cursor: str) -> None:
    status, kind, _ = told(await app.send("GET", f"{EVENTS}?after={cursor}"))
    assert (status, kind) == (400, "INVALID_ARGUMENT")
