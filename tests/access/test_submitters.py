"""Tasks whose users lose the right to what they asked for before it is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from access.people import People
from access.test_reach import ROBIN
from backends import BACKEND
from contentlib.access.scopes import LIBRARY
from contentlib.library.catalog.migration import MigrationArguments
from contentlib.library.errors import Fault
from contentlib.library.model import Maintenance, Need, Submitter, Task, TaskTarget
from contentlib.library.ports import AccessStore, Transaction
from following import Shelf, subscription
from processes import PATIENCE_SECONDS
from publisher import Publisher
from pulling import Pulling
from services.test_operations_as_tasks import ended
from whole import NAME, HandClock, Whole, is_busy

ITEM = "/api/content/library/item"


class Losing:
    """A user with an API token, whose tasks fail for a while, and may fail for good then."""

    def __init__(self, app: Whole, clock: HandClock, rows: AccessStore) -> None:
        self.app = app
        self.clock = clock
        self.rows = rows
        self.people = People(app)
        self.token = ""
        self.secret = ""

    async def ask(self, method: str, target: str, body: object = None) -> Any:
        answer = await self.people.as_user(method, target, self.secret, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    async def task(self, operation: str, user: str = ROBIN) -> tuple[str, dict[str, Any]]:
        """The task of an operation that a user called."""
        tasks = (await self.app.tasks()).items()
        (found,) = [each for each in tasks if (each[1]["operation"], each[1]["user"]) == (operation, user)]
        return found

    async def waiting(self, operation: str) -> str:
        """The task of an operation, when its first attempt has failed."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await self.task(operation))[1]["status"] != "BLOCKED":  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        return found[0]

    async def ended(self, task: str) -> dict[str, Any]:
        """The task when it has ended; the clock moves to its next attempt."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (tasks := await self.app.tasks())[task]["status"] not in ("SUCCEEDED", "FAILED"):
                if not is_busy(tasks):
                    self.clock.pass_seconds(1)
                await asyncio.sleep(0.01)
        return dict(tasks[task])

    async def refused(self, task: str) -> str:
        """What is told of a task that failed because its user may not do it."""
        info = await self.ended(task)
        assert (info["status"], info["error"]["error_type"]) == ("FAILED", "UNAUTHORIZED"), info
        return str(info["error"]["messages"][0]["default_message"])

    async def change(self, task: str, change: Callable[[Task], Task]) -> None:
        """Changes the row of a task."""
        async with self.rows.transaction(durable=False) as rows:
            await rows.tasks.put(change(await _task(rows, task)))

    async def submitter(self, task: str) -> Submitter | None:
        async with self.rows.reading() as rows:
            return (await _task(rows, task)).submitter


async def _task(rows: Transaction, task: str) -> Task:
    found = await rows.tasks.get(task)
    assert found is not None
    return found


@pytest.fixture
async def losing(app: Whole, clock: HandClock) -> AsyncIterator[Losing]:
    rows = BACKEND.open_rows(app.settings.database_file)
    made = Losing(app, clock, rows)
    await made.people.done("POST", "/users", {"name": "robin"})
    made.token, made.secret = await made.people.token(ROBIN)
    yield made
    await rows.close()


async def _pull(losing: Losing, publisher: Publisher) -> tuple[str, str, str]:
    """A pull that waits for its next attempt: its library, its session and its task."""
    publisher.files["/a.iso"] = b"content"
    publisher.statuses["/a.iso"] = 503
    library = await losing.app.library()
    await losing.people.permit(ROBIN, "Content publisher", library)
    item = await losing.app.item("mine", library)
    session = str(await losing.ask("POST", f"{ITEM}/update-session", {"library_item_id": item}))
    source = {"uri": publisher.uri("/a.iso")}
    spec = {"name": "a.iso", "source_type": "PULL", "source_endpoint": source}
    await losing.ask("POST", f"{ITEM}/update-session/{session}/file", spec)
    task = await losing.waiting("add")
    del publisher.statuses["/a.iso"]
    return library, session, task


async def _demote(losing: Losing, library: str) -> None:
    await losing.people.permit(ROBIN, "Auditor", library)


async def _hide(losing: Losing, library: str) -> None:
    await losing.people.permit(ROBIN, "No access", library)


async def _disable(losing: Losing, _: str) -> None:
    await losing.people.done("PATCH", f"/users/{ROBIN}", {"enabled": False})


async def _remove(losing: Losing, _: str) -> None:
    await losing.people.done("DELETE", f"/users/{ROBIN}")


async def _revoke(losing: Losing, _: str) -> None:
    await losing.people.done("DELETE", f"/tokens/{losing.token}")


LOSSES = {
    _demote: "ContentLibrary.UpdateSession on update session",
    _hide: "ContentLibrary.UpdateSession on update session",
    _disable: "disabled, removed or expired",
    _remove: "disabled, removed or expired",
    _revoke: "disabled, removed or expired",
}


@pytest.mark.parametrize("lose", LOSSES, ids=lambda lose: lose.__name__)
async def test_a_pull_ends_with_the_right_of_its_user(losing: Losing, publisher: Publisher, lose: Any) -> None:
    library, session, task = await _pull(losing, publisher)
    await lose(losing, library)
    assert LOSSES[lose] in await losing.refused(task)
    (file,) = (await Pulling(losing.app, losing.clock, publisher).files(session)).values()
    assert file["status"] == "ERROR"
    assert LOSSES[lose] in file["error_message"]["default_message"]


async def test_a_pull_ends_with_the_token_of_its_call(losing: Losing, publisher: Publisher) -> None:
    expires = "2023-11-14T22:15:00.000Z"
    _, losing.secret = await losing.people.token(ROBIN, expires=expires)
    *_, task = await _pull(losing, publisher)
    losing.clock.pass_seconds(120)
    assert "expired" in await losing.refused(task)


async def test_a_task_that_says_nothing_of_its_user_goes_on(losing: Losing, publisher: Publisher) -> None:
    """As versions of the program wrote them that did not ask again."""
    library, _, task = await _pull(losing, publisher)
    await losing.change(task, lambda row: replace(row, submitter=None))
    await _demote(losing, library)
    assert (await losing.ended(task))["status"] == "SUCCEEDED"


async def _follow(losing: Losing, shelf: Shelf) -> str:
    spec = {"create_spec": {"name": "mirror", "subscription_info": subscription(shelf.url)}}
    library = str(await losing.app.rest("POST", "/subscribed-library", spec))
    assert (await losing.ended((await losing.task("sync", NAME))[0]))["status"] == "SUCCEEDED"
    await losing.people.permit(ROBIN, "Registry of subscriptions", library)
    return library


async def _sync(losing: Losing, shelf: Shelf, library: str) -> str:
    shelf.publisher.statuses["/lib.json"] = 503
    await losing.people.as_user("POST", f"/api/content/subscribed-library/{library}?action=sync", losing.secret)
    task = await losing.waiting("sync")
    del shelf.publisher.statuses["/lib.json"]
    return task


async def test_a_sync_ends_with_the_right_of_its_user_and_the_library_tells(losing: Losing, shelf: Shelf) -> None:
    library = await _follow(losing, shelf)
    task = await _sync(losing, shelf, library)
    await _hide(losing, library)
    told = await losing.refused(task)
    assert f"ContentLibrary.SyncLibrary on {LIBRARY} '{library}'" in told
    async with losing.rows.reading() as rows:
        found = await rows.libraries.get(library)
    assert found is not None
    assert found.following is not None
    assert found.following.fault is not None
    assert found.following.fault.text == told


CREATING = ("ContentLibrary.CreateSubscribedLibrary", "Datastore.AllocateSpace", "System.Read")


async def _first_sync(losing: Losing, shelf: Shelf) -> tuple[str, str]:
    """A library that a user has created who may do nothing else, and its first sync, which waits for its next attempt."""
    await losing.people.done("POST", "/roles", {"name": "creator", "privileges": CREATING})
    await losing.people.permit(ROBIN, "creator")
    shelf.publisher.statuses["/item1/a.iso"] = 503
    spec = {"name": "mirror", "subscription_info": subscription(shelf.url)}
    library = str(await losing.ask("POST", "/api/content/subscribed-library", spec))
    await losing.people.permit(ROBIN, "Auditor", library)  # in place of what its creator has
    task = await losing.waiting("sync")
    del shelf.publisher.statuses["/item1/a.iso"]
    return library, task


async def test_the_first_sync_needs_the_privileges_to_create_and_no_other(losing: Losing, shelf: Shelf) -> None:
    """As upstream: `create` makes the service synchronize; `sync` needs a privilege of its own."""
    library, task = await _first_sync(losing, shelf)
    assert (await losing.ended(task))["status"] == "SUCCEEDED"
    sync = f"/api/content/subscribed-library/{library}?action=sync"
    assert (await losing.people.as_user("POST", sync, losing.secret)).status_code == 403


async def test_the_first_sync_ends_with_the_privilege_to_create(losing: Losing, shelf: Shelf) -> None:
    _, task = await _first_sync(losing, shelf)
    await losing.people.permit(ROBIN, "Auditor")
    assert "ContentLibrary.CreateSubscribedLibrary" in await losing.refused(task)


async def test_who_joins_a_sync_answers_for_it(losing: Losing, shelf: Shelf) -> None:
    library = await _follow(losing, shelf)
    task = await _sync(losing, shelf, library)
    shelf.publisher.statuses["/lib.json"] = 503
    joined = await losing.app.send("POST", f"/api/content/subscribed-library/{library}?action=sync&vmw-task=true")
    assert joined.json() == task
    del shelf.publisher.statuses["/lib.json"]
    await _hide(losing, library)
    assert (await losing.ended(task))["status"] == "SUCCEEDED"


async def test_a_user_who_joins_the_servers_own_sync_does_not_end_it(losing: Losing, shelf: Shelf) -> None:
    library = await _follow(losing, shelf)
    task = await _sync(losing, shelf, library)
    await losing.change(task, lambda row: replace(row, submitter=None, user=""))
    await losing.ask("POST", f"/api/content/subscribed-library/{library}?action=sync&vmw-task=true")
    await _hide(losing, library)
    assert (await losing.ended(task))["status"] == "SUCCEEDED"


@pytest.mark.parametrize("as_task", ["", "&vmw-task=true"], ids=["call", "task"])
async def test_the_syncs_that_a_publish_begins_are_its_users(losing: Losing, as_task: str) -> None:
    library = await losing.app.library("published", publish_info={"published": True, "authentication_method": "NONE"})
    new = {"name": "copy", "automatic_sync_enabled": False, "on_demand": False, "storage_backings": []}
    wanted = {"location": "LOCAL", "target": "CREATE_NEW", "new_subscribed_library": new}
    await losing.app.send("POST", f"/api/content/library/{library}/subscriptions", {"subscribed_library": wanted})
    await losing.ended((await losing.task("sync", NAME))[0])
    await losing.people.permit(ROBIN, "Content library administrator", library)
    begun = await losing.ask("POST", f"/api/content/local-library/{library}?action=publish{as_task}")
    if begun is not None:
        assert (await ended(losing.app, begun))["status"] == "SUCCEEDED"
    asked = await losing.submitter((await losing.task("sync"))[0])
    assert asked is not None
    assert (asked.user, asked.api_token) == (ROBIN, losing.token)
    assert asked.needs == (Need("ContentLibrary.PublishLibrary", LIBRARY, library),)


async def test_a_migration_ends_with_the_right_of_its_user_and_the_library_can_be_changed(losing: Losing) -> None:
    library = await losing.app.library()
    storage = losing.app.settings.storage[0].id
    asked = Submitter(ROBIN, losing.token, "migrate", (Need("ContentLibrary.MigrateLibrary", LIBRARY, library),))
    task = Task(
        id="11111111-1111-4111-8111-111111111111",
        kind="migrate",
        service="com.vmware.content.library",
        operation="migrate",
        description=Fault("x", "x"),
        user=ROBIN,
        arguments=msgspec.json.encode(MigrationArguments(library, storage, ())).decode(),
        created=losing.clock.now(),
        due=losing.clock.now(),
        target=TaskTarget(LIBRARY, library),
        submitter=asked,
    )
    async with losing.rows.transaction(durable=False) as rows:
        await rows.tasks.add(task)
        found = await rows.libraries.get(library)
        assert found is not None
        await rows.libraries.put(replace(found, maintenance=Maintenance("moving", task.id)))
    assert "ContentLibrary.MigrateLibrary" in await losing.refused(task.id)
    await losing.app.item("changed", library)
    async with losing.rows.reading() as rows:
        found = await rows.libraries.get(library)
    assert found is not None
    assert "ContentLibrary.MigrateLibrary" in str(found.unmoved)


async def test_a_task_of_an_administrator_says_what_it_needs_too(losing: Losing, publisher: Publisher) -> None:
    """Rights on everything need no check when they submit, but when they are gone."""
    await losing.people.permit(ROBIN, "Administrator")
    library, _, task = await _pull(losing, publisher)
    await losing.people.permit(ROBIN, "Auditor")
    await _demote(losing, library)
    assert "ContentLibrary.UpdateSession" in await losing.refused(task)
