"""Migration of libraries, as their callers see it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contentlib.settings import Storage
from processes import PATIENCE_SECONDS
from whole import HandClock, Whole, whole

SECOND = {"storage_backings": [{"type": "DATASTORE", "datastore_id": "second"}]}


@pytest.fixture
async def app(data_dir: Path, clock: HandClock) -> AsyncIterator[Whole]:
    storages = [Storage(id=each, name=each, path=data_dir / each) for each in ("first", "second")]
    async with whole(data_dir, clock, storage=storages) as running:
        yield running


async def _filled(app: Whole) -> tuple[str, str]:
    library = await app.library()
    item = await app.item(library=library)
    await app.fill(item, a_iso=b"one")
    return library, item


async def _ended(app: Whole, answer: Any) -> Any:
    assert answer.status_code == 202, answer.text
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (task := (await app.send("GET", f"/api/cis/tasks/{answer.json()}")).json())["status"] in ("PENDING", "RUNNING"):  # noqa: ASYNC110 - no server tells of changes
            await asyncio.sleep(0.01)
    return task


async def test_a_library_moves_as_a_task_on_it_whose_progress_is_in_bytes(app: Whole) -> None:
    library, item = await _filled(app)
    session = await app.download_session(item)
    answer = await app.send("POST", f"/api/content/library/{library}?action=migrate&vmw-task=true", SECOND)
    task = await _ended(app, answer)
    assert (task["status"], task["operation"], task["target"]["id"]) == ("SUCCEEDED", "migrate", library)
    assert (task["progress"]["completed"], task["progress"]["total"]) == (3, 3)
    found = await app.rest("GET", f"/library/id:{library}")
    assert (found["storage_backings"], found["state_info"]) == (SECOND["storage_backings"], {"state": "ACTIVE"})
    (stored,) = await app.rest("GET", f"/library/item/storage?library_item_id={item}")
    assert stored["storage_backing"]["datastore_id"] == "second"
    assert await app.read(session, "a.iso") == b"one"
    assert await app.content(item) == {"a.iso": b"one"}


async def test_what_cannot_be_moved_is_refused_before_a_task_begins(app: Whole) -> None:
    library, _ = await _filled(app)
    path = f"/library/id:{library}?~action=migrate"
    first = {"migrate_spec": {"storage_backings": [{"type": "DATASTORE", "datastore_id": "first"}]}}
    assert (await app.refusal("POST", path, first))[:2] == (400, "ALREADY_IN_DESIRED_STATE")
    nowhere = {"migrate_spec": {"storage_backings": [{"type": "DATASTORE", "datastore_id": "third"}]}}
    assert (await app.refusal("POST", path, nowhere))[:2] == (400, "INVALID_ARGUMENT")
    assert (await app.refusal("POST", path, {"migrate_spec": {"storage_backings": []}}))[:2] == (400, "INVALID_ARGUMENT")
    two = {"migrate_spec": {"storage_backings": SECOND["storage_backings"] * 2}}
    assert (await app.refusal("POST", path, two))[:2] == (400, "UNSUPPORTED")
    await app.rest("POST", f"/library/id:{library}?~action=enter-maintenance")
    assert (await app.refusal("POST", path, {"migrate_spec": SECOND}))[:2] == (400, "NOT_ALLOWED_IN_CURRENT_STATE")
    assert (await app.rest("GET", f"/library/id:{library}"))["storage_backings"][0]["datastore_id"] == "first"
