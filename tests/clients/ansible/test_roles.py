"""Playbooks with an API token as password, as users with roles on one library."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.ansible.running import Play
from clients.roles import PUBLISHER, READER, user_of

PAGE = (Path(__file__).parents[3] / "docs" / "guide" / "clients" / "ansible.md").read_text()
READING = ("the library over REST", "the libraries by community.vmware")
PUBLISHING = ("an ISO", "an OVA")
MANAGING = ("a new library", "a new library by community.vmware", "a description over REST")


@pytest.fixture(scope="module")
def told(reports: dict[str, list[Play]]) -> dict[str, Play]:
    return dict(zip((PUBLISHER, READER), reports["roles"], strict=True))


def said(play: Play, task: str) -> str:
    """What a user reads of the server's message; over REST it is beside that of the module."""
    if play[task].msg != "Task failed: Module failed: Unknown error.":
        return play[task].msg
    return str(play[task].result["value"]["messages"][0]["default_message"])


@pytest.mark.parametrize("role", [PUBLISHER, READER])
@pytest.mark.parametrize("task", READING)
def test_all_read(told: dict[str, Play], role: str, task: str) -> None:
    assert not told[role][task].failed, told[role][task].msg


@pytest.mark.parametrize("task", PUBLISHING)
def test_a_publisher_imports_what_a_reader_may_not(told: dict[str, Play], task: str) -> None:
    assert told[PUBLISHER][task].changed
    assert told[READER][task].failed
    assert f"user {user_of(READER)}@vsphere.local needs the privilege ContentLibrary.AddLibraryItem" in said(told[READER], task)


def test_the_items_are_listed_with_their_storage_which_a_reader_may_not_see(told: dict[str, Play]) -> None:
    assert not told[PUBLISHER]["the items"].failed
    assert "needs the privilege ContentLibrary.ReadStorage" in said(told[READER], "the items")
    assert "ContentLibrary.ReadStorage" in PAGE


@pytest.mark.parametrize("role", [PUBLISHER, READER])
@pytest.mark.parametrize("task", MANAGING)
def test_none_manages_libraries(told: dict[str, Play], role: str, task: str) -> None:
    privilege = "ContentLibrary.UpdateLocalLibrary" if "REST" in task else "ContentLibrary.CreateLocalLibrary"
    assert told[role][task].failed
    assert f"needs the privilege {privilege}" in said(told[role], task)


def test_the_page_quotes_what_is_said() -> None:
    assert "`user USER needs the privilege PRIVILEGE on TYPE 'ID' for OPERATION`" in PAGE
