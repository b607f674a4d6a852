"""The limits of libraries, users and tokens, and the certificates and settings of the server, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from certificates import make
from console.browser.person import NAME, Person
from console.browser.stock import Api
from processes import Running


@pytest.fixture(scope="module")
def api(server: Running) -> Iterator[Api]:
    calling = Api(server.url)
    yield calling
    calling.close()


def test_a_library_and_a_user_are_limited(person: Person, api: Api) -> None:
    library = api.library("limited")
    person.log_in()
    person.goes("server/quotas")
    person.in_row("limited", "Limit")
    person.answers("Save", Most_GiB="1.5", Most_items="7")
    person.sees("of 1.5 GiB")
    quota = api.done("GET", f"/api/contentlib/library/{library}/quota")
    assert (quota["bytes_limit"], quota["items_limit"]) == (3 << 29, 7)
    person.in_row(NAME, "Limit")
    person.answers("Save", Most_items="100")
    person.sees("of 100")
    person.in_row(NAME, "Limit")
    person.answers("Save", Most_items="")
    expect(person.page.get_by_role("row").filter(has_text=NAME)).not_to_contain_text("of 100")


def test_a_library_keeps_some_versions(person: Person, api: Api) -> None:
    library = api.library("kept")
    person.log_in()
    person.goes(f"library/{library}")
    person.presses_more("Versions to keep")
    person.fills(A_rule_of_its_own=True)
    person.answers("Save", Earlier_versions_of_an_item="3", Days_after_a_version_was_replaced="1.5")
    person.sees("3 versions, 1.5 days")
    kept = api.done("GET", f"/api/contentlib/library/{library}/retention")
    assert (kept["versions"], kept["seconds"]) == (3, 129_600)
    person.presses_more("Versions to keep")
    person.answers("Save", A_rule_of_its_own=False)
    expect(person.page.get_by_text("3 versions, 1.5 days")).to_have_count(0)
    assert not api.done("GET", f"/api/contentlib/library/{library}/retention")["own"]


def test_a_certificate_is_trusted_and_removed(person: Person, tmp_path: Path) -> None:
    person.log_in()
    person.goes("server/certificates")
    person.sees("No certificates")
    person.presses("Trust a certificate")
    person.answers("Trust", Certificate=make(tmp_path / "signer.pem", authority=True).pem)
    person.sees("CN=signer")
    person.in_row("CN=signer", "Remove")
    person.answers("Remove")
    person.sees("No certificates")
    assert person.complaints == []


def test_settings_show_where_they_come_from(person: Person) -> None:
    person.log_in()
    person.goes("server/settings")
    person.page.get_by_label("Filter", exact=True).fill("command line")
    expect(person.page.get_by_role("row").filter(has_text="data_dir")).to_be_visible()
    expect(person.page.get_by_role("row").filter(has_text="lease_seconds")).to_have_count(0)
    person.page.get_by_label("Filter", exact=True).fill("admin_password")
    expect(person.page.get_by_role("row").filter(has_text="admin_password")).to_contain_text("environment")
    assert person.password not in person.page.content()


def test_the_times_of_synchronizations_are_changed(person: Person, api: Api) -> None:
    person.log_in()
    person.goes("server/synchronization")
    person.presses("Edit")
    person.answers("Save", From="22", Until="5", Minutes_between_two_synchronizations="60")
    person.sees("22:00")
    found = api.done("GET", "/api/content/configuration")
    assert (found["automatic_sync_start_hour"], found["automatic_sync_stop_hour"]) == (22, 5)
    assert (found["automatic_sync_refresh_interval"], found["automatic_sync_enabled"]) == (60, True)
    person.presses("Edit")
    person.fills(From="24")
    person.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(person.page.get_by_role("alert")).to_contain_text("automatic_sync_start_hour")


def test_the_audit_log_is_verified(person: Person, api: Api) -> None:
    person.log_in()
    person.goes("audit")
    person.presses("Verify")
    person.answers("Verify")
    person.sees("are intact")
    head = person.page.get_by_role("dialog").locator("pre").inner_text()
    assert head == "{sequence}:{hash}".format(**api.done("GET", "/api/contentlib/access/audit/head"))
    person.answers("Done")
    person.presses("Verify")
    person.fills(Head_that_was_kept=f"{head.partition(':')[0]}:{'0' * 64}")
    person.page.get_by_role("dialog").get_by_role("button", name="Verify", exact=True).click()
    expect(person.page.get_by_role("alert")).to_contain_text("does not have the hash of the head that was given")


def test_a_token_is_limited_to_a_library(person: Person, api: Api) -> None:
    library = api.library("of the pipeline")
    person.log_in()
    person.goes("account")
    person.presses("Create token")
    person.answers("Create", Name="reader", Role="Content user", On="of the pipeline")
    person.answers("Done")
    person.sees("Content user")
    tokens = (
        api.done("GET", f"/api/contentlib/access/tokens/{each}") for each in api.done("GET", "/api/contentlib/access/tokens")
    )
    assert [(each["role"].lower(), each["libraries"]) for each in tokens] == [("content user", [library])]
