"""The first start on the data directory of an earlier version keeps everything that was in it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from access.people import People
from contentlib import app as application
from services.test_operations_as_tasks import ended
from whole import NAME, PASSWORD, TOKEN, HandClock, Whole, settings_on, whole

BEFORE = Path(__file__).parent / "data" / "schema_0010"
LEFT = 1_795_900_715_000  # shortly after the last call to the server of that version
SESSION = "0c22f521e70ed5e0b2c8f5c089c5ed373b6b92a49cb049542a6aa0ba52f4eb2d"
PUBLISHED, PLAIN = "751e51f5-f7bf-48ee-a554-2631c159f50f", "fd5acc6f-2e18-43d4-bec1-ee9bf1733793"
SUBSCRIBED = "7bb30737-87f8-43a9-8302-d5e1f1de150c"
ITEM, DELETED = "51a545a0-1092-4a02-bfc5-bec924ad54df", "5c443875-586b-47d8-9a43-b3e83f2d3a4a"
OPEN_ITEM, OPEN_SESSION = "ddcd07cd-720c-4171-857c-f8d7a50bb5de", "b270635b-240c-42de-9f69-d865496d6b52"
DOWNLOAD = "01a22406-2921-75da-a45e-2fc7bff8c2fc"


def _left_behind(directory: Path) -> Path:
    """The data directory, as that version left it."""
    shutil.copytree(BEFORE, directory, ignore=shutil.ignore_patterns("*.sql", "*.md"))
    (directory / "storage" / "staging").mkdir(exist_ok=True)
    with closing(sqlite3.connect(directory / "contentlib.db")) as database:
        database.executescript((BEFORE / "contentlib.sql").read_text("utf-8"))
    return directory


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory after a start of this version."""
    directory = _left_behind(tmp_path_factory.mktemp("upgraded") / "data")
    application.prepare(settings_on(directory))
    return directory


@pytest.fixture
async def app(upgraded: Path, tmp_path: Path) -> AsyncIterator[Whole]:
    """A server of this version on a copy, whose client has the login session of before."""
    async with whole(shutil.copytree(upgraded, tmp_path / "data"), HandClock(LEFT)) as running:
        running.client.headers[TOKEN] = SESSION
        yield running


async def test_the_administrator_keeps_the_session_the_password_and_every_right(app: Whole) -> None:
    session = await app.send("GET", "/api/session")
    assert (session.status_code, session.json()["user"]) == (200, NAME)
    assert (await app.login(NAME, PASSWORD)).status_code == 200
    people = People(app)
    await people.done("POST", "/users", {"name": "robin"})
    assert (await people.done("GET", "/self"))["user"] == NAME
    await people.permit("robin@vsphere.local", "Administrator")
    await people.done("DELETE", "/users/robin@vsphere.local")
    assert (await people.ask("DELETE", f"/users/{NAME}")).status_code == 400


async def test_libraries_items_versions_and_content_are_there(app: Whole) -> None:
    assert (await app.send("GET", "/api/content/library")).json() == [PUBLISHED, PLAIN, SUBSCRIBED]
    assert await app.content(ITEM) == {"a.iso": b"second"}
    versions = (await app.send("GET", f"/api/contentlib/library/item/{ITEM}/versions")).json()
    assert [each["version"] for each in versions] == ["3", "2"]
    assert (await app.send("POST", f"/api/contentlib/library/item/{ITEM}/versions/2?action=make-current")).status_code < 300
    assert await app.content(ITEM) == {"a.iso": b"first"}


async def test_transfer_sessions_go_on(app: Whole) -> None:
    assert await app.read(DOWNLOAD, "a.iso") == b"second"
    await app.complete(OPEN_SESSION)
    assert await app.content(OPEN_ITEM) == {"b.iso": b"waiting"}


async def test_the_trash_is_restored(app: Whole) -> None:
    assert (await app.send("POST", f"/api/contentlib/library/trash/{DELETED}?action=restore")).status_code < 300
    assert DELETED in (await app.send("GET", f"/api/content/library/item?library_id={PLAIN}")).json()


async def test_subscribers_use_the_password_of_before_and_see_no_lower_version(app: Whole) -> None:
    path = f"/cls/vcsp/lib/{PUBLISHED}/lib.json"
    assert (await app.client.get(path, headers={TOKEN: ""})).status_code == 401
    answer = await app.client.get(path, headers={TOKEN: ""}, auth=httpx.BasicAuth("vcsp", "s3cret"))
    assert (answer.status_code, answer.json()["version"]) == (200, "3")


async def test_a_subscribed_library_follows_with_the_password_that_was_sealed_before(app: Whole) -> None:
    await app.fill(ITEM, a_iso=b"third")
    task = (await app.send("POST", f"/api/content/subscribed-library/{SUBSCRIBED}?action=sync&vmw-task=true")).json()
    assert (await ended(app, task))["status"] == "SUCCEEDED"
    (copy,) = (await app.send("GET", f"/api/content/library/item?library_id={SUBSCRIBED}")).json()
    assert await app.content(copy) == {"a.iso": b"third"}
