"""The Go program over govmomi: built once, run with a journey, its reports read."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.servers import DATASTORE, Address
from processes import ENVIRONMENT

_HERE = Path(__file__).parent
_SOURCE = _HERE / "govmomi"
_BINARY = _HERE / ".cache" / "govmomi"
SETUP = _HERE.parents[1] / "scripts" / "setup-go.sh"
GO = {"GOPATH": "/usr/share/gocode", "GO111MODULE": "off", "GOFLAGS": ""}


@dataclass(frozen=True)
class Step:
    """What became of a step; `calls` are what it sent: SOAP methods, and the method and target of requests."""

    name: str
    ok: bool
    error: str
    data: Any
    calls: list[str]


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Lets one process in at a time."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def built() -> Path:
    """The program, built where its source is newer; what is needed for that is installed."""
    with locked(_BINARY.with_suffix(".lock")):
        newest = max(file.stat().st_mtime for file in _SOURCE.glob("*.go"))
        if not _BINARY.exists() or _BINARY.stat().st_mtime < newest:
            subprocess.run([SETUP], check=True)
            subprocess.run(["go", "build", "-o", _BINARY, "."], cwd=_SOURCE, env=os.environ | GO, check=True)
    return _BINARY


def run(address: Address, directory: Path, *arguments: str, url: str = "", source: str = "") -> dict[str, Step]:
    """The steps of a journey, by name; a program that ends otherwise than by its end is a failure with all that it said."""
    options = {"url": url or address.with_login(), "datastore": DATASTORE, "dir": str(directory), "source": source}
    if address.certificate:
        options["ca"] = str(address.certificate)
    command: list[str | Path] = [built(), *(f"-{name}={value}" for name, value in options.items()), *arguments]
    environment = ENVIRONMENT | {"GOVMOMI_INSECURE_COOKIES": "true", "HOME": str(directory)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return {step.name: step for step in map(_read, ended.stdout.splitlines())}


def _read(line: str) -> Step:
    told = json.loads(line)
    return Step(told["step"], told["ok"], told.get("error", ""), told.get("data"), told["calls"])
