"""The rules by which libraries keep versions, through the whole application."""

from __future__ import annotations

from pathlib import Path

import pytest

from whole import HandClock, Whole, copied, told, whole

RETENTION = "/api/contentlib/library/{}/retention"
WEEK = 604800


async def test_a_library_has_the_rule_of_the_settings_until_it_is_given_its_own(app: Whole) -> None:
    path = RETENTION.format(await app.library())
    assert (await app.send("GET", path)).json() == {"own": False, "versions": 3, "trash_seconds": WEEK}
    assert (await app.send("PUT", path, {"versions": 10, "seconds": 86400})).status_code == 204
    assert (await app.send("GET", path)).json() == {"own": True, "versions": 10, "seconds": 86400, "trash_seconds": WEEK}
    assert (await app.send("PUT", path, {})).status_code == 204
    assert (await app.send("GET", path)).json() == {"own": True, "trash_seconds": WEEK}
    assert (await app.send("DELETE", path)).status_code == 204
    assert (await app.send("GET", path)).json() == {"own": False, "versions": 3, "trash_seconds": WEEK}


async def test_a_rule_changes_no_counter_of_the_library(app: Whole) -> None:
    library = await app.library()
    before = await app.rest("GET", f"/library/id:{library}")
    path = f"/rest/contentlib/library/retention/id:{library}?~action=set"
    assert (await app.send("POST", path, {"spec": {"versions": 1}})).status_code == 200
    assert await app.rest("GET", f"/library/id:{library}") == before


async def test_the_settings_say_an_age_too(template: Path, tmp_path: Path, clock: HandClock) -> None:
    async with whole(
        copied(template, tmp_path / "data"), clock, versions_kept=7, versions_kept_seconds=60, trash_seconds=0
    ) as app:
        answer = await app.send("GET", RETENTION.format(await app.library()))
        assert answer.json() == {"own": False, "versions": 7, "seconds": 60, "trash_seconds": 0}


@pytest.mark.parametrize("name", ["versions", "seconds"])
async def test_a_rule_that_keeps_nothing_is_refused(app: Whole, name: str) -> None:
    refused = told(await app.send("PUT", RETENTION.format(await app.library()), {name: 0}))
    assert refused == (400, "INVALID_ARGUMENT", f"spec.{name} must be at least 1, not 0")


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("PUT", {}), ("DELETE", None)])
async def test_a_library_that_is_not_there_has_no_rule(app: Whole, method: str, body: object) -> None:
    refused = told(await app.send(method, RETENTION.format("nothing"), body))
    assert refused == (404, "NOT_FOUND", "library 'nothing' does not exist")
