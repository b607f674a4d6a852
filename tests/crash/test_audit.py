"""Kills a server of two processes in the middle of changes, and compares its audit log with what it had answered."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx

from access.audited import entries
from processes import CONTENTLIB, run, serving
from whole import NAME, PASSWORD

_CLIENTS, _ENOUGH = 3, 12


class Client(threading.Thread):
    """Creates libraries and fails to create others, each over a connection of its own, until the server is gone."""

    def __init__(self, url: str, token: str, number: int, enough: threading.Event) -> None:
        super().__init__()
        self._url = f"{url}/api/content/local-library"
        self._headers = {"vmware-api-session-id": token}
        self._number = number
        self._enough = enough
        self.created: list[str] = []

    def run(self) -> None:
        count = 0
        try:
            while True:
                count += 1
                body = {"name": f"library {self._number}-{count}"}
                answer = httpx.post(self._url, json=body, headers=self._headers, timeout=60)
                self.created.append(answer.json())
                assert (
                    httpx.post(self._url, json=body, headers=self._headers, timeout=60).status_code == 400
                )  # its name is taken
                if count >= _ENOUGH // _CLIENTS:
                    self._enough.set()
        except httpx.TransportError:
            self._enough.set()


def _processes(parent: int) -> list[int]:
    """A process and all that it has started."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *(each for child in children for each in _processes(int(child)))]


def test_after_a_kill_the_log_has_exactly_the_changes_that_there_are(tmp_path: Path) -> None:
    enough = threading.Event()
    with serving(tmp_path, "--no-tls", "--workers", "2", CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        token = httpx.post(f"{running.url}/api/session", auth=(NAME, PASSWORD), timeout=60).json()
        clients = [Client(running.url, token, number, enough) for number in range(_CLIENTS)]
        for client in clients:
            client.start()
        assert enough.wait(60)
        for process in _processes(running.process.pid):
            os.kill(process, signal.SIGKILL)
        for client in clients:
            client.join()
    database = tmp_path / "data" / "contentlib.db"
    logged = [entry["things"][0]["id"] for entry in entries(database, "com.vmware.content.local_library.create")]
    with closing(sqlite3.connect(database)) as connection:
        there = {identifier for (identifier,) in connection.execute("SELECT id FROM libraries")}
    assert set(logged) == there and len(logged) == len(there)
    assert {each for client in clients for each in client.created} <= there
    found = run([str(CONTENTLIB), "audit", "verify", "--data-dir", str(tmp_path / "data")], tmp_path)
    assert found.returncode == 0, found.stderr
