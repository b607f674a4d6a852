"""A library of another server is followed: its certificate is shown first, and what it has appears."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from console.browser.person import NAME, PASSWORD, Person
from console.browser.stock import Api, stocked
from processes import Running, serving


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Running]:
    """A server that is reached over TLS, with a certificate of its own."""
    (tmp_path / "publisher").mkdir()
    with serving(tmp_path / "publisher", CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        yield running


@pytest.fixture
def subscriber(built: None, tmp_path: Path) -> Iterator[Running]:
    """A server that may fetch from this machine, and has no trash."""
    (tmp_path / "subscriber").mkdir()
    options = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.1"]'}
    with serving(tmp_path / "subscriber", "--no-tls", CONTENTLIB_TRASH_SECONDS="0", **options) as running:
        yield running


def test_a_library_is_followed(chromium: Browser, publisher: Running, subscriber: Running) -> None:
    library = stocked(publisher.url).library
    api = Api(publisher.url)
    address = api.done("GET", f"/api/content/library/{library}")["publish_info"]["publish_url"]
    api.close()
    with Person(chromium, subscriber.url, NAME, PASSWORD) as person:
        person.log_in()
        person.follows("Libraries")
        person.presses("Subscribe")
        person.answers("Check the address", Name="Followed", Address_of_the_publisher=address)
        dialog = person.page.get_by_role("dialog")
        expect(dialog).to_contain_text(publisher.value("certificate SHA-1 thumbprint: "))
        dialog.get_by_role("button", name="Subscribe").click()
        person.sees_title("Followed")
        person.sees("photon-5.0")
        expect(person.page.get_by_role("button", name="Upload", exact=True)).to_have_count(0)
        assert person.complaints == []
        person.presses("Delete")
        expect(person.page.get_by_role("dialog")).to_contain_text("This server has no trash. This cannot be undone.")
        person.answers("Delete")
        person.sees_title("Libraries")


def test_an_address_without_a_publisher_is_refused_with_the_reason(chromium: Browser, subscriber: Running) -> None:
    with Person(chromium, subscriber.url, NAME, PASSWORD) as person:
        person.log_in()
        person.follows("Libraries")
        person.presses("Subscribe")
        person.fills(Name="Followed", Address_of_the_publisher=f"{subscriber.url}/nothing/lib.json")
        person.page.get_by_role("dialog").get_by_role("button", name="Check the address").click()
        expect(person.page.get_by_role("alert")).to_contain_text("/nothing/lib.json")


def test_a_subscription_is_changed(chromium: Browser, publisher: Running, subscriber: Running) -> None:
    ours, theirs = Api(subscriber.url), Api(publisher.url)
    library = stocked(publisher.url).library
    address = theirs.done("GET", f"/api/content/library/{library}")["publish_info"]["publish_url"]
    password = "Battery-staple 2!"
    protected = {"published": True, "authentication_method": "BASIC", "password": password}
    thumbprint = publisher.value("certificate SHA-1 thumbprint: ")
    info = {"subscription_url": address, "ssl_thumbprint": thumbprint, "authentication_method": "NONE"}
    spec = {"name": "Followed", "subscription_info": {**info, "automatic_sync_enabled": True, "on_demand": False}}
    followed = ours.done("POST", "/api/content/subscribed-library", spec)
    theirs.done("PATCH", f"/api/content/local-library/{library}", {"publish_info": protected})
    with Person(chromium, subscriber.url, NAME, PASSWORD) as person:
        person.log_in()
        person.goes(f"library/{followed}")
        person.presses("Subscription")
        person.fills(The_publisher_asks_for_a_password=True, Fetch_files_only_when_they_are_needed=True)
        person.fills(Password="wrong password 1!")
        person.page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(person.page.get_by_role("alert")).to_contain_text("401")
        person.answers("Save", Password=password)
        changed = ours.done("GET", f"/api/content/library/{followed}")["subscription_info"]
        assert (changed["authentication_method"], changed["user_name"], changed["on_demand"]) == ("BASIC", "vcsp", True)
        person.presses("Subscription")
        person.fills(Trust="The authorities of the server's system")
        person.page.get_by_role("dialog").get_by_role("button", name="Save").click()
        person.sees("Trust the certificate of the publisher?")
        expect(person.page.get_by_role("dialog")).to_contain_text(thumbprint)
        person.page.get_by_role("dialog").get_by_role("button", name="Trust").click()
        expect(person.page.get_by_role("dialog")).to_have_count(0)
        kept = ours.done("GET", f"/api/content/library/{followed}")["subscription_info"]
        assert (kept["ssl_thumbprint"], kept["authentication_method"]) == (thumbprint, "BASIC")
        assert person.complaints == []
    ours.close()
    theirs.close()


def test_the_password_of_a_published_library_is_changed(chromium: Browser, publisher: Running, built: None) -> None:
    api = Api(publisher.url)
    library = api.library("Published")
    with Person(chromium, publisher.url, NAME, PASSWORD, {"ignore_https_errors": True}) as person:
        person.log_in()
        person.goes(f"library/{library}")
        person.presses("Publish")
        person.fills(Published=True, Subscribers_need_a_password=True)
        person.answers("Save", Password_of_the_library="Battery-staple 2!")
        person.presses("Publish")
        person.fills(Password_of_the_library="Battery-staple 3!")
        person.page.get_by_role("dialog").get_by_role("button", name="Save").click()
        expect(person.page.get_by_role("alert")).to_contain_text("current_password")
        person.answers("Save", Present_password_of_the_library="Battery-staple 2!")
        person.presses("Publish")
        person.fills(Published=False)
        person.answers("Save", Present_password_of_the_library="Battery-staple 3!")
        assert not api.done("GET", f"/api/content/library/{library}")["publish_info"]["published"]
    api.close()
