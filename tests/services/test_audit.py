"""Tests contentlib.access.audit through the whole application."""

from __future__ import annotations

from typing import Any

import pytest

from access.people import People
from whole import NAME, Whole

AUDIT = "/api/contentlib/access/audit"


@pytest.fixture
def people(app: Whole) -> People:
    return People(app)


async def listed(people: People, query: str = "", secret: str | None = None) -> list[dict[str, Any]]:
    answer = await people.ask("GET", f"/audit{query}", token=secret)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["entries"])


async def user(people: People, name: str, role: str, library: str | None = None) -> str:
    """The secret of an API token of a new user with a role."""
    made = await people.user(f"{name}@vsphere.local")
    await people.permit(made, role, library)
    return (await people.token(made))[1]


async def test_entries_are_listed_newest_first_by_pages(people: People) -> None:
    for name in ("one", "two", "three"):
        await people.app.library(name)
    first = await people.done("GET", "/audit?size=2")
    assert [each["things"][0]["name"] for each in first["entries"]] == ["three", "two"]
    second = await people.done("GET", f"/audit?size=2&marker={first['marker']}")
    assert second["entries"][0]["things"][0]["name"] == "one"
    assert second["entries"][0]["user"] == NAME


async def test_entries_are_filtered(people: People) -> None:
    images, other = await people.app.library("Images"), await people.app.library("Other")
    item = await people.app.item("Debian", images)
    await people.app.item("Fedora", other)
    assert len(await listed(people, f"?library={images}")) == 2
    assert len(await listed(people, f"?library={images}&library_item={item}")) == 1
    assert len(await listed(people, "?operation=com.vmware.content.library.item")) == 2
    assert len(await listed(people, "?outcome=REFUSED")) == 0
    assert await listed(people, "?until=2001-01-01T00:00:00.000Z") == []
    assert len(await listed(people, f"?user={NAME.upper()}&operation=com.vmware.content.local")) == 2


@pytest.mark.parametrize("query", ["?size=0", "?size=1001", "?marker=x", "?marker=%F0%9D%9F%99", "?marker=-1", "?outcome=x"])
async def test_a_wrong_page_is_refused(people: People, query: str) -> None:
    assert (await people.ask("GET", f"/audit{query}")).status_code == 400


async def test_an_auditor_reads_all_of_it(people: People) -> None:
    await people.app.library("Images")
    secret = await user(people, "ann", "Auditor")
    assert {each["operation"] for each in await listed(people, "", secret)} >= {
        "com.vmware.content.local_library.create",
        "contentlib.access.users.create",
    }
    assert (await people.ask("GET", "/audit/head", token=secret)).json()["sequence"] == len(await listed(people))


async def test_an_administrator_of_a_library_reads_what_is_about_it(people: People) -> None:
    mine, other = await people.app.library("Mine"), await people.app.library("Other")
    item = await people.app.item("Debian", other)
    secret = await user(people, "bob", "Administrator", mine)
    target = {"destination_create_spec": {"name": "Copy", "library_id": mine}}
    await people.app.send("POST", f"/api/content/library/item/{item}?action=copy", target)
    found = await listed(people, "", secret)
    assert {each["operation"] for each in found} == {
        "com.vmware.content.local_library.create",
        "com.vmware.content.library.item.copy",
        "contentlib.access.permissions.set",
    }
    named = {thing.get("name") for each in found for thing in each["things"]}
    assert {"Mine", "Copy"} <= named and not named & {"Other", "Debian"}
    assert await listed(people, f"?library={other}", secret) == []
    assert (await people.ask("GET", "/audit/head", token=secret)).status_code == 403


@pytest.mark.parametrize("role", ["Content user", "Content publisher", "No access"])
async def test_other_users_see_nothing(people: People, role: str) -> None:
    library = await people.app.library()
    assert await listed(people, "", await user(people, "eve", role, library)) == []
