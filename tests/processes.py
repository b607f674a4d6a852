"""Servers as processes of their own, for tests that look at them from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

CONTENTLIB = Path(sys.executable).with_name("contentlib")
PATIENCE_SECONDS = 60.0
"""After so long something hangs; a machine that others keep busy is slow, and may be much slower than this one."""
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("CONTENTLIB_")} | {
    "CONTENTLIB_CHECK_ANSWERS": "true",  # no test passes by an answer that a client cannot read
    "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",  # the keyring of who runs the tests is no place for them
}


@dataclass
class Running:
    """A server that has said that it listens, and the lines that it has printed."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def output(self) -> IO[str]:
        """What the server prints."""
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def url(self) -> str:
        """Where the server listens."""
        return self.value("listening on ")

    def value(self, start: str) -> str:
        """The rest of the line that starts so; lines are read until it is there."""
        while not (found := [line for line in self.lines if line.startswith(start)]):
            line = self.output.readline()
            assert line, f"the server ended without a line {start!r}: {self.lines}"
            self.lines.append(line.rstrip("\n"))
        return found[0].removeprefix(start)

    def ended(self) -> int:
        """The exit code, when the server has ended."""
        return self.process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """Kills the server."""
        self.process.kill()
        self.process.wait()
        self.output.close()


def start(command: list[str], directory: Path, **variables: str) -> Running:
    """Starts a server with its errors in the same stream."""
    environment = ENVIRONMENT | variables
    return Running(
        subprocess.Popen(
            command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
    )


def serve(directory: Path, *options: str, **variables: str) -> Running:
    """Starts `contentlib serve` on a free port, with its data below a directory."""
    command = [str(CONTENTLIB), "serve", "--data-dir", str(directory / "data"), "--listen", "127.0.0.1:0", *options]
    return start(command, directory, **variables)


@contextmanager
def serving(directory: Path, *options: str, **variables: str) -> Iterator[Running]:
    """A server that listens, until the block ends."""
    running = serve(directory, *options, **variables)
    try:
        assert running.url
        yield running
    finally:
        running.kill()


def run(command: list[str], directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    environment = ENVIRONMENT | variables
    return subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, timeout=2 * PATIENCE_SECONDS, check=False
    )


def eventually(happened: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether something happens before the time is over."""
    deadline = time.monotonic() + seconds
    while not (now := happened()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return now
