"""What docs/guide/clients/ansible.md shows is what is played and what is said."""

from __future__ import annotations

import re

import pytest

from clients.ansible.running import INVENTORY, Play
from docs.reading import DOCS, blocks, section

PAGE = DOCS / "guide" / "clients" / "ansible.md"
_ROWS = re.findall(r"^\| [^|`]+ \| (.+) \|$", section(PAGE, "Error messages"), re.MULTILINE)
_ELSEWHERE = ("msg", "user USER ")  # the second is what users without a privilege hear: test_roles.py
_QUOTED = [said for told in _ROWS for said in re.findall("`([^`]+)`", told) if not said.startswith(_ELSEWHERE)]
_VARYING = {
    "N": r"\d+",
    "NAME": r"\S+",
    "SUM": r"[0-9a-f]+",
    "ID": r"[0-9a-f-]+",
    "URL": r"\S+",
    "datastore-1": r"datastore-\d",
}


def test_the_guide_shows_the_inventory_and_a_playbook_that_are_played() -> None:
    shown = [text for language, text in blocks(PAGE) if language == "yaml"]
    assert shown == [file.read_text() for file in (INVENTORY, INVENTORY.with_name("guide.yml"))]


def test_the_playbook_of_the_guide_changes_nothing_the_second_time(reports: dict[str, list[Play]]) -> None:
    first, again = reports["fetched"][3:]
    assert all(task.changed for task in first.values())
    assert again.quiet


@pytest.mark.parametrize("said", _QUOTED)
def test_what_the_guide_quotes_is_said(said: str, reports: dict[str, list[Play]]) -> None:
    heard = [task.msg for plays in reports.values() for play in plays for task in play.values() if task.failed]
    pattern = "".join(_VARYING.get(word, re.escape(word)) for word in re.split(r"\b(N|NAME|SUM|ID|URL|datastore-1)\b", said))
    assert any(re.search(pattern, msg) for msg in heard)
