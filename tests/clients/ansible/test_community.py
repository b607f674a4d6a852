from __future__ import annotations

import pytest

from clients.ansible.running import Play


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> list[Play]:
    return reports["community"]


@pytest.mark.parametrize("library", ["the library", "the subscribed library"])
def test_a_library_is_made_once_and_changed_once(told: list[Play], library: str) -> None:
    """The module compares descriptions, the address, the thumbprint in lower case, and whether content comes on demand."""
    assert [play[library].changed for play in told[:4]] == [True, False, True, False]


def test_what_is_said_of_a_library_is_all_that_the_module_reads(told: list[Play]) -> None:
    (found,) = told[3]["what is said of it"].result["content_lib_details"]
    assert (found["library_name"], found["library_type"], found["library_description"]) == ("images", "LOCAL", "other")
    assert found["library_publish_info"]["published"] is False


def test_a_thumbprint_that_is_another_is_told_by_the_sentence_that_the_module_adds(told: list[Play]) -> None:
    refused = told[0]["another thumbprint"]
    assert (refused.failed, refused.changed) == (True, False)
    assert refused.msg.startswith("vCenter Failed to make connection to https://")
    assert "does not match" in refused.msg


@pytest.mark.parametrize("library", ["the library", "the subscribed library"])
def test_a_library_is_deleted_once(told: list[Play], library: str) -> None:
    assert [play[library].changed for play in told[4:]] == [True, False]
