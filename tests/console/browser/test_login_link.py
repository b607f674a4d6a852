"""A login by a link, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from cli.test_people import done
from console.browser.person import NAME, PASSWORD, Person
from processes import Running

SECRET_START = "cll_"


@pytest.fixture
def link(server: Running, directory: Path) -> str:
    """A new link to the console of the server."""
    return done(directory / "data", "console-link", "--url", server.url).strip()


def test_a_link_logs_in_at_a_click_and_only_once(chromium: Browser, server: Running, link: str) -> None:
    secret = link.rpartition("/")[2]
    with Person(chromium, server.url, NAME, PASSWORD) as person:
        person.page.goto(link)
        button = person.page.get_by_role("button", name="Log in as the administrator")
        expect(button).to_be_focused()
        assert secret not in person.page.evaluate("location.href")
        assert not any("login-links" in request.url for request in person.requests)
        person.page.keyboard.press("Enter")
        person.sees_title("Overview")
        assert person.page.evaluate("history.length") <= 2
        assert all(secret not in request.url and secret not in str(request.headers) for request in person.requests)
        assert person.complaints == []
    with Person(chromium, server.url, NAME, PASSWORD) as other:
        other.page.goto(link)
        other.presses("Log in as the administrator")
        expect(other.page.get_by_role("alert")).to_contain_text("was used before")
        expect(other.page.get_by_role("alert").locator(".remedy")).to_contain_text("console-link")
        other.presses("Use a password")
        other.page.get_by_label("User name").fill(NAME)
        other.page.get_by_label("Password").fill(PASSWORD)
        other.page.keyboard.press("Enter")
        other.sees_title("Overview")


def test_a_link_replaces_the_session_of_a_colleague(person: Person, link: str) -> None:
    person.log_in()
    person.page.goto(link)
    person.presses("Log in as the administrator")
    person.sees_title("Overview")
    assert SECRET_START not in person.page.url
