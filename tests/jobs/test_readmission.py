"""Tests that an attempt of a task changes nothing once it is not its own any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from contentlib.jobs.readmission import readmitted
from contentlib.jobs.worker import Progress
from contentlib.library.errors import Fault, Superseded
from contentlib.library.model import Submitter, Task
from contentlib.library.ports import Transaction
from contentlib.library.write_checks import CheckedStore
from contentlib.metadata.sqlite import SqliteMetadata
from contracts import made
from databases import new_database

_TASK = Task(
    id="t",
    kind="work",
    service="s",
    operation="o",
    description=Fault("d", "does it"),
    user="ann",
    arguments="{}",
    created=0,
    due=0,
)


class Anyone:
    """Everyone may do everything."""

    async def readmit(self, asked: Submitter) -> None:
        """Returns."""

    async def recheck(self, asked: Submitter, transaction: Transaction) -> None:
        """Returns."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[CheckedStore]:
    checked = CheckedStore(SqliteMetadata(new_database(tmp_path / "contentlib.db")))
    yield checked
    await checked.close()


@pytest.mark.parametrize("submitter", [None, Submitter("ann")])
async def test_a_process_that_stood_still_changes_nothing_after_another_one_has_begun_its_task(
    store: CheckedStore, submitter: Submitter | None
) -> None:
    async with store.transaction(durable=True) as transaction:
        await transaction.tasks.add(replace(_TASK, submitter=submitter))
        held = await transaction.tasks.claim(["work"], "here", 1, 2)
    assert held is not None

    async def late(task: Task, progress: Progress) -> str | None:
        await made.put_state(store, "before", "1")
        async with store.transaction(durable=True) as transaction:
            await transaction.tasks.claim(["work"], "there", 3, 4)
        await made.put_state(store, "after", "1")
        return None

    with pytest.raises(Superseded, match="another process of the server has begun task t again"):
        await readmitted(Anyone(), late)(held, Progress(held))
    async with store.reading() as transaction:
        assert (await transaction.state.get("before"), await transaction.state.get("after")) == ("1", None)
    await made.put_state(store, "after", "2")  # what follows is not of the task
