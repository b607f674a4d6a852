"""Sessions and tokens of all users, and groups that outside groups are mapped to, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, expect

from console.browser.person import PASSWORD, Person
from console.browser.stock import Api
from processes import Running

ROBIN = "robin@vsphere.local"


@pytest.fixture(scope="module")
def api(server: Running) -> Iterator[Api]:
    calling = Api(server.url)
    calling.done("POST", "/api/contentlib/access/users", {"name": ROBIN, "password": PASSWORD})
    calling.done("POST", "/api/contentlib/access/groups", {"name": "publishers"})
    calling.done("POST", "/api/contentlib/access/groups", {"name": "operators"})
    yield calling
    calling.close()


@contextmanager
def session_of(url: str, user: str) -> Iterator[httpx.Client]:
    """A client with a session of its own."""
    with httpx.Client(base_url=url) as client:
        client.headers["vmware-api-session-id"] = client.post("/api/session", auth=(user, PASSWORD)).json()
        yield client


def test_an_administrator_ends_the_session_of_another_user(person: Person, api: Api) -> None:
    with session_of(person.url, ROBIN) as robin:
        assert robin.get("/api/contentlib/access/self").status_code == 200
        person.log_in()
        person.goes("access/sessions")
        person.sees("This session")
        person.page.get_by_label("Filter").fill("ROBIN")
        person.in_row(ROBIN, "End")
        person.sees("Uploads and tasks that it started go on.")
        person.answers("End")
        person.sees("No session matches the filter")
        assert robin.get("/api/contentlib/access/self").status_code == 401
    assert person.complaints == []


def test_all_other_sessions_of_ones_own_are_ended(chromium: Browser, server: Running, api: Api) -> None:
    with session_of(server.url, ROBIN) as elsewhere, Person(chromium, server.url, ROBIN, PASSWORD) as robin:
        robin.log_in()
        robin.goes("account")
        robin.presses("End all others")
        robin.answers("End")
        expect(robin.page.get_by_role("button", name="End all others")).to_have_count(0)
        robin.sees("This session")
        assert elsewhere.get("/api/contentlib/access/self").status_code == 401


def test_an_administrator_makes_a_token_for_another_user_and_revokes_it(person: Person, api: Api) -> None:
    person.log_in()
    person.goes("access/tokens")
    person.presses("Create token")
    person.answers("Create", User=ROBIN, Name="pipeline")
    secret = person.page.get_by_role("dialog").locator("pre").inner_text()
    with httpx.Client(base_url=person.url, headers={"authorization": f"Bearer {secret}"}) as pipeline:
        assert pipeline.get("/api/contentlib/access/self").json()["user"] == ROBIN
        person.answers("Done")
        person.in_row("pipeline", "Revoke")
        person.sees(f"It is a token of {ROBIN}.")
        person.answers("Revoke")
        person.sees("No tokens")
        assert pipeline.get("/api/contentlib/access/self").status_code == 401
    assert person.complaints == []


def test_a_group_is_mapped_to_an_outside_group_and_to_none(person: Person, api: Api) -> None:
    person.log_in()
    person.goes("access/groups")
    person.in_row("publishers", "Map to an outside group")
    person.answers("Save", Provider="ldap:corp", Group_at_the_provider="CN=Publishers,DC=example,DC=com")
    person.sees("CN=Publishers,DC=example,DC=com")
    group = api.done("GET", "/api/contentlib/access/groups/publishers")
    assert (group["source"], group["external_name"]) == ("ldap:corp", "CN=Publishers,DC=example,DC=com")
    person.in_row("publishers", "Map to an outside group")
    person.sees("Memberships by the present mapping")
    person.answers("Save", Provider="", Group_at_the_provider="")
    expect(person.page.get_by_role("row").filter(has_text="publishers")).not_to_contain_text("ldap:corp")
    assert "source" not in api.done("GET", "/api/contentlib/access/groups/publishers")


def test_a_group_is_a_member_of_a_group(person: Person, api: Api) -> None:
    person.log_in()
    person.goes("access/groups")
    person.in_row("publishers", "Add member")
    person.answers("Add", Member="operators (Group)")
    expect(person.page.get_by_role("row").filter(has_text="publishers").first).to_contain_text("operators")
    assert api.done("GET", "/api/contentlib/access/groups/publishers")["members"] == [{"name": "operators", "type": "GROUP"}]


def test_a_menu_is_left_by_the_keyboard(person: Person, api: Api) -> None:
    person.log_in()
    person.goes("access/groups")
    menu = person.page.locator("details.menu").first
    menu.locator("summary").press("Enter")
    expect(menu.get_by_role("button", name="Edit")).to_be_visible()
    person.page.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="Edit")).not_to_be_visible()
    expect(menu.locator("summary")).to_be_focused()
