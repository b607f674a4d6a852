"""Tasks and calls that are at work when their user loses the right to it."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from access.test_submitters import ITEM, LOSSES, Losing, _demote, _follow, losing
from backends import directory_of
from contentlib.jobs import readmission
from contentlib.library.actors import authority
from contentlib.library.ports import Transaction
from contentlib.library.write_checks import CheckedStore
from following import Shelf
from processes import PATIENCE_SECONDS
from publisher import Publisher
from pulling import Pulling
from whole import HandClock, told

__all__ = ["losing"]
ROBIN = "robin@vsphere.local"
LARGE = bytes(1 << 18)


@pytest.fixture
def beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are asked for all the time."""
    monkeypatch.setattr(readmission, "_BEAT_SECONDS", 0.01)


@pytest.fixture
def no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are only asked for when something is written."""
    monkeypatch.setattr(readmission, "_BEAT_SECONDS", 10 * PATIENCE_SECONDS)


async def _until(happened: Any) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not happened():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def _pulling(losing: Losing, publisher: Publisher) -> tuple[str, str, str]:
    """A pull whose publisher has stopped in the middle of the file: its library, its session and its task."""
    publisher.files["/a.iso"] = LARGE
    publisher.stops["/a.iso"] = 1 << 16
    library = await losing.app.library()
    await losing.people.permit(ROBIN, "Content publisher", library)
    item = await losing.app.item("mine", library)
    session = str(await losing.ask("POST", f"{ITEM}/update-session", {"library_item_id": item}))
    spec = {"name": "a.iso", "source_type": "PULL", "source_endpoint": {"uri": publisher.uri("/a.iso")}}
    await losing.ask("POST", f"{ITEM}/update-session/{session}/file", spec)
    await _until(lambda: publisher.now)
    return library, session, (await losing.task("add"))[0]


@pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)
@pytest.mark.usefixtures("beat")
async def test_a_pull_in_the_middle_of_a_file_ends_with_the_right_of_its_user(
    losing: Losing, publisher: Publisher, clock: HandClock, lose: Any
) -> None:
    library, session, task = await _pulling(losing, publisher)
    await lose(losing, library)
    assert LOSSES[lose] in await losing.refused(task)
    (file,) = (await Pulling(losing.app, clock, publisher).files(session)).values()
    assert file["status"] == "ERROR"
    assert LOSSES[lose] in file["error_message"]["default_message"]
    staging = directory_of(losing.app.settings) / "staging"
    assert [each for each in staging.rglob("*") if each.is_file()] == []


@pytest.mark.usefixtures("no_beat")
async def test_a_file_whose_last_byte_comes_too_late_is_not_put_in(
    losing: Losing, publisher: Publisher, clock: HandClock
) -> None:
    library, session, task = await _pulling(losing, publisher)
    await _demote(losing, library)
    publisher.release()
    assert "ContentLibrary.UpdateSession" in await losing.refused(task)
    (file,) = (await Pulling(losing.app, clock, publisher).files(session)).values()
    assert file["status"] == "ERROR"


@pytest.mark.usefixtures("beat")
async def test_a_pull_of_a_user_who_keeps_the_right_is_not_disturbed(losing: Losing, publisher: Publisher) -> None:
    *_, task = await _pulling(losing, publisher)
    await asyncio.sleep(0.05)
    publisher.release()
    assert (await losing.ended(task))["status"] == "SUCCEEDED"


@pytest.mark.usefixtures("no_beat")
async def test_a_sync_puts_in_no_item_after_its_user_has_lost_the_right(losing: Losing, shelf: Shelf) -> None:
    library = await _follow(losing, shelf)
    shelf.put("late", a_iso=LARGE)
    path = next(path for path, data in shelf.publisher.files.items() if data == LARGE)
    shelf.publisher.stops[path] = 1 << 16
    begun = losing.people.as_user("POST", f"/api/content/subscribed-library/{library}?action=sync&vmw-task=true", losing.secret)
    task = (await begun).json()
    await _until(lambda: shelf.publisher.now)
    await losing.people.permit(ROBIN, "Auditor", library)
    shelf.publisher.release()
    assert "ContentLibrary.SyncLibrary" in await losing.refused(task)
    items = (await losing.app.send("GET", f"{ITEM}?library_id={library}")).json()
    names = {(await losing.app.send("GET", f"{ITEM}/{each}")).json()["name"] for each in items}
    assert "late" not in names


# calls


class Turns:
    """Holds the writers' turn, as another process does, and counts those who wait for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiting = 0
        begin = CheckedStore.transaction

        def transaction(store: CheckedStore, *, durable: bool) -> AbstractAsyncContextManager[Transaction]:
            self.waiting += authority().check is not None
            return begin(store, durable=durable)

        monkeypatch.setattr(CheckedStore, "transaction", transaction)


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Turns:
    return Turns(monkeypatch)


CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "update session": (f"{ITEM}/update-session", {"library_item_id": "ITEM"}),
    "download session": (f"{ITEM}/download-session", {"library_item_id": "ITEM"}),
    "item": (ITEM, {"name": "other", "library_id": "LIBRARY"}),
    "task": (f"{ITEM}/ITEM?action=copy&vmw-task=true", {"name": "copy", "library_id": "LIBRARY"}),
}


@pytest.mark.parametrize("kind", CALLS)
@pytest.mark.parametrize("same_process", [False, True], ids=["another process", "same batch"])
async def test_a_call_that_waits_while_its_user_is_removed_writes_nothing(
    losing: Losing, turns: Turns, kind: str, *, same_process: bool
) -> None:
    library = await losing.app.library()
    await losing.people.permit(ROBIN, "Content publisher", library)
    named = {"LIBRARY": library, "ITEM": await losing.app.item("mine", library)}
    target, body = CALLS[kind]
    given = {name: named.get(value, value) for name, value in body.items()}
    async with asyncio.TaskGroup() as group:
        removal: asyncio.Task[httpx.Response] | None = None
        async with losing.rows.transaction(durable=True) as rows:
            turns.waiting = 0
            if same_process:
                removal = group.create_task(losing.people.ask("DELETE", f"/users/{ROBIN}"))
                await _until(lambda: turns.waiting == 1)
            begun = turns.waiting
            call = group.create_task(losing.people.as_user("POST", target.replace("ITEM", named["ITEM"]), losing.secret, given))
            await _until(lambda: turns.waiting > begun)
            if not same_process:
                await rows.users.remove(ROBIN)
    assert told(call.result())[:2] == (401, "UNAUTHENTICATED")
    assert removal is None or removal.result().status_code == 204
    async with losing.rows.reading() as rows:
        assert [each for each in await rows.tasks.all() if each.user == ROBIN] == []
        assert await rows.items.find(library=library) == [named["ITEM"]]
        assert await rows.update_sessions.active_in(library) == []
