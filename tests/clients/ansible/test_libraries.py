from __future__ import annotations

import pytest

from clients.ansible.running import Play


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> list[Play]:
    return reports["libraries"]


def test_a_library_is_made_once(told: list[Play]) -> None:
    first, again = (play["the library"] for play in told[0:2])
    assert first.changed
    assert again.result["library"] == first.result["library"]
    assert told[1].quiet


def test_a_description_is_changed_once_to_an_empty_one(told: list[Play]) -> None:
    assert told[2]["the library"].changed
    assert told[3].quiet


def test_a_library_is_published_once_with_a_password(told: list[Play]) -> None:
    published = told[4]["the library"]
    assert published.changed
    library = published.result["library"]
    assert library["publish_url"].endswith(f"/cls/vcsp/lib/{library['id']}/lib.json")
    assert told[5].quiet
    assert told[5]["the library"].result["library"] == library


def test_the_password_of_a_published_library_is_changed_with_the_one_that_it_has(told: list[Play]) -> None:
    assert told[6]["with the password that it has"].changed
    assert not told[6]["with nothing to change"].changed


def test_the_password_of_a_published_library_is_not_changed_with_one_that_it_had(told: list[Play]) -> None:
    refused = told[6]["with the password that it had"]
    assert refused.failed
    assert "current_password is wrong" in refused.msg


def test_a_library_is_published_no_more(told: list[Play]) -> None:
    assert told[7]["the library"].changed


def test_a_library_is_deleted_once(told: list[Play]) -> None:
    assert told[8]["the library"].changed
    assert told[9].quiet
