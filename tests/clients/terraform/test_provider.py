"""Terraform 1.0.3 and its provider `vsphere` 2.0.2, both as they are released, against a server."""

from __future__ import annotations

from typing import Any

import pytest

from clients.conftest import Journey
from clients.content import IMAGE
from clients.coverage import Recorder
from clients.terraform.running import PUBLICATION_PASSWORD

Ran = dict[str, Any]
PACKAGE = {"tiny.ovf": 511, "disk1.vmdk": 256_000}
REPLACED = ["delete", "create"]
CREATED = {"actions": ["create"], "because": []}


def resource(ran: Ran, name: str) -> Any:
    return ran["state"][f"vsphere_content_{name}"]


def test_the_provider_comes_from_a_mirror_and_everything_is_created(ran: Ran) -> None:
    assert "Installed hashicorp/vsphere v2.0.2 (unauthenticated)" in ran["init"]["said"]
    assert "Apply complete! Resources: 10 added, 0 changed, 0 destroyed." in ran["apply"]["said"]


@pytest.mark.parametrize(
    ("item", "files"),
    [
        ("package", PACKAGE),
        ("archive", PACKAGE),
        ("fetched_archive", PACKAGE),
        ("fetched_package", PACKAGE | {"tiny.mf": 116}),
        ("fetched_image", {"image.iso": len(IMAGE)}),
    ],
)
def test_an_item_has_the_files_that_are_named(ran: Ran, item: str, files: dict[str, int]) -> None:
    assert ran["sizes"][item] == files


def test_a_library_is_published_with_its_password(ran: Ran) -> None:
    publication = resource(ran, "library.published")["publication"][0]
    assert publication["password"] == PUBLICATION_PASSWORD
    assert (ran["published without a password"], ran["published"]) == (401, "published")


def test_a_library_follows_it(ran: Ran) -> None:
    subscription = resource(ran, "library.mirror")["subscription"][0]
    assert subscription["subscription_url"] == resource(ran, "library.published")["publication"][0]["publish_url"]
    assert ran["mirrored"]


def test_data_sources_find_library_and_item_by_name(ran: Ran) -> None:
    found = ran["state"]["data.vsphere_content_library_item.found"]
    assert ran["state"]["data.vsphere_content_library.found"]["id"] == resource(ran, "library.published")["id"]
    assert found["id"] == resource(ran, "library_item.archive")["id"]


def test_a_second_plan_changes_nothing(ran: Ran) -> None:
    assert ran["second plan"] == {}


def test_libraries_items_and_tags_are_imported(ran: Ran) -> None:
    assert [each["said"] for each in ran["imports"] if not each["ok"]] == []


def test_after_an_import_a_plan_replaces_only_for_what_the_provider_cannot_read(ran: Ran) -> None:
    """A password is never answered, and where a file came from is not kept. What depends on a replaced library follows it."""
    because = {name: change["because"] for name, change in ran["plan after import"].items() if change["actions"] == REPLACED}
    assert because == {
        "vsphere_content_library.published": ["publication.0.password"],
        "vsphere_content_library.mirror": ["subscription.0.password", "subscription.0.subscription_url"],
        "vsphere_content_library_item.package": ["file_url"],
        "vsphere_content_library_item.archive": ["file_url", "library_id"],
    }


def test_with_those_ignored_an_imported_resource_is_not_changed(ran: Ran) -> None:
    assert ran["plan that ignores"] == {
        f"vsphere_content_library_item.fetched_{name}": CREATED for name in ("archive", "image", "package")
    }


def test_what_others_removed_is_created_again(ran: Ran) -> None:
    assert ran["plan after a loss"] == {"vsphere_content_library_item.package": CREATED}
    assert ran["apply after a loss"]["ok"]


def test_the_provider_replaces_a_library_for_a_new_description(ran: Ran) -> None:
    assert ran["plan of a change"] == {"actions": REPLACED, "because": ["description"]}


def test_this_version_of_the_provider_cannot_read_a_local_image(ran: Ran) -> None:
    assert "Error: failed to parse ovf" in ran["a local ISO"]["said"]
    assert "already used" not in ran["a local ISO again"]["said"]


def test_what_needs_hosts_is_not_found(ran: Ran) -> None:
    assert "resource pool 'Resources' not found" in ran["a resource pool"]["said"]


def test_everything_is_destroyed(ran: Ran) -> None:
    assert "Destroy complete! Resources: 10 destroyed." in ran["destroy"]["said"]
    assert ran["left"] == []


def test_the_record_is_what_the_provider_called(ran: Ran, terraform: Journey, request: pytest.FixtureRequest) -> None:
    """By itself, and where newer versions are replayed."""
    replayed = [call for step in terraform.values() if step.ok for call in step.calls]
    Recorder.of(request.config).agree("Terraform", [*replayed, *ran["calls"]])
