"""Operations that are called as tasks, through the whole application."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from backends import stored
from processes import PATIENCE_SECONDS
from whole import HandClock, Whole, copied, told, whole

ITEM = "/api/content/library/item"
REST = "/rest/com/vmware/content/library/item"
XML = "http://vmware.com/content/library/item"


async def ended(app: Whole, task: str) -> dict[str, Any]:
    """What is told of a task when it has ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            info: dict[str, Any] = (await app.send("GET", f"/api/cis/tasks/{task}")).json()
            if info["status"] in ("SUCCEEDED", "FAILED"):
                return info
            await asyncio.sleep(0.01)


async def filled(app: Whole) -> str:
    item = await app.item()
    await app.fill(item, a_iso=b"one")
    return item


async def spec(app: Whole, item: str, **more: str) -> dict[str, str]:
    model = await app.rest("GET", f"/library/item/id:{item}")
    return {"library_id": model["library_id"], "name": "copy", **more}


async def test_a_copy_as_a_task_is_answered_with_the_task_and_done_without_the_caller(app: Whole) -> None:
    item = await filled(app)
    answer = await app.send("POST", f"{ITEM}/{item}?action=copy&vmw-task=true", await spec(app, item))
    assert answer.status_code == 202
    info = await ended(app, answer.json())
    assert {name: info[name] for name in ("status", "service", "operation", "user", "cancelable", "target")} == {
        "status": "SUCCEEDED",
        "service": "com.vmware.content.library.item",
        "operation": "copy$task",
        "user": "administrator@vsphere.local",
        "cancelable": True,
        "target": {"id": item, "type": "com.vmware.content.library.Item"},
    }
    assert info["progress"]["completed"] == info["progress"]["total"]
    assert await app.content(info["result"]) == {"a.iso": b"one"}
    listed = await app.send("GET", "/api/cis/tasks?services=com.vmware.content.library.item&operations=copy$task")
    assert list(listed.json()) == [answer.json()]


async def test_a_task_is_answered_in_every_form(app: Whole) -> None:
    item = await filled(app)
    library = (await spec(app, item))["library_id"]

    def named(name: str) -> dict[str, Any]:
        return {"destination_create_spec": {"library_id": library, "name": name}}

    path = f"{REST}/id:{item}?~action=copy&vmw-task=true"
    tasks = [(await app.send("POST", path, named("json"))).json()["value"]]
    query = f"&destination_create_spec.library_id={library}&destination_create_spec.name=query"
    tasks.append((await app.send("POST", path + query)).json()["value"])
    body = (
        f'<n:Copy-Input xmlns:n="{XML}"><destination_create_spec><library_id>{library}</library_id>'
        "<name>xml</name></destination_create_spec></n:Copy-Input>"
    )
    kinds = {"content-type": "application/xml", "accept": "application/xml"}
    answer = await app.send("POST", path, body.encode(), kinds)
    assert (answer.status_code, b"Copy" in answer.content) == (200, True)
    tasks.append(answer.text.partition("<value>")[2].partition("</value>")[0])
    tasks.append((await invoked(app, "copy$task", {"source_library_item_id": item, **named("rpc")}))["output"])
    results = [(await ended(app, task))["result"] for task in tasks]
    names = [(await app.rest("GET", f"/library/item/id:{each}"))["name"] for each in results]
    assert names == ["json", "query", "xml", "rpc"]


async def invoked(app: Whole, operation: str, arguments: Mapping[str, object]) -> dict[str, Any]:
    """The result of a call in JSON-RPC."""
    params = {
        "serviceId": "com.vmware.content.library.item",
        "operationId": operation,
        "ctx": {},
        "input": {"STRUCTURE": {"operation-input": arguments}},
    }
    answer = await app.send("POST", "/api", {"jsonrpc": "2.0", "id": "1", "method": "invoke", "params": params})
    found: dict[str, Any] = answer.json()["result"]
    return found


async def test_what_is_wrong_with_the_arguments_is_told_at_once_and_makes_no_task(app: Whole) -> None:
    item = await filled(app)
    right = await spec(app, item)
    cases: list[tuple[str, object, tuple[int, str]]] = [
        (item, {"name": "copy"}, (400, "INVALID_ARGUMENT")),
        (item, {**right, "name": ""}, (400, "INVALID_ARGUMENT")),
        (item, {**right, "name": "tiny"}, (400, "INVALID_ARGUMENT")),
        (item, {**right, "size": "many"}, (400, "INVALID_ARGUMENT")),
        ("nothing", right, (404, "NOT_FOUND")),
        (item, {**right, "library_id": "nothing"}, (404, "NOT_FOUND")),
    ]
    for source, body, expected in cases:
        answer = await app.send("POST", f"{ITEM}/{source}?action=copy&vmw-task=true", body)
        assert told(answer)[:2] == expected, body
    login = {"vmware-api-session-id": "nobody"}
    answer = await app.send("POST", f"{ITEM}/{item}?action=copy&vmw-task=true", right, login)
    assert told(answer)[:2] == (401, "UNAUTHENTICATED")
    assert await app.tasks() == {}


async def test_what_is_no_task_and_no_wish_for_one_is_refused(app: Whole) -> None:
    item = await filled(app)
    refused = told(await app.send("GET", f"{ITEM}/{item}?vmw-task=true"))
    assert refused == (404, "OPERATION_NOT_FOUND", "com.vmware.content.library.item.get cannot run as a task")
    answer = await app.send("POST", f"{ITEM}/{item}?action=copy&vmw-task=no", await spec(app, item))
    assert told(answer) == (400, "INVALID_REQUEST", "vmw-task must be true, not 'no'")
    refusal = await invoked(app, "get$task", {"library_item_id": item})
    assert "com.vmware.vapi.std.errors.operation_not_found" in refusal["error"]["ERROR"]


async def test_a_task_that_fails_has_the_error_that_a_call_would_have(app: Whole) -> None:
    item = await filled(app)
    for blob in stored(app.settings):
        blob.remove()
    answer = await app.send("POST", f"{ITEM}/{item}?action=copy&vmw-task=true", await spec(app, item))
    info = await ended(app, answer.json())
    assert (info["status"], info["error"]["error_type"]) == ("FAILED", "RESOURCE_INACCESSIBLE")
    assert info["error"]["messages"][0]["default_message"].startswith("content of file 'a.iso' is missing")


async def test_a_version_is_made_current_by_a_task(app: Whole) -> None:
    item = await filled(app)
    await app.fill(item, a_iso=b"two")
    path = f"/api/contentlib/library/item/{item}/versions"
    answer = await app.send("POST", f"{path}/2?action=make-current&vmw-task=true")
    assert (await ended(app, answer.json()))["result"] == "4"
    assert await app.content(item) == {"a.iso": b"one"}
    refused = told(await app.send("POST", f"{path}/4?action=make-current&vmw-task=true"))
    assert refused[:2] == (400, "ALREADY_IN_DESIRED_STATE")


@pytest.mark.embedded
@pytest.mark.parametrize("operation", ["copy", "make_current"])
async def test_an_operation_that_is_performed_again_after_a_kill_has_its_effect_once(
    template: Path, tmp_path: Path, clock: HandClock, operation: str
) -> None:
    data = copied(template, tmp_path / "data")
    async with whole(data, clock) as app:
        item = await filled(app)
        await app.fill(item, a_iso=b"two")
        path = f"/api/contentlib/library/item/{item}/versions/2?action=make-current&vmw-task=true"
        if operation == "copy":
            path = f"{ITEM}/{item}?action=copy&vmw-task=true"
        answer = await app.send("POST", path, await spec(app, item) if operation == "copy" else None)
        first = await ended(app, answer.json())
    with sqlite3.connect(data / "contentlib.db") as database:  # as if the worker was killed before it noted the end
        database.execute("UPDATE tasks SET status = 'RUNNING', ended = NULL, result = NULL, owner = 'gone', until = 0")
    database.close()
    async with whole(data, clock) as app:
        second = await ended(app, answer.json())
        assert (second["status"], second["result"]) == ("SUCCEEDED", first["result"])
        library = (await spec(app, item))["library_id"]
        assert len(await app.rest("GET", f"/library/item?library_id={library}")) == (2 if operation == "copy" else 1)
        assert len((await app.send("GET", f"/api/contentlib/library/item/{item}/versions")).json()) == (
            2 if operation == "copy" else 3
        )
