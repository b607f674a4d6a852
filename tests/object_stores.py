"""S3 servers of the test run, on ports of their own, and buckets on them."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from contentlib.blobs.bucket import Bucket, BucketAddress
from processes import PATIENCE_SECONDS, eventually

KEY, SECRET = "test", "testtesttest"
_PROGRAMS = Path(sys.executable).parent
_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port.grpc")
WITH_THIS_PROCESS = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()  # also if a time limit kills it
_SERVICES = ("webdav=false", "admin.ui=false", "s3.port.iceberg=0", "s3.port.lance=0")
_OFF = ("master.telemetry=false", "master.resumeState=false", *_SERVICES)


@dataclass
class ObjectServer:
    """A server in a directory."""

    directory: Path
    port: int
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts the server, which ends with this process, and returns when it answers."""
        environment, command = os.environ | {"GOMEMLIMIT": "512MiB"}, [*WITH_THIS_PROCESS, *self.command]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=environment,
                start_new_session=True,
            )
        assert eventually(self.answers), (self.directory / "log").read_text()

    def answers(self) -> bool:
        try:
            return httpx.get(self.endpoint, timeout=PATIENCE_SECONDS).status_code < 500
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """Kills all processes of the server."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_SECONDS)
            self.process = None

    def remove(self) -> None:
        """Ends the server, and removes its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def credentials(self) -> Path:
        """A file with the credentials of the server."""
        path = self.directory / "credentials"
        path.write_text(f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
        return path

    def address(self, bucket: str, prefix: str = "") -> BucketAddress:
        """The address of a bucket, which is made if necessary."""
        found = BucketAddress(bucket, prefix, self.endpoint, "us-east-1", path_style=True, credentials=self.credentials())
        client = Bucket(found)._client()
        with suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            client.create_bucket(Bucket=bucket)
        return found


def free_ports(count: int) -> list[int]:
    """Ports that are free now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return found


def new_seaweedfs() -> ObjectServer:
    """Makes a SeaweedFS server, which does not run yet."""
    directory = Path(tempfile.mkdtemp(prefix="contentlib-seaweedfs-"))
    identity = {"name": "t", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (directory / "s3.json").write_text(json.dumps({"identities": [identity]}))
    port, *others = free_ports(1 + len(_PORTS))
    told = [f"{name}={number}" for name, number in zip(_PORTS, others, strict=True)]
    options = ("dir=data", "ip=127.0.0.1", "ip.bind=127.0.0.1", f"s3.port={port}", "s3.config=s3.json", *told, *_OFF)
    return ObjectServer(directory, port, [str(_PROGRAMS / "weed"), "mini", *(f"-{each}" for each in options)])


def new_moto() -> ObjectServer:
    """Makes a moto server, which keeps everything in memory."""
    directory = Path(tempfile.mkdtemp(prefix="contentlib-moto-"))
    (port,) = free_ports(1)
    return ObjectServer(directory, port, [str(_PROGRAMS / "moto_server"), "-H", "127.0.0.1", "-p", str(port)])


def _running(new: Callable[[], ObjectServer]) -> ObjectServer:
    made = new()
    atexit.register(made.remove)
    made.start()
    return made


@functools.cache
def seaweedfs() -> ObjectServer:
    """The SeaweedFS server of this process."""
    return _running(new_seaweedfs)


@functools.cache
def moto() -> ObjectServer:
    """The moto server of this process."""
    return _running(new_moto)
