"""Runs the commands of the real govc, built from Debian's source package, and notes what became of each."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clients.content import written
from clients.program import GO, SETUP, locked
from clients.servers import DATASTORE, Address
from processes import ENVIRONMENT, PATIENCE_SECONDS

_CACHE = Path(__file__).parent / ".cache"
_BINARY = _CACHE / "govc"
RECORD = Path(__file__).with_name("govc_commands.json")
_IDENTIFIER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\[[0-9-]{8} [0-9:]{8}\] ")
_ERROR = re.compile(r'\{"type":.*?"default_message":"((?:[^"\\]|\\.)*)".*\}')
NOTES = b"one\ntwo\nthree\nfour\n"


def built() -> Path:
    """The program, built where it is missing; what is needed for that is installed."""
    with locked(_BINARY.with_suffix(".lock")):
        if not _BINARY.exists():
            subprocess.run([SETUP.with_name("setup-govc.sh"), str(_CACHE / "go")], check=True)
            environment = os.environ | GO | {"GOPATH": f"{_CACHE / 'go'}{os.pathsep}{GO['GOPATH']}"}
            command = ["go", "build", "-o", str(_BINARY), "github.com/vmware/govmomi/govc"]
            subprocess.run(command, env=environment, check=True)
    return _BINARY


@dataclass
class Govc:
    """Runs commands on a server. Each is known by its name, with the options that the journey gives it."""

    address: Address
    directory: Path
    printed: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def run(self, command: str, *arguments: str, also: str = "") -> str:
        """Runs a command; it is noted under its name and options, and what is `also` said of it. Returns what it prints."""
        words = [*command.split(), *arguments]
        ended = subprocess.run(
            [str(_BINARY), *words], cwd=self.directory, env=self._environment(), capture_output=True, text=True, check=False,
            timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        name = f"{command} ({also})" if also else command
        if ended.returncode:
            self.failed[name] = self._plain(ended.stderr)
        else:
            self.printed[name] = ended.stdout
        return ended.stdout.strip()

    def _environment(self) -> Mapping[str, str]:
        assert self.address.certificate is not None
        return ENVIRONMENT | {
            "GOVC_URL": self.address.with_login(),
            "GOVC_TLS_CA_CERTS": str(self.address.certificate),
            "GOVC_DATASTORE": DATASTORE,
            "HOME": str(self.directory),
        }

    def _plain(self, said: str) -> str:
        """The last line of an error, without what differs from run to run."""
        line = _TIME.sub("", said.strip().splitlines()[-1]).removeprefix(f"{_BINARY}: ")
        line = _ERROR.sub(r'{…"\1"…}', line)
        return _IDENTIFIER.sub("ID", line.replace(self.address.host, "HOST"))

    @property
    def outcomes(self) -> dict[str, str]:
        """What became of each command: empty, or the message that it failed with."""
        names = sorted({*self.printed, *self.failed})
        return {name: self.failed.get(name, "") for name in names}


def journey(address: Address, directory: Path) -> Govc:
    """Runs all commands that have to do with content libraries, in an order in which they can succeed."""
    built()
    govc = Govc(address, directory)
    files = written(directory / "files").directory
    (files / "notes.txt").write_bytes(NOTES)
    _looks(govc)
    library = govc.run("library.create", "lab")
    _libraries(govc, files)
    _browses(govc, library, files)
    _tags(govc, library)
    _refused(govc, files)
    govc.run("library.rm", "/lab/notes")
    govc.run("session.logout")
    return govc


def _looks(govc: Govc) -> None:
    govc.run("about")
    govc.run("about -l")
    govc.run("about.cert")
    govc.run("session.login")
    govc.run("session.login -token", govc.run("session.login -issue"))
    govc.run("session.login -ticket", govc.run("session.login -clone"))
    govc.run("sso.service.ls")
    govc.run("sso.service.ls -l")
    govc.run("session.ls")
    govc.run("session.rm", "nothing", also="of an unknown session")
    govc.run("datacenter.info")
    govc.run("find", "/")
    govc.run("find -l", "/")
    govc.run("find -type s", "/")
    govc.run("ls")
    govc.run("ls -l", "/Datacenter/datastore")
    govc.run("object.collect -s", "/Datacenter", "name")
    govc.run("object.collect", f"/Datacenter/datastore/{DATASTORE}")
    govc.run("object.save -d saved", "/Datacenter")
    govc.run("tasks")
    govc.run("tasks -l")
    govc.run("task.cancel", "task-nothing", also="of an unknown task")
    govc.run("datastore.info")


def _libraries(govc: Govc, files: Path) -> None:
    for name in ("image.iso", "notes.txt", "tiny.ova"):
        govc.run("library.import", "lab", str(files / name))
    govc.run("library.ls")
    govc.run("library.ls -json", "/lab/*")
    govc.run("library.info", "/lab")
    govc.run("library.info -l", "/lab/image")
    govc.run("library.info -json", "/lab/tiny/*")
    govc.run("library.export", "/lab/image", str(govc.directory))
    govc.run("library.cp -n copy", "/lab/image", "/lab")
    govc.run("library.create -pub", "offered")
    url = govc.run("library.info -U", "/offered")
    govc.run("library.create -sub", url, "-thumbprint", govc.address.thumbprint, "mirror")
    govc.run("library.sync", "mirror")
    govc.run("library.subscriber.create", "offered", "mirror")
    govc.run("library.subscriber.ls", "offered")
    govc.run("library.subscriber.info", "offered", "nothing", also="of an unknown subscription")
    govc.run("library.subscriber.rm", "offered", "nothing", also="of an unknown subscription")
    govc.run("library.publish", "offered")
    govc.run("library.session.ls")
    govc.run("library.session.rm", "nothing", also="of an unknown session")


def _browses(govc: Govc, library: str, files: Path) -> None:
    item = govc.run("library.info -L", "/lab/notes")
    govc.run("library.info -l -L", "/lab/notes/notes.txt")
    govc.run("datastore.ls")
    govc.run("datastore.ls -l", item)
    govc.run("datastore.ls -R", f"contentlib-{library}")
    govc.run("datastore.ls", "nothing", also="of nothing")
    govc.run("datastore.download", f"{item}/notes.txt", str(govc.directory / "downloaded"))
    govc.run("datastore.tail -n 2", f"{item}/notes.txt")
    govc.run("datastore.tail -c 5", f"{item}/notes.txt")
    govc.run("datastore.upload", str(files / "notes.txt"), "notes.txt")
    govc.run("datastore.rm", f"{item}/notes.txt")
    govc.run("datastore.mkdir", "other")


def _tags(govc: Govc, library: str) -> None:
    govc.run("tags.category.create", "system")
    govc.run("tags.category.ls")
    govc.run("tags.category.info", "system")
    govc.run("tags.category.update -d text", "system")
    govc.run("tags.create -c system", "linux")
    govc.run("tags.ls")
    govc.run("tags.info", "linux")
    govc.run("tags.update -d text", "linux")
    govc.run("tags.attach", "linux", f"com.vmware.content.Library:{library}")
    govc.run("tags.attached.ls", "linux")
    govc.run("tags.attached.ls -r", f"com.vmware.content.Library:{library}")
    govc.run("tags.detach", "linux", f"com.vmware.content.Library:{library}")
    govc.run("tags.rm", "linux")
    govc.run("tags.category.rm", "system")


def _refused(govc: Govc, files: Path) -> None:
    govc.run("library.deploy", "/lab/tiny", "machine")
    govc.run("library.clone", "-vm", "machine", "lab", "clone")
    govc.run("library.checkout", "/lab/tiny", "machine")
    govc.run("library.checkin", "-vm", "machine", "/lab/tiny")


def recorded() -> dict[str, str]:
    """The outcomes that the last `make clients` has found."""
    return dict(json.loads(RECORD.read_bytes()))
