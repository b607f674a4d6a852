"""The program as it was before the last change of the database's schema, from the history of the project."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_MIGRATIONS = "src/contentlib/metadata/migrations/versions"
_HEAD = "from contentlib.metadata.migrate import HEAD; print(HEAD)"


def earlier(directory: Path) -> dict[str, str]:
    """Puts the program into a directory, and returns the environment in which it runs. Skips the test without the history."""
    changed = _git("log", "-1", "--format=%H", "--", _MIGRATIONS).decode().strip()
    with tarfile.open(fileobj=io.BytesIO(_git("archive", f"{changed}^", "src"))) as archive:
        archive.extractall(directory, filter="data")
    environment = {"PYTHONPATH": str(directory / "src")}
    before, now = _schema(environment), _schema({})
    if before == now:
        pytest.skip(f"the last change of the migrations was no new one: both versions have schema {now}")
    return environment


def _git(*arguments: str) -> bytes:
    try:
        return subprocess.run(["git", "-C", str(_ROOT), *arguments], check=True, capture_output=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the history of the project is not there: {error}")


def _schema(environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", _HEAD]
    return subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment}).stdout.strip()
