"""The tasks service: what a list must name, and how much of a task is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backends import BACKEND
from contentlib.library.errors import Fault
from contentlib.library.model import Task, TaskStatus
from whole import NAME, START, HandClock, Whole, told, whole

SERVICE = "com.vmware.content.library.item"
LIST = "/api/cis/tasks"


def copied(n: int) -> Task:
    """A task that has copied an item."""
    return Task(
        id=f"task-{n}",
        status=TaskStatus.SUCCEEDED,
        service=SERVICE,
        operation="copy$task",
        kind="sample",
        user=NAME,
        arguments="{}",
        description=Fault("sample", "a task"),
        created=START,
        started=START,
        ended=START,
        due=START,
        result='"item-1"',
    )


@asynccontextmanager
async def having(directory: Path, count: int) -> AsyncIterator[Whole]:
    """An application that has tasks."""
    store = BACKEND.open_rows(directory / "contentlib.db")
    async with store.transaction(durable=False) as transaction:
        for n in range(count):
            await transaction.tasks.add(copied(n))
    await store.close()
    async with whole(directory, HandClock()) as app:
        yield app


@pytest.mark.parametrize("query", ["", "?status=FAILED", "?operations=copy$task", f"?users={NAME}"])
async def test_a_list_names_tasks_or_services(app: Whole, query: str) -> None:
    status, kind, said = told(await app.send("GET", LIST + query))
    assert (status, kind, said) == (400, "INVALID_ARGUMENT", "filter_spec must name tasks or services")


@pytest.mark.parametrize("body", [{}, {"filter_spec": {}}, {"filter_spec": {"tasks": [], "services": []}}])
async def test_an_empty_filter_names_nothing(app: Whole, body: Any) -> None:
    answer = await app.send("POST", "/rest/com/vmware/cis/tasks?~action=list", body)
    assert told(answer)[:2] == (400, "INVALID_ARGUMENT")


async def test_a_filter_that_too_many_tasks_match_is_refused(data_dir: Path) -> None:
    async with having(data_dir, 1001) as app:
        status, kind, said = told(await app.send("GET", f"{LIST}?services={SERVICE}"))
        assert (status, kind) == (500, "RESOURCE_INACCESSIBLE")
        assert said == "1001 tasks match the filter, the limit is 1000; narrow the filter"
        some = "&".join(f"tasks=task-{n}" for n in range(1000))
        assert len((await app.send("GET", f"{LIST}?{some}")).json()) == 1000


async def test_a_result_is_left_out_where_that_is_wanted(data_dir: Path) -> None:
    async with having(data_dir, 1) as app:
        for query, result in (("", "item-1"), ("?exclude_result=false", "item-1"), ("?exclude_result=true", None)):
            assert (await app.send("GET", f"{LIST}/task-0{query}")).json().get("result") == result
