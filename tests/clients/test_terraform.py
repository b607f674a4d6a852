"""Terraform's provider, by its own calls in its own order: apply, plan, data sources, destroy."""

from __future__ import annotations

import pytest

from clients.conftest import Journey
from clients.content import IMAGE
from clients.test_govmomi import data


def test_the_provider_logs_in_over_tls_and_keeps_the_session_alive(terraform: Journey) -> None:
    step = terraform["configure: SOAP"]
    assert step.ok, step.error
    assert step.calls[:2] == ["RetrieveServiceContent", "Login"]
    assert set(step.calls[2:]) == {"CurrentTime"}


def test_the_rest_session_is_saved(terraform: Journey) -> None:
    assert terraform["configure: REST"].ok, terraform["configure: REST"].error
    assert data(terraform["the saved session is used again"]) is True


def test_the_checks_of_name_version_and_build_pass(terraform: Journey) -> None:
    """The provider panics where a part of the version or the build is no number."""
    assert "contentlib" in str(data(terraform["configure: the checks of about"]))


def test_the_policy_service_answers(terraform: Journey) -> None:
    assert data(terraform["configure: PBM and vSAN"]) == "PBM"


def test_datacenter_and_datastore_are_looked_up(terraform: Journey) -> None:
    found = data(terraform["data vsphere_datacenter and vsphere_datastore"])
    assert found == {"datacenter": "datacenter-1", "datastore": "datastore-7", "capacity": True}


def test_a_library_is_created_and_read_as_it_was_configured(terraform: Journey) -> None:
    read = data(terraform["apply vsphere_content_library"])
    assert isinstance(read, dict)
    assert (read["name"], read["description"], read["storage_backing"]) == ("terraform's library", "", ["datastore-7"])
    assert (read["publication"]["published"], read["publication"]["authentication_method"]) == (False, "NONE")


@pytest.mark.parametrize(
    ("file", "sizes"),
    [
        ("image.iso", {"image.iso": len(IMAGE)}),
        ("tiny.ovf", {"tiny.ovf": 511, "disk1.vmdk": 256_000}),
        ("tiny.ova", {"tiny.ovf": 511, "disk1.vmdk": 256_000}),
    ],
)
def test_an_item_is_created_from_a_local_file(terraform: Journey, file: str, sizes: dict[str, int]) -> None:
    assert data(terraform[f"apply vsphere_content_library_item {file}"]) == sizes


@pytest.mark.parametrize(
    ("file", "sizes"),
    [
        ("image.iso", {"image.iso": len(IMAGE)}),
        ("tiny.ovf", {"tiny.ovf": 511, "tiny.mf": 116, "disk1.vmdk": 256_000}),
        ("tiny.ova", {"tiny.ovf": 511, "disk1.vmdk": 256_000}),
    ],
)
def test_an_item_is_created_from_an_address(terraform: Journey, file: str, sizes: dict[str, int]) -> None:
    """The provider waits for the session's end before it completes it; a descriptor brings its disks and its manifest along."""
    step = terraform[f"apply vsphere_content_library_item from the address of {file}"]
    assert data(step) == sizes
    completes = [n for n, call in enumerate(step.calls) if call.endswith("~action=complete")]
    looks = [n for n, call in enumerate(step.calls) if "GET /rest/com/vmware/content/library/item/update-session/" in call]
    assert len(completes) == 1
    assert all(look < completes[0] for look in looks)
    assert bool(looks) is not file.endswith(".ova")


def test_a_second_plan_finds_no_difference(terraform: Journey) -> None:
    assert data(terraform["plan again"]) == []


def test_after_an_import_a_plan_changes_only_what_the_provider_cannot_read(terraform: Journey) -> None:
    """A password is never answered, and where a file came from is not kept."""
    assert data(terraform["import and plan"]) == ["publication.password", "file_url"]


def test_the_data_sources_find_library_and_item_by_name(terraform: Journey) -> None:
    found = data(terraform["data vsphere_content_library and vsphere_content_library_item"])
    assert found == {"library": True, "item": True, "type": "iso"}


def test_what_was_destroyed_is_missing_by_the_text_that_the_provider_matches(terraform: Journey) -> None:
    gone = data(terraform["destroy"])
    assert isinstance(gone, list)
    assert len(gone) == 2
    assert all("404 Not Found" in each for each in gone)


def test_an_ended_saved_session_is_replaced_by_a_new_one(terraform: Journey) -> None:
    """A fault in place of an empty session would end `terraform plan`."""
    step = terraform["an ended saved session is replaced"]
    assert step.ok, step.error
    assert step.calls.count("POST /rest/com/vmware/cis/session?~action=get") >= 1
    assert step.calls.count("POST /rest/com/vmware/cis/session") == 1
