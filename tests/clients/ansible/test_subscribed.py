from __future__ import annotations

import pytest

from clients.ansible.running import Play
from clients.content import IMAGE


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> list[Play]:
    return reports["subscribed"]


def test_a_library_follows_another_one_once(told: list[Play]) -> None:
    """The second run compares the address, the thumbprint, and whether content comes on demand."""
    assert told[0]["the subscribed library"].changed
    assert told[1].quiet


def test_the_item_is_there_as_its_publisher_has_it(told: list[Play]) -> None:
    (item,) = told[2]["the item"].result["library_item_info"]
    assert (item["name"], item["type"], item["size"]) == ("disc", "iso", len(IMAGE))


def test_a_subscribed_library_is_deleted_once(told: list[Play]) -> None:
    assert told[3]["the subscribed library"].changed
    assert told[4].quiet
