"""Tests the tasks of library services as tasks of the Web Services, and the list views in which clients watch them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from access.people import People
from backends import BACKEND
from contentlib.library.errors import Fault
from contentlib.library.model import Task, TaskStatus, TaskTarget
from vim.soap import Heard, Soap, Target, first, first_of, objects, properties, reference
from vim.test_updates import filtering, made, version, wait
from whole import NAME, START, HandClock, whole

MANAGER = ("TaskManager", "TaskManager")
VIEWS = ("ViewManager", "ViewManager")
OF_VIEW = '<selectSet xsi:type="TraversalSpec"><type>ListView</type><path>view</path></selectSet>'
ROBIN = "robin@vsphere.local"
MINUTE = 60_000
COPYING = Task(
    id="c",
    status=TaskStatus.RUNNING,
    service="com.vmware.content.library.item",
    operation="copy$task",
    kind="sample",
    user=NAME,
    arguments="{}",
    description=Fault("sample", "copies item tiny"),
    created=START,
    started=START + 1,
    due=START,
    completed=1,
    total=4,
    owner="other",
    until=START + 60 * MINUTE,
)
TASKS = (
    replace(COPYING, id="old", status=TaskStatus.SUCCEEDED, ended=START - 11 * MINUTE, created=START - 12 * MINUTE),
    replace(COPYING, id="done", status=TaskStatus.SUCCEEDED, ended=START - 9 * MINUTE, created=START - 10 * MINUTE),
    replace(COPYING, id="failed", status=TaskStatus.FAILED, ended=START, fault=Fault("x", "disk full"), created=START - MINUTE),
    COPYING,
    replace(COPYING, id="queued", status=TaskStatus.PENDING, started=None, due=START + 60 * MINUTE, created=START + 2),
    replace(COPYING, id="fixed", cancelable=False, user="someone@vsphere.local", created=START + 3),
)


@pytest.fixture
async def soap(data_dir: Path, clock: HandClock) -> AsyncIterator[Soap]:
    """A caller of an application that has tasks."""
    store = BACKEND.open_rows(data_dir / "contentlib.db")
    async with store.transaction(durable=False) as transaction:
        for each in TASKS:
            await transaction.tasks.add(each)
    await store.close()
    async with whole(data_dir, clock) as app:
        yield Soap(app)


async def _recent(soap: Soap) -> list[Target]:
    (value,) = (await soap.call("Fetch", MANAGER, "<prop>recentTask</prop>")).all("returnval")
    return [(str(each.get("type")), str(each.text)) for each in value]


async def _info(soap: Soap, task: str) -> dict[str, str]:
    """The fields of a TaskInfo that are texts."""
    heard = await soap.call("Fetch", ("Task", f"task-{task}"), "<prop>info</prop>")
    (value,) = heard.all("returnval")
    return {str(each.tag).rpartition("}")[2]: each.text for each in value if each.text}


async def test_recent_tasks_run_or_ended_within_ten_minutes_and_are_in_order(soap: Soap) -> None:
    assert await _recent(soap) == [("Task", f"task-{each}") for each in ("done", "failed", "c", "queued", "fixed")]


async def test_a_task_tells_what_clients_show(soap: Soap) -> None:
    assert (await _info(soap, "c")).items() >= {
        "key": "task-c",
        "task": "task-c",
        "descriptionId": "com.vmware.content.library.item.copy$task",
        "entityName": "com.vmware.content.library.item",
        "state": "running",
        "progress": "25",
        "cancelable": "true",
        "cancelled": "false",
        "queueTime": "2023-11-14T22:13:20.000Z",
        "startTime": "2023-11-14T22:13:20.001Z",
    }.items()
    assert (await _info(soap, "done"))["state"] == "success"
    assert (await _info(soap, "queued"))["state"] == "queued"
    assert "startTime" not in await _info(soap, "queued")
    heard = await soap.call("Fetch", ("Task", "task-failed"), "<prop>info</prop>")
    assert heard.texts("localizedMessage") == ["disk full"]
    assert heard.texts("userName") == [NAME]


@pytest.mark.parametrize("task", ["old", "nobody", "", "search-x"])
async def test_a_task_that_is_not_recent_is_not_there(soap: Soap, task: str) -> None:
    heard = await soap.call("Fetch", ("Task", f"task-{task}"), "<prop>info</prop>")
    assert heard.fault[0] == "ManagedObjectNotFound"


async def test_the_target_of_a_task_is_told_by_its_name(soap: Soap) -> None:
    library = await soap.app.library("images")
    item = await soap.app.item("tiny", library)
    store = BACKEND.open_rows(soap.app.settings.data_dir / "contentlib.db")
    for kind, identifier in (("Library", library), ("library.Item", item), ("library.Item", "gone")):
        target = TaskTarget(f"com.vmware.content.{kind}", identifier)
        async with store.transaction(durable=False) as transaction:
            await transaction.tasks.add(replace(COPYING, id=identifier, target=target))
    await store.close()
    assert [(await _info(soap, each))["entityName"] for each in (library, item, "gone")] == ["images", "tiny", "gone"]


# as govc watches them


async def _watching(soap: Soap) -> tuple[Target, Target]:
    """A list view without objects, and a collector that watches it and the recent tasks."""
    view = await made(soap, "CreateListView", VIEWS)
    of_tasks = properties("Task", "info") + objects(view, OF_VIEW)
    return view, await filtering(soap, of_tasks, properties("TaskManager", "recentTask") + objects(MANAGER))


def _keys(heard: Heard) -> list[str]:
    return [str(first(each, "obj").text) for each in heard.all("objectSet")]


async def test_the_tasks_that_a_list_view_is_given_are_watched(soap: Soap, clock: HandClock) -> None:
    view, collector = await _watching(soap)
    update = await wait(soap, collector)
    assert _keys(update) == ["TaskManager"]
    both = reference("obj", ("Task", "task-done")) + reference("obj", ("Task", "task-c"))
    assert (await soap.call("ResetListView", view, both)).all("returnval") == []
    update = await wait(soap, collector, version(update))
    assert _keys(update) == ["task-done", "task-c", "TaskManager"]
    clock.pass_seconds(120)  # the first one is not recent any more
    assert _keys(await wait(soap, collector, version(update))) == ["task-c", "TaskManager"]


async def test_a_list_view_is_changed_object_by_object(soap: Soap) -> None:
    view, collector = await _watching(soap)
    added = "".join(reference("add", ("Task", f"task-{each}")) for each in ("c", "failed", "nobody"))
    missing = (await soap.call("ModifyListView", view, added)).all("returnval")
    assert [each.text for each in missing] == ["task-nobody"]
    removed = reference("remove", ("Task", "task-c")) + reference("remove", ("Task", "task-nobody"))
    await soap.call("ModifyListView", view, removed)
    assert _keys(await wait(soap, collector)) == ["task-failed", "TaskManager"]
    assert (await soap.call("DestroyView", view)).status == 200
    assert _keys(await wait(soap, collector)) == ["TaskManager"]


async def test_list_views_do_not_share_their_objects(soap: Soap) -> None:
    one, other = [await made(soap, "CreateListView", VIEWS) for _ in range(2)]
    await soap.call("ResetListView", one, reference("obj", MANAGER))
    for view, there in ((one, ["TaskManager"]), (other, [])):
        (value,) = (await soap.call("Fetch", view, "<prop>view</prop>")).all("returnval")
        assert [each.text for each in value] == there


async def test_what_is_no_list_view_is_not_changed(soap: Soap) -> None:
    others = [(kind, "list-0.W10=") for kind in ("TaskHistoryCollector", "PropertyFilter", "ListView:x")]
    for view in (("ListView", "list-x"), ("ContainerView", "view-x"), MANAGER, *others):
        heard = await soap.call("ResetListView", view, reference("obj", MANAGER))
        assert heard.fault[0] == "ManagedObjectNotFound"
    view = await made(soap, "CreateListView", VIEWS)
    many = "".join(reference("add", ("Folder", "group-d1")) for _ in range(1001))
    assert (await soap.call("ModifyListView", view, many)).status == 200  # the same one
    assert first_of((await soap.call("Fetch", view, "<prop>view</prop>")).body, "returnval") is not None


# canceling


async def test_a_task_that_has_not_started_is_canceled(soap: Soap) -> None:
    assert (await soap.call("CancelTask", ("Task", "task-queued"))).status == 200
    told = await _info(soap, "queued")
    assert (told["state"], told["cancelled"]) == ("error", "true")


@pytest.mark.parametrize(
    ("task", "fault"), [("done", "InvalidState"), ("fixed", "NotSupported"), ("nobody", "ManagedObjectNotFound")]
)
async def test_a_task_that_cannot_be_canceled_says_why(soap: Soap, task: str, fault: str) -> None:
    assert (await soap.call("CancelTask", ("Task", f"task-{task}"))).fault[0] == fault


async def _reader(soap: Soap, but: str) -> Soap:
    """A user who may read every library but one."""
    people = People(soap.app)
    await people.user(ROBIN)
    await people.permit(ROBIN, "Content user")
    await people.permit(ROBIN, "No access", but)
    caller = Soap(soap.app)
    caller.token = await people.login(ROBIN)
    return caller


async def test_nobody_sees_or_cancels_tasks_of_libraries_that_they_may_not_read(soap: Soap) -> None:
    library = await soap.app.library("secret")
    store = BACKEND.open_rows(soap.app.settings.data_dir / "contentlib.db")
    async with store.transaction(durable=False) as transaction:
        await transaction.tasks.add(replace(COPYING, id="s", target=TaskTarget("com.vmware.content.Library", library)))
    await store.close()
    stranger = await _reader(soap, library)
    assert ("Task", "task-s") in await _recent(soap)
    assert ("Task", "task-s") not in await _recent(stranger)
    assert (await stranger.call("Fetch", ("Task", "task-s"), "<prop>info</prop>")).fault[0] == "ManagedObjectNotFound"
    assert (await stranger.call("CancelTask", ("Task", "task-s"))).fault[0] == "ManagedObjectNotFound"
    assert (await soap.call("CancelTask", ("Task", "task-s"))).status == 200


# task collectors


async def collecting(soap: Soap, spec: str = "") -> Target:
    return await made(soap, "CreateCollectorForTasks", MANAGER, f"<filter>{spec}</filter>")


async def read(soap: Soap, method: str, collector: Target, most: int = 100) -> list[str]:
    heard = await soap.call(method, collector, f"<maxCount>{most}</maxCount>")
    return [str(first(each, "key").text).removeprefix("task-") for each in heard.all("returnval")]


async def latest(soap: Soap, collector: Target) -> list[str]:
    (page,) = (await soap.call("Fetch", collector, "<prop>latestPage</prop>")).all("returnval")
    return [str(first(each, "key").text).removeprefix("task-") for each in page]


ALL = ["old", "done", "failed", "c", "queued", "fixed"]


async def test_a_collector_is_read_from_the_oldest_task_on(soap: Soap) -> None:
    collector = await collecting(soap)
    pages = [await read(soap, "ReadNextTasks", collector, 4) for _ in range(3)]
    assert pages == [ALL[:4], ALL[4:], []]
    assert await read(soap, "ReadPreviousTasks", collector, 2) == ["fixed", "queued"]
    assert await read(soap, "ReadNextTasks", collector, 1) == ["queued"]


async def test_a_collector_is_set_to_the_newest_and_to_the_oldest_task(soap: Soap) -> None:
    collector = await collecting(soap)
    await soap.call("ResetCollector", collector)
    assert await read(soap, "ReadPreviousTasks", collector) == ALL[::-1]
    assert await read(soap, "ReadPreviousTasks", collector) == []
    await soap.call("ResetCollector", collector)
    await soap.call("RewindCollector", collector)
    assert await read(soap, "ReadNextTasks", collector) == ALL


async def test_the_latest_page_has_the_newest_tasks(soap: Soap) -> None:
    collector = await collecting(soap)
    assert await latest(soap, collector) == ALL
    await soap.call("SetCollectorPageSize", collector, "<maxCount>2</maxCount>")
    assert await latest(soap, collector) == ALL[-2:]


async def test_the_latest_page_is_watched(soap: Soap) -> None:
    collector = await collecting(soap)
    watching = await filtering(soap, properties("TaskHistoryCollector", "latestPage") + objects(collector))
    known = version(await wait(soap, watching))
    await soap.call("CancelTask", ("Task", "task-queued"))
    assert len((await wait(soap, watching, known)).all("TaskInfo")) == len(ALL)


@pytest.mark.parametrize(
    ("spec", "tasks"),
    [
        ("<state>success</state>", ["old", "done"]),
        ("<state>queued</state><state>error</state>", ["failed", "queued"]),
        ("<userName><systemUser>false</systemUser><userList>someone@vsphere.local</userList></userName>", ["fixed"]),
        ("<userName><systemUser>true</systemUser></userName>", []),
        ("<time><timeType>queuedTime</timeType><beginTime>2023-11-14T22:13:20Z</beginTime></time>", ALL[3:]),
        ("<time><timeType>completedTime</timeType><endTime>2023-11-14T23:04:20+01:00</endTime></time>", ["old", "done"]),
        ('<entity><entity type="Folder">group-d1</entity><recursion>all</recursion></entity>', ALL),
        ('<entity><entity type="Folder">group-d1</entity><recursion>self</recursion></entity>', []),
        ('<entity><entity type="Datastore">datastore-7</entity><recursion>all</recursion></entity>', []),
        ("<eventChainId>7</eventChainId>", []),
    ],
)
async def test_a_collector_has_what_its_filter_selects(soap: Soap, spec: str, tasks: list[str]) -> None:
    assert await read(soap, "ReadNextTasks", await collecting(soap, spec)) == tasks


@pytest.mark.parametrize(
    "spec",
    [
        "<state>asleep</state>",
        "<time><timeType>noon</timeType></time>",
        "<time><timeType>queuedTime</timeType><beginTime>noon</beginTime></time>",
        "<entity><recursion>all</recursion></entity>",
        "<userName><systemUser>false</systemUser>" + "<userList>x</userList>" * 65 + "</userName>",
    ],
)
async def test_a_malformed_filter_is_refused(soap: Soap, spec: str) -> None:
    assert (await soap.call("CreateCollectorForTasks", MANAGER, f"<filter>{spec}</filter>")).fault[0] == "InvalidArgument"


@pytest.mark.parametrize("count", ["0", "-1", "1001", "", "x", "1" * 20])
async def test_a_number_of_tasks_is_in_its_range(soap: Soap, count: str) -> None:
    heard = await soap.call("ReadNextTasks", await collecting(soap), f"<maxCount>{count}</maxCount>")
    assert heard.fault[0] == "InvalidArgument"


async def test_a_collector_belongs_to_its_session_and_is_destroyed(soap: Soap) -> None:
    collector, mine = await collecting(soap), soap.token
    soap.token = (await soap.app.login()).json()["value"]
    for method in ("ReadNextTasks", "ReadPreviousTasks", "SetCollectorPageSize"):
        assert (await soap.call(method, collector, "<maxCount>1</maxCount>")).fault[0] == "ManagedObjectNotFound"
    soap.token = mine
    assert (await soap.call("DestroyCollector", collector)).status == 200
    for method in ("RewindCollector", "ResetCollector", "DestroyCollector"):
        assert (await soap.call(method, collector)).fault[0] == "ManagedObjectNotFound"


async def test_a_session_has_not_too_many_objects(soap: Soap) -> None:
    """They are counted together; those of other sessions are not."""
    collectors = [await collecting(soap) for _ in range(60)]
    watching = await filtering(soap, *[properties("Folder", "name") + objects(("Folder", "group-d1"))] * 4)
    assert (await soap.call("CreateCollectorForTasks", MANAGER, "<filter/>")).fault[0] == "InvalidState"
    assert (await wait(soap, watching)).texts("filter")
    await soap.call("DestroyCollector", collectors[0])
    await collecting(soap)
    soap.token = (await soap.app.login()).json()["value"]
    await collecting(soap)
