"""Tests the overview of the server through the whole application."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from access.asking import ended_task
from access.people import People
from backends import BACKEND
from contentlib.access import overview
from contentlib.library.errors import Fault
from contentlib.library.model import Following, HeldAmount, TaskStatus, library_owner
from whole import START, HandClock, Whole

OVERVIEW = "/api/contentlib/overview"


async def shown(app: Whole, secret: str | None = None) -> dict[str, Any]:
    answer = await (app.send("GET", OVERVIEW) if secret is None else People(app).as_user("GET", OVERVIEW, secret))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_an_empty_server_has_nothing_to_attend_to(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "_FULL_PERCENT", 101)  # whatever this machine's disk is like
    found = await shown(app)
    assert [found[name] for name in ("libraries", "items", "tasks_running", "tasks_failed")] == [0, 0, 0, 0]
    assert (found["attention"], found["expiring"], found["shared_bytes"]) == ([], [], 0)
    (storage,) = found["storages"]
    assert (storage["content_bytes"], storage["grown_bytes"], storage["accessible"]) == (0, 0, True)
    assert storage["used_bytes"] + storage["free_bytes"] == storage["capacity_bytes"]


async def test_content_that_items_share_is_counted_once(app: Whole, clock: HandClock) -> None:
    library = await app.library()
    for name in ("one", "two"):
        await app.fill(await app.item(name, library), a_iso=b"content")
    clock.pass_seconds(61)  # what was summed up at the start is old
    found = await shown(app)
    assert (found["libraries"], found["items"], found["shared_bytes"]) == (1, 2, 7)
    assert (found["storages"][0]["content_bytes"], found["storages"][0]["grown_bytes"]) == (7, 7)
    clock.pass_seconds(31 * 24 * 60 * 60)
    app.client.headers["vmware-api-session-id"] = (await app.login()).json()["value"]
    assert (await shown(app))["storages"][0]["grown_bytes"] == 0


async def test_what_needs_attention_names_what_it_is_about(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "_FULL_PERCENT", 0)
    failing, full = await app.library("mirror"), await app.library("full")
    item = await app.item("first", full)
    metadata = BACKEND.open_rows(app.settings.database_file)
    failed = replace(ended_task(item, "ann"), status=TaskStatus.FAILED, ended=START, fault=Fault("x", "the disk is full"))
    async with metadata.transaction(durable=False) as rows:
        library = await rows.libraries.get(failing)
        assert library is not None
        await rows.libraries.put(replace(library, following=Following(fault=Fault("x", "no route to host"))))
        await rows.quotas.correct(library_owner(full), HeldAmount(bytes=96))
        await rows.quotas.limit(library_owner(full), 100, None)
        await rows.tasks.add(failed)
    await metadata.close()
    found = await shown(app)
    told = [(each["message"].split(" is ")[0], each["id"]) for each in found["attention"]]
    assert told == [
        ("storage 'default'", "datastore-1"),
        ("test.test failed: the disk", failed.id),
        ("library 'mirror' could not be synchronized: no route to host", failing),
        ("library 'full' has nearly used up its quota", full),
    ]
    assert found["tasks_failed"] == 1


async def test_tokens_that_expire_soon_are_told(app: Whole, clock: HandClock) -> None:
    people = People(app)
    user = await people.user("robin")
    await people.permit(user, "content user")
    _, secret = await people.token(user)
    token, _ = await people.token(user, expires="2023-11-20T00:00:00.000Z")
    await people.token(user, expires="2024-11-20T00:00:00.000Z")
    for found in (await shown(app), await shown(app, secret)):
        (expiring,) = found["expiring"]
        assert (expiring["type"], expiring["id"], expiring["expires"]) == ("API token", token, "2023-11-20T00:00:00.000Z")
    assert any(each["message"] == "API token 'pipeline' expires on 2023-11-20" for each in found["attention"])
    other = await people.user("another")
    await people.permit(other, "content user")
    _, secret = await people.token(other)
    assert (await shown(app, secret))["expiring"] == []
    clock.pass_seconds(10 * 24 * 60 * 60)
    app.client.headers["vmware-api-session-id"] = (await app.login()).json()["value"]
    assert any("expired on 2023-11-20" in each["message"] for each in (await shown(app))["attention"])


async def test_an_overview_leaves_out_what_one_may_not_see(app: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "_FULL_PERCENT", 101)
    people = People(app)
    own, other = await app.library("own"), await app.library("other")
    await app.item("mine", own)
    theirs = [await app.item(f"theirs {n}", other) for n in range(3)]
    metadata = BACKEND.open_rows(app.settings.database_file)
    async with metadata.transaction(durable=False) as rows:
        await rows.tasks.add(replace(ended_task(theirs[0], "ann"), status=TaskStatus.FAILED, ended=START))
    await metadata.close()
    user = await people.user("robin")
    await people.permit(user, "content user", own)
    _, secret = await people.token(user)
    found = await shown(app, secret)
    assert [found[name] for name in ("libraries", "items", "tasks_failed", "attention")] == [1, 1, 0, []]
    assert "shared_bytes" not in found
    assert "content_bytes" not in found["storages"][0]
