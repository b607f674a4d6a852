"""A new user's way from the first start to a colleague, by keyboard alone, at servers as `make serve` starts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from console.browser.keyboard import Keyboard
from console.browser.person import NAME, Person
from packages import archive, package
from processes import Running, serving

SECRET, COLLEAGUE = "Another-horse 2!", "robin@vsphere.local"
OPTIONS = {"ignore_https_errors": True}


@pytest.fixture
def first(built: None, tmp_path: Path) -> Iterator[Running]:
    """A server that nobody has used yet, with a certificate of its own."""
    (tmp_path / "first").mkdir()
    with serving(tmp_path / "first") as running:
        yield running


@pytest.fixture
def second(built: None, tmp_path: Path) -> Iterator[Running]:
    """Another one, which may fetch from this machine."""
    (tmp_path / "second").mkdir()
    with serving(tmp_path / "second", CONTENTLIB_OUTBOUND_ALLOW='["127.0.0.1"]') as running:
        yield running


def test_a_journey_by_keyboard_alone(chromium: Browser, first: Running, second: Running, tmp_path: Path) -> None:
    with (
        Person(chromium, first.url, NAME, first.value("password: ").split()[0], OPTIONS) as person,
        Person(chromium, second.url, NAME, "", OPTIONS) as other,
        Person(chromium, first.url, COLLEAGUE, SECRET, OPTIONS) as colleague,
    ):
        keys = _log_in_by_link(person, first)
        _change_password(person, keys)
        _create_library(person, keys)
        _upload_and_compare(person, keys, tmp_path)
        address = _publish(person, keys)
        others = _log_in_by_link(other, second)
        _subscribe(other, others, address, first.value("certificate SHA-1 thumbprint: "))
        _break_and_see_why(person, keys, other, others)
        _roll_back(person, keys, tmp_path)
        _delete_and_restore(person, keys)
        _give_the_reading_role(person, keys)
        _see_as_the_colleague(colleague)
        assert person.complaints + colleague.complaints == []
        assert all(
            "Failed to load resource" in each for each in other.complaints
        )  # the browser reports the refused sync itself


def _log_in_by_link(person: Person, server: Running) -> Keyboard:
    person.page.goto(server.value("console: ").split()[0])
    expect(person.page.get_by_role("button", name="Log in as the administrator")).to_be_focused()
    person.page.keyboard.press("Enter")
    person.sees_title("Overview")
    return Keyboard(person.page)


def _change_password(person: Person, keys: Keyboard) -> None:
    keys.presses(NAME)
    person.sees_title(NAME)
    keys.presses("Change password")
    keys.writes(Present_password=person.password, New_password=SECRET)
    keys.submits("Change password")
    person.sees("The password is changed.")


def _create_library(person: Person, keys: Keyboard) -> None:
    keys.goes("l")
    person.sees("No libraries yet")
    keys.presses("Create library")
    keys.writes(Name="Images", Description="For all sites")
    keys.submits("Create")
    person.sees_title("Images")


def _upload_and_compare(person: Person, keys: Keyboard, folder: Path) -> None:
    files = package()
    (folder / "tiny.ova").write_bytes(archive(files))
    person.sees("No items yet")
    keys.takes(folder / "tiny.ova", "Upload")
    expect(person.page.locator("cl-tray .upload.done")).to_have_count(1)
    keys.presses("tiny")
    person.sees_title("tiny")
    for name, content in files.items():
        person.sees(name)
        assert keys.downloads(name, folder) == content
    assert person.page.locator(".sum").count() >= len(files)


def _publish(person: Person, keys: Keyboard) -> str:
    keys.presses("Images")
    person.sees_title("Images")
    keys.presses("Publish")
    keys.reach("Published")
    if not person.page.get_by_label("Published").is_checked():
        person.page.keyboard.press("Space")
    keys.submits("Save")
    person.sees("/lib.json")
    return person.page.get_by_label("Address for subscribers", exact=True).inner_text()


def _subscribe(other: Person, keys: Keyboard, address: str, thumbprint: str) -> None:
    keys.goes("l")
    other.sees("No libraries yet")
    keys.presses("Subscribe")
    keys.writes(Name="Followed", Address_of_the_publisher=address)
    keys.presses("Check the address")
    expect(other.page.get_by_role("dialog")).to_contain_text(thumbprint)
    keys.submits("Subscribe")
    other.sees_title("Followed")
    other.sees("tiny")


def _break_and_see_why(person: Person, keys: Keyboard, other: Person, others: Keyboard) -> None:
    keys.presses("Publish")
    keys.switches("Published")
    keys.submits("Save")
    expect(person.page.get_by_text("/lib.json")).to_have_count(0)
    others.presses("Synchronize")
    others.goes("t")
    other.sees("Failed")
    others.goes("l")
    expect(other.page.get_by_role("row").filter(has_text="Followed")).to_contain_text("Failed")
    expect(other.page.get_by_role("row").filter(has_text="Followed")).to_contain_text("lib.json")


def _roll_back(person: Person, keys: Keyboard, folder: Path) -> None:
    before = package()
    (folder / "notes.txt").write_text("a file that was added by mistake")
    keys.presses("tiny")
    person.sees_title("tiny")
    keys.takes(folder / "notes.txt", "Upload files")
    person.sees("+ notes.txt")
    keys.presses("Make current")
    keys.submits("Make current")
    person.sees("\N{MINUS SIGN} notes.txt")
    name = next(iter(before))
    assert keys.downloads(name, folder) == before[name]


def _delete_and_restore(person: Person, keys: Keyboard) -> None:
    keys.presses("Delete")
    keys.submits("Delete")
    person.sees("No items yet")
    keys.goes("d")
    person.sees_title("Trash")
    person.sees("tiny")
    keys.presses("Restore")
    person.sees("The trash is empty")


def _give_the_reading_role(person: Person, keys: Keyboard) -> None:
    keys.presses("Users and roles")
    person.sees_title("Users and roles")
    expect(person.page.get_by_role("button", name="Create user")).to_be_visible()
    keys.presses("Create user")
    keys.writes(User_name=COLLEAGUE, Password=SECRET)
    keys.chooses("Role", "Content user")
    keys.chooses("On", "Images")
    keys.submits("Create")
    person.sees(COLLEAGUE)


def _see_as_the_colleague(colleague: Person) -> None:
    colleague.page.goto(colleague.url)
    expect(colleague.page.get_by_label("User name")).to_be_focused()
    colleague.page.keyboard.insert_text(COLLEAGUE)
    colleague.page.keyboard.press("Tab")
    colleague.page.keyboard.insert_text(SECRET)
    colleague.page.keyboard.press("Enter")
    colleague.sees_title("Overview")
    keys = Keyboard(colleague.page)
    keys.goes("l")
    colleague.sees("Images")
    keys.presses("Images")
    colleague.sees_title("Images")
    colleague.sees("tiny")
    for action in ("Edit", "Publish", "Delete", "Upload"):
        expect(colleague.page.get_by_role("button", name=action, exact=True)).to_have_count(0)
