"""Every state of what operations return, read in every form and decoded by the official SDK, which checks the unions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

import packages
from backends import BACKEND
from conformance.contract import ENUMERATIONS, OPERATIONS
from conformance.forms import Form, Heard
from conformance.servers import FORMS
from conformance.values import check
from contentlib.library.errors import Fault
from contentlib.library.model import Task, TaskStatus
from following import Follower, Shelf
from publisher import ALLOW, Publisher
from pulling import Pulling
from whole import KNOWN_TOKEN, NAME, START, HandClock, Whole, whole

CONTENT = "com.vmware.content"
ITEM = f"{CONTENT}.library.item"
LATER = START + 1000


@dataclass
class Case:
    """What is asked for, and what of the answer, or of one element of it, shows that the state is the one that is meant."""

    operation: str
    arguments: Mapping[str, Any]
    shows: Mapping[str, Any]


class Site:
    """An application with publishers that it may fetch from, and the ways to the states of what it keeps."""

    def __init__(self, app: Whole, clock: HandClock, publisher: Publisher, shelf: Shelf) -> None:
        self.app, self.clock, self.publisher, self.shelf = app, clock, publisher, shelf
        self.pulling = Pulling(app, clock, publisher)

    async def heard(self, form: Form, operation: str, arguments: Mapping[str, Any]) -> Heard:
        """The answer to a call, which the form decodes with the SDK."""
        declared = OPERATIONS[operation]
        sent = form.signed(form.request(declared, arguments), KNOWN_TOKEN)
        answer = await self.app.client.request(sent.method, sent.target, content=sent.content, headers=sent.headers)
        return form.answer(declared, answer)


@pytest.fixture
async def site(data_dir: Path, clock: HandClock, publisher: Publisher, shelf: Shelf) -> AsyncIterator[Site]:
    """An application that has tasks of all statuses, which no worker takes up."""
    store = BACKEND.open_rows(data_dir / "contentlib.db")
    async with store.transaction(durable=True) as transaction:
        for task in TASKS.values():
            await transaction.tasks.add(task)
    await store.close()
    async with whole(data_dir, clock, outbound_allow=ALLOW) as app:
        yield Site(app, clock, publisher, shelf)


# tasks


def task(name: str, status: TaskStatus, operation: str = f"{ITEM}.publish$task", **more: Any) -> Task:
    """A task as the server keeps it, of a kind that no worker knows."""
    service, _, called = operation.rpartition(".")
    said = Fault("sample", "a task")
    return Task(
        id=name,
        status=status,
        service=service,
        operation=called,
        kind="sample",
        user=NAME,
        arguments="{}",
        description=said,
        created=START,
        due=START,
        **more,
    )


FAULT = Fault("sample.failed", "it failed", ("7",), "not_found")
ENDED: dict[str, Any] = {"started": START, "ended": LATER}
OLD_RESULT = '{"changed":0,"fetched":1,"warnings":["x"]}'
TASKS = {
    each.id: each
    for each in (
        task("pending", TaskStatus.PENDING),
        task("let go", TaskStatus.PENDING, started=START, attempts=1, completed=5),
        task("running", TaskStatus.RUNNING, started=START, owner="a", until=LATER * 2),
        task("blocked", TaskStatus.BLOCKED, started=START, fault=FAULT),
        task("copied", TaskStatus.SUCCEEDED, f"{ITEM}.copy$task", result='"item-1"', **ENDED),
        task("published", TaskStatus.SUCCEEDED, **ENDED),
        task("synchronized", TaskStatus.SUCCEEDED, f"{CONTENT}.subscribed_library.sync", result=OLD_RESULT, **ENDED),
        task("unknown", TaskStatus.SUCCEEDED, "com.vmware.other.run", result=OLD_RESULT, **ENDED),
        task("of another kind", TaskStatus.SUCCEEDED, f"{ITEM}.copy$task", result=OLD_RESULT, **ENDED),
        task("failed", TaskStatus.FAILED, fault=FAULT, **ENDED),
        task("failed at once", TaskStatus.FAILED, fault=FAULT, ended=LATER),
        task("canceled", TaskStatus.PENDING),
    )
}
SERVICES = sorted({each.service for each in TASKS.values()})


def a_task(name: str, **shows: Any) -> Callable[[Site], Awaitable[list[Case]]]:
    """A task, by itself and in a list of all."""

    async def cases(site: Site) -> list[Case]:
        if name == "canceled":
            assert (await site.heard(FORMS[0], "com.vmware.cis.tasks.cancel", {"task": name})).error is None
        return [
            Case("com.vmware.cis.tasks.get", {"task": name}, shows),
            Case("com.vmware.cis.tasks.list", {"filter_spec": {"tasks": [name]}}, shows),
            Case("com.vmware.cis.tasks.list", {"filter_spec": {"services": SERVICES}}, shows),
        ]

    return cases


# files of update sessions

DISK = b"disk " * 1000


async def session(site: Site, **files: bytes) -> str:
    """A new session, of an item that has files."""
    item = await site.app.item()
    if files:
        await site.app.fill(item, **files)
    return await site.app.session(item)


def of_session(session_id: str, name: str | None, **shows: Any) -> list[Case]:
    """A file of an update session, in the list of them and by itself; and the session."""
    given = {"update_session_id": session_id}
    cases = [Case(f"{ITEM}.update_session.get", given, {"state": "ACTIVE"})]
    if name is not None:
        cases.append(Case(f"{ITEM}.updatesession.file.get", {**given, "file_name": name}, shows))
    return [*cases, Case(f"{ITEM}.updatesession.file.list", given, shows)]


def a_pushed_file(status: str) -> Callable[[Site], Awaitable[list[Case]]]:
    """A file that the client sends."""

    async def cases(site: Site) -> list[Case]:
        app, made = site.app, await session(site)
        checksum = {"checksum_info": {"algorithm": "MD5", "checksum": "0" * 32}} if status == "ERROR" else {}
        uri = (await app.add(made, "a.iso", size=5, **checksum))["upload_endpoint"]["uri"]
        if status == "TRANSFERRING":
            await app.client.put(uri, content=b"ab", headers={"content-range": "bytes 0-1/5"})
        elif status != "WAITING_FOR_TRANSFER":
            await app.client.put(uri, content=b"abcde")
        return of_session(made, "a.iso", status=status, source_type="PUSH", source_endpoint=None)

    return cases


def a_pulled_file(status: str) -> Callable[[Site], Awaitable[list[Case]]]:
    """A file that the server fetches."""

    async def cases(site: Site) -> list[Case]:
        site.publisher.files |= {"/a.iso": bytes(1 << 18)}
        if status == "ERROR":
            site.publisher.statuses["/a.iso"] = 404
        elif status == "TRANSFERRING":
            site.publisher.stops["/a.iso"] = 1 << 17
        made, _ = await site.pulling.pull("/a.iso")
        await site.pulling.until(lambda: site.pulling.files(made), lambda files: files["a.iso"]["status"] == status)
        return of_session(made, "a.iso", status=status, source_type="PULL", upload_endpoint=None)

    return cases


def an_unchanged_file(*, again: bool) -> Callable[[Site], Awaitable[list[Case]]]:
    """A file that stays as it is: by itself, or because the client says so."""

    async def cases(site: Site) -> list[Case]:
        made = await session(site, a_iso=b"a")
        if again:
            await site.app.add(made, "a.iso", source_type="NONE")
        return of_session(made, "a.iso", status="READY", source_type="NONE", upload_endpoint=None)

    return cases


async def a_file_without_a_source(site: Site) -> list[Case]:
    made = await session(site)
    await site.app.add(made, "a.iso", source_type="NONE")
    return of_session(made, "a.iso", status="WAITING_FOR_TRANSFER", source_type="NONE")


async def a_member_of_a_pushed_ova(site: Site) -> list[Case]:
    made = await session(site)
    assert (await site.app.push(made, "tiny.ova", packages.archive(packages.package(DISK)))).status_code == 200
    return of_session(made, "disk1.vmdk", status="READY", source_type="PUSH")


def a_member_of_a_pulled_ova(status: str) -> Callable[[Site], Awaitable[list[Case]]]:
    """A file that came out of an archive that the server fetches, whole or not yet."""

    async def cases(site: Site) -> list[Case]:
        site.publisher.files["/tiny.ova"] = packages.archive(packages.package(bytes(1 << 19)))
        if status == "TRANSFERRING":
            site.publisher.stops["/tiny.ova"] = 1 << 18
        made, _ = await site.pulling.pull("/tiny.ova")
        await site.pulling.until(
            lambda: site.pulling.files(made), lambda files: files.get("disk1.vmdk", {}).get("status") == status
        )
        return of_session(made, "disk1.vmdk", status=status, source_type="PULL", upload_endpoint=None)

    return cases


async def a_referenced_file_of_a_pulled_descriptor(site: Site) -> list[Case]:
    site.publisher.files |= {f"/{name}": content for name, content in packages.package(DISK).items()}
    made, _ = await site.pulling.pull("/tiny.ovf")
    await site.pulling.settled(made)
    return of_session(made, "disk1.vmdk", status="READY", source_type="PULL")


# sessions


def an_ended_update_session(state: str) -> Callable[[Site], Awaitable[list[Case]]]:
    """An update session that is over."""
    action = {"DONE": "complete", "CANCELED": "cancel", "ERROR": "fail"}[state]

    async def cases(site: Site) -> list[Case]:
        made = await session(site)
        assert (await site.app.push(made, "a.iso", b"a")).status_code == 200
        said = {"client_error_message": "no"} if state == "ERROR" else None
        await site.app.rest("POST", f"/library/item/update-session/id:{made}?~action={action}", said)
        shows = {"state": state, "preview_info": None, "error_message": ... if state == "ERROR" else None}
        return [Case(f"{ITEM}.update_session.get", {"update_session_id": made}, shows)]

    return cases


async def an_expired_update_session(site: Site) -> list[Case]:
    made = await session(site)
    site.clock.pass_seconds(600)
    return [Case(f"{ITEM}.update_session.get", {"update_session_id": made}, {"state": "CANCELED", "preview_info": None})]


def a_preview(state: str) -> Callable[[Site], Awaitable[list[Case]]]:
    """The preview of a session with a package that is there, or comes."""

    async def cases(site: Site) -> list[Case]:
        made = await session(site)
        if state == "PREPARING":
            await site.app.add(made, "tiny.ova")
        else:
            for name, content in packages.package(DISK).items():
                assert (await site.app.push(made, name, content)).status_code == 200
        found = await site.pulling.state(made)
        assert found["preview_info"]["state"] == state
        return of_session(made, None)

    return cases


def a_downloaded_file(status: str) -> Callable[[Site], Awaitable[list[Case]]]:
    """A file of a download session."""

    async def cases(site: Site) -> list[Case]:
        item = await site.app.item()
        await site.app.fill(item, a_iso=b"a")
        if status == "ERROR":
            direct = await site.app.prepare(await site.app.download_session(item), "a.iso", endpoint_type="DIRECT")
            Path(url2pathname(urlsplit(direct["download_endpoint"]["uri"]).path)).unlink()
        made = await site.app.download_session(item)
        if status != "UNPREPARED":
            await site.app.prepare(made, "a.iso")
        return of_download(made, "a.iso", status)

    return cases


def of_download(session_id: str, name: str, status: str) -> list[Case]:
    """A file of a download session, in the list of them and by itself; and the session."""
    given, shows = {"download_session_id": session_id}, {"status": status, "name": name}
    return [
        Case(f"{ITEM}.download_session.get", given, {"state": "ACTIVE"}),
        Case(f"{ITEM}.downloadsession.file.get", {**given, "file_name": name}, shows),
        Case(f"{ITEM}.downloadsession.file.list", given, shows),
    ]


async def a_file_that_is_fetched_to_be_read(site: Site) -> list[Case]:
    follower = await Follower.new(site.app, site.clock, site.shelf.url, on_demand=True)
    await follower.synced()
    site.shelf.publisher.stops["/item2/c.iso"] = 0
    made = await site.app.download_session((await follower.items())["two"]["id"])
    await site.app.prepare(made, "c.iso")

    async def files() -> Any:
        return await site.app.rest("GET", f"/library/item/downloadsession/file?download_session_id={made}")

    await site.pulling.until(files, lambda found: found[0]["status"] == "PREPARING")
    return of_download(made, "c.iso", "PREPARING")


def an_ended_download_session(action: str, state: str) -> Callable[[Site], Awaitable[list[Case]]]:
    """A download session that is over."""

    async def cases(site: Site) -> list[Case]:
        item = await site.app.item()
        await site.app.fill(item, a_iso=b"a")
        made = await site.app.download_session(item)
        said = {"client_error_message": "no"} if action == "fail" else None
        await site.app.rest("POST", f"/library/item/download-session/id:{made}?~action={action}", said)
        return [Case(f"{ITEM}.download_session.get", {"download_session_id": made}, {"state": state})]

    return cases


# libraries, their backings and subscriptions

PUBLISHED = {"published": True, "authentication_method": "NONE"}
BASIC = {"published": True, "authentication_method": "BASIC", "password": "secret"}
NEW = {"name": "copy", "automatic_sync_enabled": False, "on_demand": False, "storage_backings": []}


def a_local_library(shows: Mapping[str, Any], **spec: Any) -> Callable[[Site], Awaitable[list[Case]]]:
    """A local library, by both services that tell of it."""

    async def cases(site: Site) -> list[Case]:
        given = {"library_id": await site.app.library(**spec)}
        return [Case(f"{CONTENT}.{service}.get", given, shows) for service in ("library", "local_library")]

    return cases


def of_subscribed(library: str, **shows: Any) -> list[Case]:
    """A subscribed library, by both services that tell of it."""
    given = {"library_id": library}
    return [Case(f"{CONTENT}.{service}.get", given, shows) for service in ("library", "subscribed_library")]


def a_subscribed_library(**spec: Any) -> Callable[[Site], Awaitable[list[Case]]]:
    """A library that follows a publisher; synchronized, with its items and files."""

    async def cases(site: Site) -> list[Case]:
        follower = await Follower.new(site.app, site.clock, site.shelf.url, **spec)
        await follower.synced()
        items = await follower.items()
        cached = not spec.get("on_demand")
        given = {"library_item_id": items["one"]["id"]}
        return [
            *of_subscribed(follower.library, type="SUBSCRIBED", last_sync_time=...),
            Case(f"{ITEM}.get", given, {"cached": cached}),
            Case(f"{ITEM}.file.list", given, {"cached": cached}),
            Case(f"{ITEM}.storage.list", given, {"cached": cached}),
        ]

    return cases


async def a_library_whose_sync_failed(site: Site) -> list[Case]:
    follower = await Follower.new(site.app, site.clock, site.shelf.url)
    await follower.synced()
    site.shelf.publisher.statuses["/lib.json"] = 404
    assert (await follower.sync())["status"] == "FAILED"
    found = await follower.get()
    assert found["state_info"]["message"]
    return of_subscribed(follower.library, type="SUBSCRIBED")


async def a_library_in_maintenance(site: Site) -> list[Case]:
    library = await site.app.library()
    await site.app.rest("POST", f"/library/id:{library}?~action=enter-maintenance")
    return [Case(f"{CONTENT}.library.get", {"library_id": library}, {"state_info": {"message": ..., "state": "MAINTENANCE"}})]


def a_subscription(location: str, target: str) -> Callable[[Site], Awaitable[list[Case]]]:
    """A subscription of a published library, and the library at its other end."""

    async def cases(site: Site) -> list[Case]:
        app = site.app
        library = await app.library(publish_info=PUBLISHED)
        spec: dict[str, Any] = {"location": location, "target": target, "new_subscribed_library": NEW}
        if location == "REMOTE":
            spec |= {"vcenter": {"hostname": "vc.example"}}
        if target == "USE_EXISTING":
            spec = {**spec, "subscribed_library": "theirs", "new_subscribed_library": None}
            if location == "LOCAL":
                url = (await app.rest("GET", f"/library/id:{library}"))["publish_info"]["publish_url"]
                spec["subscribed_library"] = (await Follower.new(app, site.clock, url)).library
        answer = await app.send("POST", f"/api/content/library/{library}/subscriptions", {"subscribed_library": spec})
        assert answer.status_code == 201, answer.text
        given = {"library": library, "subscription": answer.json()}
        shows = {"subscribed_library_location": location}
        cases = [
            Case(f"{CONTENT}.library.subscriptions.get", given, shows),
            Case(f"{CONTENT}.library.subscriptions.list", {"library": library}, {"subscription": answer.json()}),
        ]
        if location == "LOCAL":
            info = await app.send("GET", f"/api/content/library/{library}/subscriptions/{answer.json()}")
            cases += of_subscribed(info.json()["subscribed_library"], type="SUBSCRIBED")
        return cases

    return cases


STATES: dict[str, Callable[[Site], Awaitable[list[Case]]]] = {
    "task: PENDING": a_task("pending", status="PENDING", progress=None, start_time=None),
    "task: PENDING again": a_task("let go", status="PENDING", progress=None, start_time=None),
    "task: RUNNING": a_task("running", status="RUNNING", progress=..., start_time=..., end_time=None),
    "task: BLOCKED": a_task("blocked", status="BLOCKED", progress=..., start_time=..., error=None),
    "task: SUCCEEDED with a result": a_task("copied", status="SUCCEEDED", result="item-1", error=None),
    "task: SUCCEEDED without a result": a_task("published", status="SUCCEEDED", result=None),
    "task: SUCCEEDED, kept by an earlier version": a_task("synchronized", status="SUCCEEDED", result=None),
    "task: SUCCEEDED, of an operation that is gone": a_task("unknown", status="SUCCEEDED", result=None),
    "task: SUCCEEDED with a result of another type": a_task("of another kind", status="SUCCEEDED", result=None),
    "task: FAILED": a_task("failed", status="FAILED", error=..., result=None),
    "task: FAILED before it ran": a_task("failed at once", status="FAILED", start_time=..., end_time=...),
    "task: canceled before it ran": a_task("canceled", status="FAILED", error=..., start_time=..., end_time=...),
    **{
        f"pushed file: {status}": a_pushed_file(status) for status in ("WAITING_FOR_TRANSFER", "TRANSFERRING", "READY", "ERROR")
    },
    **{f"pulled file: {status}": a_pulled_file(status) for status in ("TRANSFERRING", "READY", "ERROR")},
    "unchanged file": an_unchanged_file(again=False),
    "unchanged file, added": an_unchanged_file(again=True),
    "file without a source": a_file_without_a_source,
    "member of a pushed OVA": a_member_of_a_pushed_ova,
    "member of a pulled OVA: TRANSFERRING": a_member_of_a_pulled_ova("TRANSFERRING"),
    "member of a pulled OVA: READY": a_member_of_a_pulled_ova("READY"),
    "file that a pulled descriptor names": a_referenced_file_of_a_pulled_descriptor,
    **{f"update session: {state}": an_ended_update_session(state) for state in ("DONE", "CANCELED", "ERROR")},
    "update session: expired": an_expired_update_session,
    "preview: AVAILABLE": a_preview("AVAILABLE"),
    "preview: PREPARING": a_preview("PREPARING"),
    **{f"file to read: {status}": a_downloaded_file(status) for status in ("UNPREPARED", "PREPARED", "ERROR")},
    "file to read: PREPARING": a_file_that_is_fetched_to_be_read,
    "download session: CANCELED": an_ended_download_session("cancel", "CANCELED"),
    "download session: ERROR": an_ended_download_session("fail", "ERROR"),
    "library: not published": a_local_library({"type": "LOCAL"}),
    "library: published": a_local_library({"publish_info": ...}, publish_info=PUBLISHED),
    "library: published with a password": a_local_library({"publish_info": ...}, publish_info=BASIC),
    "library: with a backing": a_local_library(
        {"storage_backings": [{"datastore_id": "datastore-1", "type": "DATASTORE"}]},
        storage_backings=[{"datastore_id": "datastore-1"}],
    ),
    "library: in maintenance": a_library_in_maintenance,
    "library: subscribed": a_subscribed_library(),
    "library: subscribed on demand": a_subscribed_library(on_demand=True),
    "library: sync failed": a_library_whose_sync_failed,
    "subscription: LOCAL, CREATE_NEW": a_subscription("LOCAL", "CREATE_NEW"),
    "subscription: LOCAL, USE_EXISTING": a_subscription("LOCAL", "USE_EXISTING"),
    "subscription: REMOTE, USE_EXISTING": a_subscription("REMOTE", "USE_EXISTING"),
}
"""The states, and a way to each."""

NOT_REACHED = {
    "VALIDATING": "a file is READY, or in ERROR, with its last byte",
    "NOT_APPLICABLE": "a session has a preview, which is AVAILABLE without anything to warn of",
    "UNAVAILABLE": "as NOT_APPLICABLE",
    "PREPARE_REQUESTED": "a worker takes the task up at once",
}
"""Values of states that no answer holds for longer than a moment, and why."""


@pytest.mark.parametrize("state", STATES)
async def test_a_state_is_read_in_every_form(site: Site, state: str) -> None:
    for case in await STATES[state](site):
        for form in FORMS:
            heard = await site.heard(form, case.operation, case.arguments)
            assert heard.error is None, heard
            check(heard.result, OPERATIONS[case.operation].output)
            assert any(_shows(each, case.shows) for each in _things(heard.result)), (case, heard)
    site.publisher.release()
    site.shelf.publisher.release()
    await asyncio.sleep(0)


def _things(result: Any) -> list[Any]:
    """The structure that an operation answers, or those in a list or map of it."""
    if isinstance(result, list):
        return [each[1] if isinstance(each, tuple) else each for each in result]
    return [result]


def _shows(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether fields are as wanted: None is one that is not there, an ellipsis one that is."""
    return all(
        (name in found) is (value is not None)
        if value is None or value is ...
        else _shows(found.get(name, {}), value)
        if isinstance(value, dict)
        else found.get(name) == value
        for name, value in wanted.items()
    )


def test_every_value_of_a_state_is_reached_or_explained() -> None:
    kinds = {
        "com.vmware.cis.task.status": "task: ",
        f"{ITEM}.transfer_status": "file: ",
        f"{ITEM}.update_session_model.state": "session: ",
        f"{ITEM}.updatesession.preview_info.state": "preview: ",
        f"{ITEM}.downloadsession.file.prepare_status": "file to read: ",
        f"{ITEM}.download_session_model.state": "download session: ",
        f"{CONTENT}.library.subscriptions.location": "subscription: ",
    }
    reached = {*STATES, "update session: ACTIVE", "download session: ACTIVE"}
    for enumeration, kind in kinds.items():
        for value in ENUMERATIONS[enumeration]:
            assert value in NOT_REACHED or any(f"{kind}{value}" in each for each in reached), (enumeration, value)
