"""A server on a directory of its own, which is killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from backends import BACKEND, StoredBlob
from processes import CONTENTLIB, ENVIRONMENT, PATIENCE_SECONDS

NAME, PASSWORD = "administrator@vsphere.local", "correct horse"
STORAGES = ("datastore-1", "datastore-2")
_START_SECONDS = 60.0
_ROOT = () if os.geteuid() == 0 else ("--map-root-user",)


class Process(Protocol):
    """What a server runs in."""

    pid: int

    def poll(self) -> int | None:
        """The exit code, None while it runs."""

    def wait(self) -> int:
        """Returns when the process is gone."""


class Forked:
    """A process whose parent is the nursery; its exit code is not known."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        return None if Path("/proc", str(self.pid)).exists() else 0

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.002)
        return 0


class Nursery:
    """A process that servers are forked from: tests/crash/nursery.py."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("nursery.py"))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def fork(self, command: list[str], environment: dict[str, str], log: Path) -> Forked:
        """A new process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, environment, str(log)]) + "\n")
        return Forked(int(self._process.stdout.readline()))

    def close(self) -> None:
        """Ends the nursery, not those that came out of it."""
        self._process.communicate()


class Server:
    """`contentlib serve`; what it prints is kept in one file over all its lives."""

    def __init__(
        self,
        directory: Path,
        *,
        workers: int = 1,
        nursery: Nursery | None = None,
        tmpfs: tuple[Path, str] | None = None,
        environment: dict[str, str] | None = None,
        **settings: object,
    ) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "server.log"
        self.workers = workers
        self.settings: dict[str, object] = settings
        self.listen = "127.0.0.1:0"
        self.url = ""
        self.up = asyncio.Event()
        self.process: Process | None = None
        self._nursery = nursery
        self._tmpfs = tmpfs
        self.environment = environment or {}
        self._before = 0

    def storage(self, storage: str) -> Path:
        """The directory of a storage."""
        return self.directory / storage

    def stored(self, *storages: str) -> list[StoredBlob]:
        """The blobs in some storages, or in all."""
        return BACKEND.stored({each: self.storage(each) for each in storages or STORAGES})

    def contents(self, *storages: str) -> list[bytes]:
        """The bytes of the blobs in some storages, or in all, but of those that were removed just now."""
        found = []
        for each in self.stored(*storages):
            with suppress(FileNotFoundError):
                found.append(each.read())
        return found

    def unfinished(self, *storages: str) -> list[StoredBlob]:
        """What has come of blobs that are not complete."""
        return BACKEND.unfinished({each: self.storage(each) for each in storages or STORAGES})

    def begin(self) -> None:
        """Starts the process, and waits for nothing."""
        storage = [{"id": each, "name": each, "path": str(self.storage(each))} for each in STORAGES]
        given = {"admin_password": PASSWORD, "storage": json.dumps(storage), "log_level": "error", **self.settings}
        environment = ENVIRONMENT | {f"CONTENTLIB_{name.upper()}": str(value) for name, value in given.items()}
        environment |= self.environment
        command = [str(CONTENTLIB), "serve", "--data-dir", str(self.data), "--listen", self.listen, "--no-tls"]
        command += ["--workers", str(self.workers)]
        self._before = self.log.stat().st_size if self.log.exists() else 0
        if self._nursery is not None:
            self.process = self._nursery.fork(command, environment, self.log)
            return
        if self._tmpfs is not None:
            command = in_namespace(*self._tmpfs, command)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)

    async def start(self) -> None:
        """Starts the process, and returns when it takes connections."""
        self.begin()
        await asyncio.to_thread(self.wait)
        self.up.set()

    def wait(self) -> None:
        """Returns when the process that was begun takes connections."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._has_started(deadline):
            time.sleep(0.01)

    def _has_started(self, deadline: float) -> bool:
        url = self._listens()
        if url is not None:
            self.url = url
            return True
        assert self.process is not None
        assert self.process.poll() is None, f"the server did not start: {self.said()[-2000:]}"
        assert time.monotonic() < deadline, f"the server does not start: {self.said()[-2000:]}"
        return False

    def said(self) -> str:
        """What the process has printed in this life."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._before)
            return log.read().decode("utf-8", "replace")

    def _listens(self) -> str | None:
        *whole, _ = self.said().split("\n")
        found = [line.removeprefix("listening on ") for line in whole if line.startswith("listening on ")]
        return found[0] if found else None

    def children(self) -> list[int]:
        """The process ids of the workers."""
        assert self.process is not None
        pid = self.process.pid
        try:
            return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def kill(self, *, workers_too: bool = True) -> None:
        """Kills the process and all that belong to it; or the process alone, which its workers must not outlive."""
        self.up.clear()
        if self.process is None:
            return
        workers = self.children() if workers_too else []
        _kill(self.process.pid)
        for worker in workers:
            _kill(worker)
        self.process.wait()
        self.process = None

    def kill_worker(self, number: int) -> bool:
        """Kills one worker, in whose place the server puts another one; whether there was one."""
        workers = self.children()
        if workers:
            _kill(workers[number % len(workers)])
        return bool(workers)

    def reload(self) -> None:
        """Asks for new workers, as `systemctl reload` does."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGHUP)

    def wait_without(self, old: list[int]) -> None:
        """Returns when none of the old workers is left."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while set(old) & set(self.children()):
            assert time.monotonic() < deadline, "the old workers do not end after a reload"
            time.sleep(0.02)

    async def leave(self, seconds: float) -> int:
        """Sends SIGTERM, and answers with the exit code."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while (code := self.process.poll()) is None:
            assert time.monotonic() < deadline, f"the server runs for {seconds} seconds after SIGTERM"
            await asyncio.sleep(0.01)
        self.up.clear()
        self.process = None
        return code

    def seen(self, path: Path) -> Path:
        """A path as the process sees it."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{path}")

    def remount(self, path: Path, how: str) -> None:
        """Makes a disk of the process read-only (`ro`) or writable (`rw`)."""
        assert self.process is not None
        enter = [
            "nsenter",
            "--target",
            str(self.process.pid),
            "--mount",
            *(("--user", "--preserve-credentials") if _ROOT else ()),
        ]
        subprocess.run([*enter, "mount", "-o", f"remount,{how}", str(path)], check=True)

    def failures(self) -> list[str]:
        """The lines in which a server says that something unforeseen happened, of all lives."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return [line for line in lines if "failed" in line or "Traceback" in line or "Error" in line]


def in_namespace(mounted: Path, size: str, command: list[str]) -> list[str]:
    """The command that sees a small disk at a directory; the disk is nobody else's and goes with the process."""
    mounted.mkdir(parents=True, exist_ok=True)
    script = f'mount -t tmpfs -o size={size},mode=0700 none "$0" && exec "$@"'
    return ["unshare", *_ROOT, "--mount", "sh", "-c", script, str(mounted), *command]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
