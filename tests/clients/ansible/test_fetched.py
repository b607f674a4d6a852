from __future__ import annotations

import pytest

from clients.ansible.running import Play
from clients.content import IMAGE


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> list[Play]:
    return reports["fetched"]


@pytest.fixture(scope="module")
def faults(told: list[Play]) -> Play:
    return told[2]


@pytest.mark.parametrize("task", ["the ISO", "the descriptor", "the OVA"])
def test_what_is_fetched_is_fetched_once(task: str, told: list[Play]) -> None:
    assert told[0][task].changed
    assert told[1].quiet
    assert told[1][task].result["library_item"] == told[0][task].result["library_item"]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("disc", {"image.iso"}),
        ("package", {"tiny.ovf", "tiny.mf", "disk1.vmdk"}),
        ("archive", {"tiny.ovf", "tiny.mf", "disk1.vmdk"}),
    ],
)
def test_what_was_fetched_is_there(name: str, files: set[str], told: list[Play]) -> None:
    (item,) = [each for each in told[0]["all of the library"].result["library_item_info"] if each["name"] == name]
    assert {file["name"] for file in item["storage"]} == files
    assert name != "disc" or item["size"] == len(IMAGE)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("a file that is not there", "/another.iso answered 404"),
        ("a certificate of another thumbprint", "does not match"),
        ("a wrong checksum", "has SHA256 checksum "),
        ("an address where the server does not go", "requests to loopback address ::1 are blocked"),
    ],
)
def test_a_fault_of_what_the_server_fetches_is_told(task: str, said: str, faults: Play) -> None:
    assert faults[task].failed
    assert said in faults[task].msg
