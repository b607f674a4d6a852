"""What a new user does first, from the login to a colleague who sees only what was given."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from playwright.sync_api import Browser, expect

from console.browser.person import Person
from processes import Running

COLLEAGUE, SECRET = "robin@vsphere.local", "Another-horse 2!"


def test_a_journey_from_the_first_login_to_a_colleague(
    chromium: Browser, server: Running, person: Person, tmp_path: Path
) -> None:
    image = tmp_path / "debian-12.img"
    image.write_bytes(os.urandom(300_000))
    person.log_in()
    _create_library(person)
    _upload(person, image)
    assert person.downloads(image.name, tmp_path / "down").read_bytes() == image.read_bytes()
    _publish(person)
    _delete_and_undo(person)
    _delete_and_restore(person)
    _give_a_role(person)
    with Person(chromium, server.url, COLLEAGUE, SECRET) as colleague:
        colleague.log_in()
        _sees_but_cannot_change(colleague)
        assert colleague.complaints == []
    assert person.complaints == []
    assert {request.url.startswith((server.url, "data:")) for request in person.requests} == {True}


def _create_library(person: Person) -> None:
    person.page.get_by_role("main").get_by_role("link", name="Libraries", exact=True).last.click()
    person.sees("No libraries yet")
    person.presses("Create library")
    person.answers("Create", Name="Images", Description="For all sites")
    person.sees_title("Images")
    person.sees("No items yet")


def _upload(person: Person, image: Path) -> None:
    person.drops(image)
    person.sees(hashlib.sha256(image.read_bytes()).hexdigest())
    person.page.locator("cl-tray").get_by_role("link", name="debian-12").click()
    person.sees_title("debian-12")
    person.page.get_by_role("button", name="Close", exact=True).click()


def _publish(person: Person) -> None:
    person.follows("Images")
    person.sees_title("Images")
    person.presses("Publish")
    person.answers("Save", Published=True)
    person.sees("/lib.json")


def _delete_and_undo(person: Person) -> None:
    person.page.get_by_label("Select: debian-12").check()
    person.page.get_by_role("group", name="1 selected").get_by_role("button", name="Delete").click()
    person.answers("Delete")
    person.sees("No items yet")
    person.presses("Undo")
    person.sees("1 restored.")


def _delete_and_restore(person: Person) -> None:
    person.goes("libraries")
    person.follows("Images")
    person.presses("Delete")
    person.answers("Delete")
    person.sees_title("Libraries")
    person.follows("Trash")
    person.presses("Restore")
    person.sees("The trash is empty")


def _give_a_role(person: Person) -> None:
    person.follows("Users and roles")
    person.presses("Create user")
    person.answers("Create", User_name=COLLEAGUE, Password=SECRET, Role="Content user", On="Images")
    person.sees(COLLEAGUE)


def _sees_but_cannot_change(colleague: Person) -> None:
    colleague.sees("Needs attention")
    expect(colleague.page.get_by_role("link", name="Users and roles")).to_have_count(0)
    colleague.follows("Libraries")
    expect(colleague.page.get_by_role("button", name="Create library")).to_have_count(0)
    colleague.follows("Images")
    colleague.sees("debian-12")
    for action in ("Edit", "Publish", "Delete", "Upload"):
        expect(colleague.page.get_by_role("button", name=action, exact=True)).to_have_count(0)
