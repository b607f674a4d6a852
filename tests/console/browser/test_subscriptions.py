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
    """A server that may fetch from this machine."""
    (tmp_path / "subscriber").mkdir()
    options = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.1"]'}
    with serving(tmp_path / "subscriber", "--no-tls", **options) as running:
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


def test_an_address_without_a_publisher_is_refused_with_the_reason(chromium: Browser, subscriber: Running) -> None:
    with Person(chromium, subscriber.url, NAME, PASSWORD) as person:
        person.log_in()
        person.follows("Libraries")
        person.presses("Subscribe")
        person.fills(Name="Followed", Address_of_the_publisher=f"{subscriber.url}/nothing/lib.json")
        person.page.get_by_role("dialog").get_by_role("button", name="Check the address").click()
        expect(person.page.get_by_role("alert")).to_contain_text("/nothing/lib.json")
