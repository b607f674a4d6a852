"""The commands of docs/guide/cli.md, run in the order of the page."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from client.commands import Terminal
from client.making import content, written
from docs.reading import DOCS, blocks
from processes import Running
from whole import PASSWORD

PAGE = DOCS / "guide" / "cli.md"
URL = "https://images.example.com:8443"
_COMMAND = re.compile(r"^\$ contentlib (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """The commands of the page, each with what it is said to print."""
    return _COMMAND.findall("".join(text for language, text in blocks(PAGE) if language == "console"))


def pattern(said: str) -> str:
    """What is printed, whatever the numbers and ids are, and however wide the columns."""
    parts = [re.sub(r"\d+", r"\\d+", re.escape(part)) for part in re.split(r"[0-9a-f]{8}-…", said)]
    return re.sub(r"(?:\\ ){2,}", " {2,}", ".+".join(parts))


def test_the_commands_of_the_guide_print_what_it_shows(
    server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(written(tmp_path, {"debian.iso": content(3 << 20), "images/debian.iso": content(3 << 20)}))
    terminal = Terminal(tmp_path / "home")
    found = commands()
    assert len(found) == len(re.findall(r"^\$ ", PAGE.read_text(), re.MULTILINE)) > 20
    for line, said in found:
        ended = terminal.run(*shlex.split(line.replace(URL, server.url)), stdin=f"{PASSWORD}\n")
        assert ended.code == 0, (line, ended.err)
        said = said.replace("Password:\n", "Password:")  # nobody has pressed Enter
        printed = (ended.err if line.startswith("login") else ended.out).replace(server.url, URL)
        if line != "doctor":  # the server of the test has another name, and no certificate
            compare = re.search if line.endswith(" ls") else re.fullmatch  # other tests have libraries at the same server
            assert not said or compare(pattern(said), printed), (said, printed)
    assert (tmp_path / "out" / "debian.iso").read_bytes() == content(3 << 20)
