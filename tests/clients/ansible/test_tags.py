from __future__ import annotations

import pytest

from clients.ansible.running import Play


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> list[Play]:
    return reports["tags"]


MADE = ("a category", "another category", "a tag", "other tags", "a tag of a datastore", "another tag of a datastore")


@pytest.mark.parametrize("task", MADE)
def test_categories_tags_and_attachments_are_made_once(told: list[Play], task: str) -> None:
    assert [play[task].changed for play in told[:2]] == [True, False]


def test_what_there_is_is_all_that_the_modules_read(told: list[Play]) -> None:
    assert told[1].quiet
    categories = told[1]["what categories there are"].result["tag_category_info"]
    found = {each["category_name"]: (each["category_cardinality"], each["category_description"]) for each in categories}
    assert found == {"system": ("MULTIPLE", "for all"), "stage": ("SINGLE", "for all")}
    tags = told[1]["what tags there are"].result["tag_info"]
    assert {each["tag_name"] for each in tags} == {"linux", "tested", "released"}


def test_the_tags_of_an_object_are_told(told: list[Play]) -> None:
    status = told[1]["a tag of a datastore"].result["tag_status"]
    assert sorted(each.rpartition(":")[2] for each in status["current_tags"]) == ["linux", "tested"]
    assert (status["attached_tags"], status["detached_tags"]) == ([], [])


@pytest.mark.parametrize("task", ["no tag of a datastore", "no tag", "no other category", "no category"])
def test_attachments_tags_and_categories_are_removed(told: list[Play], task: str) -> None:
    assert told[2][task].changed


# packages


def test_a_package_says_what_a_deployment_can_choose(reports: dict[str, list[Play]]) -> None:
    (play,) = reports["packages"]
    found = play["what it asks for"]
    assert (found.failed, found.result["value"]["networks"], found.result["value"]["name"]) == (False, ["VM Network"], "tiny")


def test_a_deployment_is_refused_with_where_to_deploy_from(reports: dict[str, list[Play]]) -> None:
    (play,) = reports["packages"]
    refused = play["a deployment"].result["value"]
    assert refused["error_type"] == "UNSUPPORTED"
    assert refused["messages"][0]["default_message"].endswith("because this server has no hosts; deploy it from a vCenter")
