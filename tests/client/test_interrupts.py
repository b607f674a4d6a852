"""Ctrl-C ends a command at once, whatever it waits for, and says how to continue."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

from contentlib.client.profiles import Profile, Profiles
from processes import CONTENTLIB, ENVIRONMENT, PATIENCE_SECONDS

SAID = "contentlib: interrupted; run the same command again to continue\n"
LOOKING_UP = """
import socket, threading
def looked_up(*_, **__):
    print("looking up", flush=True)
    threading.Event().wait()
socket.getaddrinfo = looked_up
from contentlib.cli import main
main()
"""
"""The program on a machine whose name server does not answer."""


def begun(home: Path, url: str, *command: str) -> subprocess.Popen[str]:
    """A command that lists the libraries of a server."""
    Profiles(home / "contentlib" / "profiles.json").put("default", Profile(url))
    environment = ENVIRONMENT | {"XDG_CONFIG_HOME": str(home)}
    program = [*command, "library", "ls"]
    return subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def interrupted(running: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit code of a command after Ctrl-C, and what it has printed."""
    running.send_signal(signal.SIGINT)
    try:
        _, said = running.communicate(timeout=PATIENCE_SECONDS)
    finally:
        running.kill()
    return running.returncode, said


def test_an_interrupt_while_the_server_is_silent_says_how_to_continue(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        running = begun(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}", str(CONTENTLIB))
        connected, _ = silent.accept()
        assert connected.recv(1)  # the client waits for an answer now
        assert interrupted(running) == (130, SAID)
        connected.close()


def test_an_interrupt_while_a_name_is_looked_up_does_not_wait_for_the_name_server(tmp_path: Path) -> None:
    running = begun(tmp_path, "http://images.example.com", sys.executable, "-c", LOOKING_UP)
    assert running.stdout is not None
    assert running.stdout.readline() == "looking up\n"
    assert interrupted(running) == (130, SAID)
