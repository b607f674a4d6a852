"""The exit codes that docs/guide/cli.md lists, and completion in a real shell."""

from __future__ import annotations

import re
import subprocess

import pytest

from client.commands import Terminal
from contentlib.client.profiles import Profile, Profiles
from docs.reading import DOCS
from processes import CONTENTLIB, ENVIRONMENT, PATIENCE_SECONDS

INTERRUPTED = 130
"""Tested where a command is interrupted: test_interrupts.py, test_hard_cases.py."""

CASES = {
    0: ["profiles"],
    1: ["call", "no.such.operation"],
    2: ["library", "ls", "--no-such-option"],
    3: ["library", "rm", "no such library", "--yes"],
    4: ["library", "ls", "--profile", "ended"],
    5: ["library", "ls", "--profile", "nowhere"],
}


def test_all_codes_of_the_guide_are_tested() -> None:
    section = (DOCS / "guide" / "cli.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} == {*CASES, INTERRUPTED}


@pytest.mark.parametrize("code", CASES)
def test_a_command_ends_with_its_code(terminal: Terminal, code: int) -> None:
    profiles = Profiles(terminal.home / "config" / "contentlib" / "profiles.json")
    profiles.put("ended", Profile(terminal.url, session="0" * 64))
    profiles.put("nowhere", Profile("http://127.0.0.1:9", session="0" * 64))
    ended = terminal.run(*CASES[code])
    assert ended.code == code, ended.err
    assert (ended.err == "") == (code == 0)


@pytest.mark.parametrize(("typed", "words"), [("libr", {"library"}), ("tok", {"token", "tokens"})])
def test_bash_completes_commands(typed: str, words: set[str]) -> None:
    script = f'''
        source <("{CONTENTLIB}" completion bash)
        COMP_WORDS=(contentlib {typed}) COMP_CWORD=1
        _contentlib_completion "{CONTENTLIB}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    '''
    ended = subprocess.run(
        ["bash", "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS
    )
    assert set(ended.stdout.split()) == words


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_there_is_a_script_for_other_shells(terminal: Terminal, shell: str) -> None:
    assert "_CONTENTLIB_COMPLETE" in terminal.done("completion", shell)
