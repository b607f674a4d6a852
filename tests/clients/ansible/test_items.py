from __future__ import annotations

import hashlib
from typing import Any

import pytest

from clients.ansible.running import Play
from clients.content import IMAGE


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> list[Play]:
    return reports["items"]


def items(told: list[Play], task: str) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in told[2][task].result["library_item_info"]}


def files(item: dict[str, Any]) -> dict[str, int]:
    return {file["name"]: file["size"] for file in item["storage"]}


@pytest.mark.parametrize("task", ["the ISO", "the OVF folder", "the OVA"])
def test_what_is_sent_is_sent_once(task: str, told: list[Play]) -> None:
    assert told[0][task].changed
    assert not told[1][task].changed
    assert told[1][task].result["library_item"] == told[0][task].result["library_item"]


def test_a_second_run_has_nothing_to_do(told: list[Play]) -> None:
    assert told[1].quiet


def test_an_iso_is_there_as_it_was_sent(told: list[Play]) -> None:
    item = items(told, "all of a library")["disc"]
    (file,) = item["storage"]
    assert (item["type"], item["size"], file["name"]) == ("iso", len(IMAGE), "image.iso")
    assert file["checksum_info"] == {"algorithm": "SHA256", "checksum": hashlib.sha256(IMAGE).hexdigest()}


def test_of_a_folder_the_descriptor_and_the_disk_are_sent(told: list[Play]) -> None:
    item = items(told, "all of a library")["folder"]
    assert item["type"] == "ovf"
    assert set(files(item)) == {"tiny.ovf", "disk1.vmdk"}


def test_an_ova_is_unpacked(told: list[Play]) -> None:
    item = items(told, "all of a library")["archive"]
    assert item["type"] == "ovf"
    assert set(files(item)) == {"tiny.ovf", "tiny.mf", "disk1.vmdk"}


def test_an_item_is_found_by_its_name(told: list[Play]) -> None:
    assert items(told, "one by its name") == {"archive": items(told, "all of a library")["archive"]}


def test_items_are_deleted_once(told: list[Play]) -> None:
    assert told[3]["the ISO"].changed
    assert told[3]["the OVA"].changed
    assert told[4].quiet
