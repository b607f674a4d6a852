"""The server that the real clients speak to, started by the command of `make serve`."""

from __future__ import annotations

import hashlib
import json
import shlex
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import quote, urlsplit

import processes
from processes import CONTENTLIB, PATIENCE_SECONDS, Running

NAME, PASSWORD = "administrator@vsphere.local", "Correct-horse 1!"
DATASTORE = "fast disks"
STORAGES = {"datastore-7": DATASTORE, "datastore-8": "archive", "datastore-9": "nas/1"}
_MAKEFILE = Path(__file__).parents[2] / "Makefile"


@dataclass(frozen=True)
class Address:
    """Where a server is, as tools are told it."""

    url: str
    certificate: Path | None

    @property
    def host(self) -> str:
        """The host and port."""
        return urlsplit(self.url).netloc

    @property
    def thumbprint(self) -> str:
        """The SHA-1 thumbprint of its certificate."""
        assert self.certificate is not None
        return hashlib.sha1(ssl.PEM_cert_to_DER_cert(self.certificate.read_text())).digest().hex(":").upper()

    def with_login(self, name: str = NAME, password: str = PASSWORD) -> str:
        """The address as GOVC_URL has it."""
        return f"{urlsplit(self.url).scheme}://{quote(name)}:{quote(password)}@{self.host}/sdk"


def serve_command(data: Path) -> list[str]:
    """The command of `make serve`, on another directory and a free port."""
    (line,) = [line for line in _MAKEFILE.read_text().splitlines() if "contentlib serve" in line]
    program, *arguments = shlex.split(line.replace("exec $(BIN)/", ""))
    assert program == CONTENTLIB.name
    other = {"var": str(data), "127.0.0.1:8443": "127.0.0.1:0"}
    assert set(other) <= set(arguments)
    return [str(CONTENTLIB), *(other.get(each, each) for each in arguments)]


@contextmanager
def serving(directory: Path, *, within: Sequence[str] = (), **settings: str) -> Iterator[Address]:
    """A server, until it is stopped; what it logs is kept in `server.log`. `within` is a command that runs its command."""
    data = directory / "data"
    storage = [{"id": key, "name": name, "path": str(directory / key)} for key, name in STORAGES.items()]
    variables = {"admin_password": PASSWORD, "storage": json.dumps(storage), **settings}
    common = {"unique_library_names": "false", "storage_reserve_bytes": "0"}  # journeys share a server; its disks are small
    given = {f"CONTENTLIB_{name.upper()}": value for name, value in (common | variables).items()}
    running = processes.start([*within, *serve_command(data)], directory, **given)
    url = running.url
    log = Thread(target=_keep, args=(running, directory / "server.log"))
    log.start()
    try:
        yield Address(url, data / "tls" / "certificate.pem")
    finally:
        running.process.terminate()
        _ended(running)
        log.join(PATIENCE_SECONDS)
        running.output.close()


def _keep(running: Running, file: Path) -> None:
    """Writes down what a server says; one whose output nobody reads stands still once the pipe is full."""
    with file.open("w") as log:
        log.writelines(running.output)


def _ended(running: Running) -> None:
    try:
        running.ended()
    except subprocess.TimeoutExpired:
        running.process.kill()
        running.process.wait()
