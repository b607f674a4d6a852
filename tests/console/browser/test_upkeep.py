"""What is seldom done to libraries and items, in a real browser: maintenance, usages, policies, removed files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from console.browser.person import NAME, PASSWORD, Person
from console.browser.stock import Api
from processes import Running, eventually, serving

VM = "urn:vmomi:vm:vm-12"


@pytest.fixture(scope="module")
def api(server: Running) -> Iterator[Api]:
    calling = Api(server.url)
    yield calling
    calling.close()


def test_a_library_in_use_is_deleted_only_when_that_is_confirmed(person: Person, api: Api) -> None:
    library = api.library("In use")
    person.log_in()
    person.goes(f"library/{library}")
    person.presses_more("Mark as in use")
    person.answers("Mark", Resource=VM)
    person.sees("Used by")
    person.presses("Delete")
    person.sees(f"It is in use by {VM}.")
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(person.page.get_by_role("alert")).to_contain_text("in use")
    dialog.get_by_role("button", name="Cancel").click()
    person.in_row(VM, "Remove")
    person.answers("Remove")
    expect(person.page.get_by_text("Used by")).to_have_count(0)
    person.presses_more("Mark as in use")
    person.answers("Mark", Resource=VM)
    person.sees("Used by")
    person.presses("Delete")
    person.answers("Delete", Delete_it_although_it_is_in_use=True)
    person.sees_title("Libraries")
    assert library not in api.done("GET", "/api/content/library")


def test_a_library_is_maintained(person: Person, api: Api) -> None:
    library = api.library("Maintained")
    person.log_in()
    person.goes(f"library/{library}")
    person.presses_more("Begin maintenance")
    person.answers("Begin maintenance")
    expect(person.page.locator(".facts").get_by_text("Maintenance")).to_be_visible()
    assert api.done("GET", f"/api/content/library/{library}")["state_info"]["state"] == "MAINTENANCE"
    person.presses_more("End maintenance")
    person.answers("End maintenance")
    expect(person.page.locator(".facts").get_by_text("Maintenance")).to_have_count(0)
    assert person.complaints == []


def test_a_library_gets_a_security_policy_and_loses_it(person: Person, api: Api) -> None:
    library = api.library("Signed")
    (policy,) = api.done("GET", "/api/content/security-policies")
    person.log_in()
    person.goes(f"library/{library}")
    person.presses("Edit")
    person.answers("Save", Security_policy=policy["name"])
    person.sees(policy["name"])
    assert api.done("GET", f"/api/content/library/{library}")["security_policy_id"] == policy["policy"]
    person.presses("Edit")
    person.answers("Save", Security_policy="None")
    expect(person.page.get_by_text(policy["name"])).to_have_count(0)
    assert "security_policy_id" not in api.done("GET", f"/api/content/library/{library}")


def test_files_that_can_be_fetched_again_are_removed(chromium: Browser, built: None, tmp_path: Path) -> None:
    options = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.1"]'}
    with serving(tmp_path, "--no-tls", **options) as running, Person(chromium, running.url, NAME, PASSWORD) as person:
        api = Api(running.url)
        source = api.library("Source")
        item = api.item(source, "photon")
        api.store(item, "photon.img", b"content")
        published = {"publish_info": {"published": True, "authentication_method": "NONE"}}
        api.done("PATCH", f"/api/content/local-library/{source}", published)
        address = api.done("GET", f"/api/content/library/{source}")["publish_info"]["publish_url"]
        info = {"subscription_url": address, "authentication_method": "NONE", "on_demand": True}
        spec = {"name": "Followed", "subscription_info": {**info, "automatic_sync_enabled": False}}
        followed = api.done("POST", "/api/content/subscribed-library", spec)
        person.log_in()
        person.goes(f"library/{followed}")
        person.follows("photon")
        person.sees_title("photon")
        person.presses("Synchronize")
        person.sees("Complete")
        person.presses_more("Remove the files")
        person.sees("cannot be read while it does not answer")
        person.answers("Remove the files")
        person.sees("Not here")
        person.presses("Synchronize")
        person.sees("Complete")
        person.goes(f"library/{followed}")
        person.presses_more("Remove the files")
        person.answers("Remove the files")
        person.sees("Not here")
        person.goes(f"item/{item}")
        person.presses_more("Where it is stored")
        expect(person.page.get_by_role("dialog")).to_contain_text("photon.img")
        person.answers("Close")
        person.page.get_by_role("region", name="Files").get_by_role("button", name="Remove").click()
        person.answers("Remove")
        person.sees("No files yet")
        assert api.files(item) == {}
        person.presses_more("Fetch from an address")
        person.answers("Fetch", Address=f"{running.url}/openapi.json")
        assert eventually(lambda: [*api.files(item)] == ["openapi.json"])
        assert person.complaints == []
        api.close()
