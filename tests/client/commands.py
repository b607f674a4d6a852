"""Runs commands of the command line in this process, with the profiles of a test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from contentlib.cli.program import application
from contentlib.client.profiles import Profiles


@dataclass(frozen=True)
class Ended:
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Terminal:
    """Runs commands as one user."""

    home: Path

    @property
    def url(self) -> str:
        """The server of the default profile."""
        return Profiles(self.home / "config" / "contentlib" / "profiles.json").get("default").url

    def run(self, *arguments: object, stdin: str = "") -> Ended:
        environment = {"XDG_CONFIG_HOME": str(self.home / "config"), "XDG_CACHE_HOME": str(self.home / "cache")}
        ended = CliRunner().invoke(application, [str(each) for each in arguments], input=stdin, env=environment)
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    def done(self, *arguments: object, stdin: str = "") -> str:
        """What a command prints that succeeds."""
        ended = self.run(*arguments, stdin=stdin)
        assert ended.code == 0, ended.err
        return ended.out
