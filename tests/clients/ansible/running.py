"""Playbooks, run by the real ansible-playbook against a server, and what they report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clients.ansible import calls
from clients.program import locked
from clients.servers import DATASTORE, PASSWORD, Address
from processes import ENVIRONMENT

_ROOT = Path(__file__).parents[3]
_PLAYBOOKS = Path(__file__).with_name("playbooks")
INVENTORY = _PLAYBOOKS / "inventory.yml"
_PROGRAM = _ROOT / ".venv-ansible" / "bin" / "ansible-playbook"
_WINS_OVER_THE_PLAYBOOK = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Task:
    """What a task reported."""

    result: dict[str, Any]

    @property
    def changed(self) -> bool:
        """Whether it says that it changed something."""
        return bool(self.result["changed"])

    @property
    def failed(self) -> bool:
        """Whether it failed."""
        return bool(self.result.get("failed", False))

    @property
    def msg(self) -> str:
        """What its user reads."""
        return str(self.result["msg"])


class Play(dict[str, Task]):
    """The tasks of a play by name."""

    @property
    def quiet(self) -> bool:
        """Whether every task did its work and changed nothing."""
        return not any(task.changed or task.failed for task in self.values())


def run(address: Address, directory: Path, *playbooks: str, **variables: object) -> list[dict[str, Any]]:
    """What the tasks of playbooks reported, a play each, by name; the playbooks run one after the other."""
    host, _, port = address.host.rpartition(":")
    known = {
        "contentlib_host": host,
        "contentlib_port": int(port),
        "contentlib_password": PASSWORD,
        "contentlib_datastore": DATASTORE,
        "contentlib_certificate": str(address.certificate),
    }
    files = [str(_PLAYBOOKS / f"{name}.yml") for name in playbooks]
    command = [str(_installed()), "-i", str(INVENTORY), "-e", json.dumps(known | variables), *files]
    ended = subprocess.run(command, cwd=directory, env=_environment(directory), capture_output=True, timeout=300, check=False)
    assert ended.returncode == 0, (ended.stdout + ended.stderr).decode()
    *_, last = _documents(ended.stdout.decode())
    return [{task["task"]["name"]: task["hosts"]["localhost"] for task in play["tasks"]} for play in last["plays"]]


def plays(told: list[dict[str, Any]]) -> list[Play]:
    """What was reported, as tests look at it."""
    return [Play({name: Task(result) for name, result in play.items()}) for play in told]


def _installed() -> Path:
    """The program, in a virtual environment of its own that is made where it is missing."""
    with locked(_ROOT / ".venv-ansible.lock"):
        command = ["make", "--quiet", "ansible", f"PYTHON={sys.executable}", "MAKEFLAGS="]
        subprocess.run(command, cwd=_ROOT, check=True, timeout=600)
    return _PROGRAM


def _environment(directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in ENVIRONMENT.items() if name not in _WINS_OVER_THE_PLAYBOOK}
    return (
        kept
        | calls.variables(directory)
        | {
            "HOME": str(directory),
            "TMPDIR": str(directory),
            "ANSIBLE_HOME": str(directory / ".ansible"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_DEPRECATION_WARNINGS": "false",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "PATH": f"{_PROGRAM.parent}{os.pathsep}{os.environ['PATH']}",
        }
    )


def _documents(text: str) -> Iterator[Any]:
    """The reports; after each playbook there is one of all plays so far."""
    decoder, position = json.JSONDecoder(), text.index("{")
    while position < len(text):
        document, end = decoder.raw_decode(text, position)
        yield document
        position = len(text) - len(text[end:].lstrip())
