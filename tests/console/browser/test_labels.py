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


def test_tags_are_attached_and_detached(person: Person, api: Api) -> None:
    library = api.library("tagged")
    item = api.item(library, "alma-9")
    spec = {"cardinality": "MULTIPLE", "associable_types": ["com.vmware.content.library.Item"], "description": ""}
    category = api.done("POST", "/api/cis/tagging/category", {"name": "system", **spec})
    api.done("POST", "/api/cis/tagging/tag", {"name": "linux", "description": "runs Linux", "category_id": category})
    person.log_in()
    person.goes(f"item/{item}")
    person.presses("Attach tag")
    person.answers("Attach tag", Tag="system: linux")
    person.sees("system: linux")
    person.follows("system: linux")
    person.sees_title("Search")
    person.follows("alma-9")
    person.presses("Detach tag")
    person.answers("Detach tag", Tag="system: linux")
    expect(person.page.get_by_text("system: linux")).to_have_count(0)
    person.goes(f"library/{library}")
    person.presses("Attach tag")
    person.sees("There is no other tag.")
    assert person.complaints == []


def test_tags_and_categories_are_made_changed_and_deleted(person: Person, api: Api) -> None:
    item = api.item(api.library("shelved"), "fedora-42")
    person.log_in()
    person.goes("tags")
    person.presses("Create category")
    person.answers("Create", Name="stage", For_Items=True)
    person.presses("Create tag")
    person.answers("Create", Category="stage", Name="tset", Description="not for work")
    person.in_row("tset", "Edit")
    person.answers("Save", Name="test")
    person.goes(f"item/{item}")
    person.presses("Attach tag")
    person.answers("Attach tag", Tag="stage: test")
    person.goes("tags")
    person.in_row("not for work", "Delete")
    person.sees("It is removed from 1 library or item")
    person.page.keyboard.press("Escape")
    categories = person.page.get_by_role("region", name="Categories").get_by_role("row")
    categories.filter(has_text="stage").get_by_role("button", name="Edit").click()
    person.answers("Save", Description="of an image", For_Libraries=True)
    expect(categories.filter(has_text="of an image")).to_contain_text("Libraries, Items")
    person.in_row("of an image", "Delete")
    person.sees("Its 1 tag is deleted with it. It is removed from 1 library or item")
    person.answers("Delete")
    expect(person.page.get_by_role("row").filter(has_text="stage")).to_have_count(0)
    assert person.complaints == []
