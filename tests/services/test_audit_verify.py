"""Tests the verification of the audit log through the whole application."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from access.people import People
from contentlib.access import audit_log
from whole import Whole

VERIFY = "/audit?action=verify"


@pytest.fixture
def people(app: Whole) -> People:
    return People(app)


async def verified(people: People, **body: object) -> dict[str, Any]:
    return dict(await people.done("POST", VERIFY, body))


async def test_a_chain_is_verified_up_to_its_head(people: People) -> None:
    await people.app.library("Images")
    found = await verified(people)
    assert (found["complete"], found["head"]) == (True, await people.done("GET", "/audit/head"))
    assert found["count"] == found["head"]["sequence"] and "broken" not in found


async def test_a_long_chain_is_verified_by_parts(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "VERIFIED", 2)
    monkeypatch.setattr(audit_log, "_PAGE", 1)
    for name in ("one", "two", "three", "four"):
        await people.app.library(name)
    found = await verified(people)
    assert (found["complete"], found["count"]) == (False, 2)
    while not found["complete"]:
        before = found["head"]["sequence"]
        found = await verified(people, start=found["head"])
        assert "broken" not in found and before <= found["head"]["sequence"] <= before + 2
    assert found["head"] == await people.done("GET", "/audit/head")


async def test_a_head_that_was_kept_is_led_to(people: People) -> None:
    await people.app.library("one")
    kept = await people.done("GET", "/audit/head")
    await people.app.library("two")
    assert (await verified(people, kept=kept))["complete"]
    found = await verified(people, kept={**kept, "hash": "0" * 64})
    assert (found["complete"], found["broken"]) == (False, kept["sequence"])
    gone = await verified(people, kept={**kept, "sequence": kept["sequence"] + 1000})
    assert gone["broken"] > kept["sequence"] and "was removed" in gone["problem"]


@pytest.mark.embedded
async def test_a_changed_entry_is_found(people: People, data_dir: Path) -> None:
    await people.app.library("one")
    number = (await people.done("GET", "/audit/head"))["sequence"]
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as database, database:
        database.execute("UPDATE audit SET content = replace(content, 'one', 'two') WHERE sequence = ?", (number,))
    found = await verified(people)
    assert (found["complete"], found["broken"]) == (False, number)
    assert f"entry {number}: was changed" in found["problem"]


async def test_only_auditors_of_everything_verify(people: People) -> None:
    made = await people.user("reader@vsphere.local")
    await people.permit(made, "Content user", await people.app.library("Images"))
    _, secret = await people.token(made)
    assert (await people.ask("POST", VERIFY, {}, token=secret)).status_code == 403
