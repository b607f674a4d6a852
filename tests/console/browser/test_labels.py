"""Notes and labels, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from console.browser.person import Person
from console.browser.stock import Api
from processes import Running


@pytest.fixture(scope="module")
def api(server: Running) -> Iterator[Api]:
    calling = Api(server.url)
    yield calling
    calling.close()


def test_notes_and_labels_are_added_and_found(person: Person, api: Api) -> None:
    library = api.library("labeled")
    item = api.item(library, "debian-12")
    person.log_in()
    person.goes(f"item/{item}")
    person.presses("Add notes or labels")
    person.answers("Save", Notes="Ask Robin.", Labels="env=prod\nkeep")
    person.sees("Ask Robin.")
    person.follows("env=prod")
    person.sees_title("Search")
    expect(person.page.get_by_label("Label", exact=True)).to_have_value("env=prod")
    person.follows("debian-12")
    person.sees_title("debian-12")
    assert api.done("GET", f"/api/contentlib/library/item/{item}/labels") == {
        "notes": "Ask Robin.",
        "labels": [{"key": "env", "value": "prod"}, {"key": "keep", "value": ""}],
    }
    assert person.complaints == []


def test_an_edit_leaves_what_another_has_changed_meanwhile(person: Person, api: Api) -> None:
    library = api.library("shared")
    labels = f"/api/contentlib/library/{library}/labels"
    api.done("PUT", labels, {"notes": "ours", "labels": [{"key": "env", "value": "test"}, {"key": "old", "value": ""}]})
    person.log_in()
    person.goes(f"library/{library}")
    person.presses("Edit notes and labels")
    api.done("PATCH", labels, {"notes": "theirs", "labels": [{"key": "team", "value": "blue"}]})
    person.answers("Save", Labels="env=prod")
    person.sees("theirs")
    found = {"notes": "theirs", "labels": [{"key": "env", "value": "prod"}, {"key": "team", "value": "blue"}]}
    assert api.done("GET", labels) == found


def test_several_items_are_labeled_at_once(person: Person, api: Api) -> None:
    library = api.library("many")
    items = [api.item(library, name) for name in ("one", "two", "three")]
    person.log_in()
    person.goes(f"library/{library}")
    for name in ("one", "two"):
        person.page.get_by_label(f"Select: {name}").check()
    person.page.get_by_role("group", name="2 selected").get_by_role("button", name="Label", exact=True).click()
    person.answers("Save", Add_labels="site=berlin")
    expect(person.page.get_by_role("link", name="site=berlin")).to_have_count(2)
    person.page.get_by_label("Filter", exact=True).fill("berlin")
    person.sees("2 items")
    person.page.get_by_label("Select: one").check()
    person.page.get_by_role("group", name="1 selected").get_by_role("button", name="Label", exact=True).click()
    person.answers("Save", Remove_the_label="site")
    person.sees("1 item")
    found = [api.done("GET", f"/api/contentlib/library/item/{each}/labels")["labels"] for each in items]
    assert found == [[], [{"key": "site", "value": "berlin"}], []]


def test_a_label_that_is_refused_stays_in_the_dialog(person: Person, api: Api) -> None:
    item = api.item(api.library("wrong"), "debian-12")
    person.log_in()
    person.goes(f"item/{item}")
    person.presses("Add notes or labels")
    person.fills(Labels="not a key=1")
    person.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(person.page.get_by_role("alert")).to_contain_text("spec.labels.key must be")
    expect(person.page.get_by_role("dialog").get_by_label("Labels")).to_have_value("not a key=1")
