"""Each screen, light and dark, wide and narrow: axe finds nothing, and the browser reports nothing."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from console.browser import pictures
from console.browser.person import NAME, PASSWORD, Person
from console.browser.stock import Stock, stocked
from processes import Running

SCREENS = {
    "home": "Overview",
    "libraries": "Libraries",
    "library/{library}": "Images",
    "item/{item}": "photon-5.0",
    "search?text=photon": "Search",
    "tags": "Tags",
    "tasks": "Tasks",
    "trash": "Trash",
    "audit": "Audit log",
    "access/users": "Users and roles",
    "access/groups": "Users and roles",
    "access/roles": "Users and roles",
    "access/permissions": "Users and roles",
    "access/tokens": "Users and roles",
    "access/sessions": "Users and roles",
    "server/settings": "Server",
    "server/synchronization": "Server",
    "server/certificates": "Server",
    "server/storages": "Server",
    "server/quotas": "Server",
    "account": NAME,
}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def stock(server: Running) -> Stock:
    return stocked(server.url)


def found_in(person: Person) -> list[str]:
    """What axe finds in the page as it is."""
    found = Axe().run(person.page, options=RULES)
    assert found.response["passes"]
    nodes = ((each["id"], node["html"]) for each in found.response["violations"] for node in each["nodes"])
    return [f"{person.page.url}: {rule}: {text[:200]}" for rule, text in nodes]


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_each_screen(chromium: Browser, server: Running, stock: Stock, scheme: str, width: int) -> None:
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}, "reduced_motion": "reduce"}
    found: list[str] = []
    with Person(chromium, server.url, NAME, PASSWORD, options) as person:
        person.page.goto(f"{server.url}/console")
        person.sees_title("Log in")
        found += found_in(person)
        pictures.keep(person.page, "login", scheme, width)
        person.log_in()
        for address, title in SCREENS.items():
            person.goes(address.format(library=stock.library, item=stock.item))
            person.sees_title(title)
            expect(person.page.locator(".loading")).to_have_count(0)
            found += found_in(person)
            pictures.keep(person.page, address, scheme, width)
            assert person.page.evaluate("document.documentElement.scrollWidth") <= width, address
        person.goes(f"library/{stock.library}")
        person.presses("Edit")
        found += found_in(person)
        assert person.complaints == []
    assert found == []


def test_the_keyboard_is_enough(person: Person, stock: Stock) -> None:
    person.log_in()
    keyboard = person.page.keyboard
    keyboard.press("g")
    keyboard.press("l")
    person.sees_title("Libraries")
    person.sees("Images")
    keyboard.press("j")
    keyboard.press("Enter")
    person.sees_title("Images")
    person.sees("photon-5.0")
    keyboard.press("/")
    keyboard.type("nothing like this")
    person.sees("No item matches the filter")
    assert "filter=nothing+like+this" in person.page.url
    person.page.get_by_label("Filter").fill("")
    person.page.get_by_label("Filter").press("Tab")
    keyboard.press("j")
    keyboard.press("x")
    expect(person.page.locator("tbody tr td.select input").first).to_be_checked()
    keyboard.press("?")
    person.sees("Next row")
    keyboard.press("Escape")
    expect(person.page.get_by_role("dialog")).to_have_count(0)


def test_a_search_finds_items_of_all_libraries(person: Person, stock: Stock) -> None:
    person.log_in()
    person.follows("Search")
    person.page.get_by_label("Search all libraries").fill("phot")
    person.follows("photon-5.0")
    person.sees_title("photon-5.0")


def test_the_console_speaks_german(chromium: Browser, server: Running, stock: Stock) -> None:
    with Person(chromium, server.url, NAME, PASSWORD, {"locale": "de-DE"}) as person:
        person.page.goto(f"{server.url}/console")
        person.page.get_by_label("Benutzername").fill(NAME)
        person.page.get_by_label("Passwort").fill(PASSWORD)
        person.presses("Anmelden")
        person.sees_title("Übersicht")
        person.goes(f"item/{stock.item}")
        person.sees("Prüfsumme")
        assert person.page.locator("html").get_attribute("lang") == "de"
        assert person.complaints == []


def test_an_error_has_its_sentence_and_the_request(person: Person) -> None:
    person.page.goto(f"{person.url}/console")
    person.page.get_by_label("User name").fill(NAME)
    person.page.get_by_label("Password").fill("wrong")
    person.page.keyboard.press("Enter")
    problem = person.page.get_by_role("alert")
    expect(problem).to_contain_text("wrong user name or password")
    expect(problem).to_contain_text(re.compile(r"Request \w+-\w+"))


def test_an_error_says_what_to_do(person: Person, stock: Stock) -> None:
    person.log_in()
    person.goes("account")
    person.presses("Change password")
    dialog = person.page.get_by_role("dialog")
    dialog.get_by_label("Present password").fill(PASSWORD)
    dialog.get_by_label("New password").fill("short")
    dialog.get_by_role("button", name="Change password").click()
    expect(person.page.get_by_role("alert").locator(".remedy")).not_to_be_empty()
    expect(dialog.get_by_label("Present password")).to_have_value(PASSWORD)


def test_the_first_view_is_small(person: Person) -> None:
    sizes: list[int] = []
    person.page.on("response", lambda answer: sizes.append(int(answer.headers.get("content-length", 0))))
    person.log_in()
    assert 0 < sum(sizes) <= 120 * 1024
