from __future__ import annotations

import pytest

from clients.ansible.running import Play
from clients.servers import DATASTORE, STORAGES


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> list[Play]:
    return reports["rest"]


@pytest.fixture(scope="module")
def info(told: list[Play]) -> Play:
    return told[6]


def test_the_configuration_is_set_once(told: list[Play]) -> None:
    assert told[0]["the configuration"].changed
    assert told[1].quiet


def test_the_configuration_is_what_was_set(info: Play) -> None:
    found = info["the configuration"].result["value"]
    assert found["automatic_sync_enabled"] is False
    assert (found["automatic_sync_start_hour"], found["maximum_concurrent_item_syncs"]) == (22, 7)


def test_a_library_is_made_once_on_the_datastore_of_a_name(told: list[Play]) -> None:
    first, again = (play["the library"] for play in told[2:4])
    assert first.changed
    assert [STORAGES[backing["datastore_id"]] for backing in first.result["value"]["storage_backings"]] == [DATASTORE]
    assert told[3].quiet
    assert again.result["value"] == first.result["value"]


def test_a_description_is_changed_once(told: list[Play]) -> None:
    assert told[4]["the library"].changed
    assert told[5].quiet


def test_libraries_are_listed_and_read(info: Play) -> None:
    (library,) = info["the libraries"].result["value"]
    assert (library["name"], library["description"], library["publish_info"]["published"]) == ("rest", "", True)
    assert info["the local libraries"].result["value"] == [library]
    assert info["a library"].result["value"] == library


def test_an_item_is_read(info: Play) -> None:
    item = info["the item"].result["value"]
    assert (item["name"], item["type"]) == ("disc", "iso")
    assert item["id"] == info["an item"].result["library_item"]["id"]


def test_the_items_of_a_library_cannot_be_asked_for_as_the_module_asks(info: Play) -> None:
    """It asks for `?library_id?library_id=…`; its successor in vmware.vmware does not."""
    asked = info["the items of a library"]
    assert asked.failed
    assert asked.result["value"]["messages"][0]["default_message"] == (
        "'library_id?library_id' is not a query parameter of com.vmware.content.library.item.list; allowed: library_id"
    )


def test_the_inventory_is_there_to_look_up(info: Play) -> None:
    assert [found["name"] for found in info["the datacenters"].result["value"]] == ["Datacenter"]
    assert {found["type"] for found in info["the folders"].result["value"]} >= {"DATACENTER", "DATASTORE"}


def test_a_published_library_that_nobody_was_noted_for_has_no_subscriptions(info: Play) -> None:
    asked = info["the subscriptions of a library"]
    assert (asked.failed, asked.result["value"]) == (False, [])


def test_a_library_follows_another_one_once(told: list[Play]) -> None:
    assert told[7]["the library"].changed
    assert told[8].quiet


@pytest.mark.parametrize("task", ["sync", "evict", "the library"])
def test_a_library_that_follows_is_synchronized_emptied_and_deleted(told: list[Play], task: str) -> None:
    assert not told[9][task].failed


def test_a_library_is_deleted_once(told: list[Play]) -> None:
    assert told[10]["the library"].changed
    assert told[11].quiet
