"""Subscribers of a library with passwords of their own, and uploads and downloads of a user's programs, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from console.browser.person import Person
from console.browser.stock import SESSIONS, Api
from processes import Running

DOWNLOADS = "/api/content/library/item/download-session"


@pytest.fixture(scope="module")
def api(server: Running) -> Iterator[Api]:
    calling = Api(server.url)
    yield calling
    calling.close()


def test_a_subscriber_gets_a_new_password_and_is_disabled(person: Person, api: Api) -> None:
    library = api.library("Followed")
    published = {"publish_info": {"published": True, "authentication_method": "NONE"}}
    api.done("PATCH", f"/api/content/local-library/{library}", published)
    address = api.done("GET", f"/api/content/library/{library}")["publish_info"]["publish_url"]
    assert httpx.get(address).status_code == 200
    person.log_in()
    person.goes(f"library/{library}")
    person.sees("Read without a password of a subscriber")
    person.presses("Add subscriber")
    person.answers("Add", Name="Hamburg")
    first = person.page.get_by_role("dialog").locator("pre").inner_text()
    person.answers("Done")
    assert httpx.get(address, auth=("vcsp", first)).status_code == 200
    person.in_row("Hamburg", "New password")
    person.answers("Create the password", Hours_for_which_the_present_password_stays_valid="0")
    second = person.page.get_by_role("dialog").locator("pre").inner_text()
    person.answers("Done")
    assert [httpx.get(address, auth=("vcsp", each)).status_code for each in (first, second)] == [401, 200]
    person.in_row("Hamburg", "Items read")
    person.sees("It has not read any item.")
    person.answers("Close")
    person.in_row("Hamburg", "Edit")
    person.answers("Save", Name="Bremen", May_read_the_library=False)
    expect(person.page.get_by_role("row").filter(has_text="Bremen")).to_contain_text("Disabled")
    assert httpx.get(address, auth=("vcsp", second)).status_code == 401
    person.in_row("Bremen", "Delete")
    person.answers("Delete")
    person.sees("None has a password of its own.")
    assert person.complaints == []


def test_subscriptions_are_registered_changed_and_removed(person: Person, api: Api) -> None:
    library = api.library("Registering")
    published = {"publish_info": {"published": True, "authentication_method": "NONE"}}
    api.done("PATCH", f"/api/content/local-library/{library}", published)
    subscriptions = f"/api/content/library/{library}/subscriptions"
    person.log_in()
    person.goes(f"library/{library}")
    person.presses("Register a subscription")
    person.answers("Register", Name="Branch")
    expect(person.page.get_by_role("row").filter(has_text="Branch")).to_contain_text("This server")
    person.presses("Register a subscription")
    person.fills(Library="One of another vCenter")
    person.answers("Register", Identifier_of_the_library="library-7", Host_name_of_the_vCenter="vc.example.com")
    person.in_row("library-7", "Edit")
    person.answers("Save", Port="8443")
    (elsewhere,) = (each for each in api.done("GET", subscriptions) if each["subscribed_library"] == "library-7")
    told = api.done("GET", f"{subscriptions}/{elsewhere['subscription']}")["subscribed_library_vcenter"]
    assert (told["hostname"], told["https_port"]) == ("vc.example.com", 8443)
    person.in_row("Branch", "Remove")
    person.sees("The library of the subscriber stays with its items.")
    person.answers("Remove")
    expect(person.page.get_by_role("row").filter(has_text="Branch")).to_have_count(0)
    assert [each["subscribed_library"] for each in api.done("GET", subscriptions)] == ["library-7"]
    assert person.complaints == []


def test_uploads_and_downloads_of_programs_are_canceled_and_removed(person: Person, api: Api) -> None:
    item = api.item(api.library("Transfers"), "photon")
    api.store(item, "photon.img", b"content")
    upload = api.done("POST", SESSIONS, {"library_item_id": item})
    download = api.done("POST", DOWNLOADS, {"library_item_id": item})
    person.log_in()
    person.goes("tasks")
    running = person.page.get_by_role("row").filter(has_text="photon").filter(has_text="Running")
    expect(running).to_have_count(2)
    running.filter(has_text="Upload").get_by_role("button", name="Cancel").click()
    person.sees("The item keeps its present version.")
    person.answers("Cancel the upload")
    running.filter(has_text="Download").get_by_role("button", name="Cancel").click()
    person.answers("Cancel the download")
    expect(running).to_have_count(0)
    assert api.done("GET", f"{SESSIONS}/{upload}")["state"] == "CANCELED"
    assert api.done("GET", f"{DOWNLOADS}/{download}")["state"] == "CANCELED"
    canceled = person.page.get_by_role("row").filter(has_text="photon").filter(has_text="Canceled")
    canceled.filter(has_text="Upload").get_by_role("button", name="Remove").click()
    expect(canceled).to_have_count(1)
    assert upload not in api.done("GET", SESSIONS)
    assert person.complaints == []
