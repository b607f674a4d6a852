"""`contentlib doctor`, at servers that work and at some that do not."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from client.commands import Terminal
from contentlib.client.profiles import Profile, Profiles
from processes import CONTENTLIB, ENVIRONMENT, PATIENCE_SECONDS


def checked(terminal: Terminal, **changes: Any) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code and the results of the checks, of a profile with changes."""
    profiles = Profiles(terminal.home / "config" / "contentlib" / "profiles.json")
    given = profiles.get("default")
    profiles.put("doctor", Profile(**{"url": given.url, "session": given.session} | changes))
    ended = terminal.run("doctor", "--profile", "doctor", "--json")
    return ended.code, {each["check"]: each for each in json.loads(ended.out)}


def test_an_installation_that_works_is_said_to_work(terminal: Terminal) -> None:
    code, found = checked(terminal)
    assert code == 0
    warned = {name for name, each in found.items() if each["state"] != "ok"}
    assert (len(found), warned) == (8, {"certificate"})
    assert found["certificate"]["advice"] == "Log in again with the https URL."
    assert "contentlib doctor" not in terminal.done("library", "ls")
    assert "contentlib doctor" not in terminal.done("trash", "ls")


def test_published_libraries_are_read_at_their_address(terminal: Terminal) -> None:
    terminal.done("library", "create", "published for doctor")
    terminal.done("library", "publish", "published for doctor")
    _, found = checked(terminal)
    terminal.done("library", "rm", "published for doctor", "--yes")
    assert found["publishing"]["found"].endswith(" published libraries can be read")
    assert not found["publishing"]["found"].startswith("0 ")


def test_what_fails_says_what_to_do(terminal: Terminal) -> None:
    code, found = checked(terminal, session="0" * 64)
    assert (code, found["login"]["state"], found["login"]["advice"]) == (1, "failed", "Log in again.")
    assert found["transfer"] == {"check": "transfer", "state": "skipped", "found": "because of login", "advice": ""}
    code, found = checked(terminal, url="http://127.0.0.1:9")
    assert (code, found["server"]["advice"]) == (1, "Check that the server runs, and what its log says.")


def test_an_interrupt_says_how_to_continue(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        profiles = Profiles(tmp_path / "contentlib" / "profiles.json")
        profiles.put("default", Profile(f"http://127.0.0.1:{silent.getsockname()[1]}"))
        with subprocess.Popen(
            [CONTENTLIB, "library", "ls"],
            env=ENVIRONMENT | {"XDG_CONFIG_HOME": str(tmp_path)},
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            connected, _ = silent.accept()
            running.send_signal(signal.SIGINT)
            _, said = running.communicate(timeout=PATIENCE_SECONDS)
            connected.close()
    assert (running.returncode, said) == (130, "contentlib: interrupted; run the same command again to continue\n")
