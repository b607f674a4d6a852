"""Tests quotas of servers with two processes, also of one that is killed while bytes are reserved."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from processes import serving
from whole import NAME, PASSWORD

OPTIONS = ("--no-tls", "--workers", "2")
UPLOADS, FITTING, SIZE = 8, 3, 1000


class Server:
    """Calls a server, each time over a new connection, which any process may take."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = httpx.post(f"{url}/api/session", auth=(NAME.encode(), PASSWORD.encode()), timeout=60).json()

    def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"vmware-api-session-id": self.token}
        return httpx.request(method, f"{self.url}/api/{path}", json=body, headers=headers, timeout=60)

    def done(self, method: str, path: str, body: object = None) -> str:
        answer = self.call(method, path, body)
        assert answer.status_code < 300, answer.text
        return str(answer.json()) if answer.content else ""

    def session(self, library: str, name: str) -> str:
        item = self.done("POST", "content/library/item", {"library_id": library, "name": name})
        return self.done("POST", "content/library/item/update-session", {"library_item_id": item})

    def address(self, session: str, **more: object) -> httpx.Response:
        path = f"content/library/item/update-session/{session}/file"
        return self.call("POST", path, {"name": "a.iso", "source_type": "PUSH", **more})

    def quota(self, library: str) -> dict[str, object]:
        found: dict[str, object] = self.call("GET", f"contentlib/library/{library}/quota").json()
        return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, *OPTIONS, CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        yield Server(running.url)


def _limited(server: Server) -> tuple[str, list[str]]:
    """A library with a quota, and sessions for more files than it has room for."""
    library = server.done("POST", "content/local-library", {"name": "lab"})
    server.done("PUT", f"contentlib/library/{library}/quota", {"bytes_limit": FITTING * SIZE})
    return library, [server.session(library, f"item {number}") for number in range(UPLOADS)]


def test_uploads_at_once_fill_a_quota_to_its_edge_and_no_further(server: Server) -> None:
    library, sessions = _limited(server)
    addresses = [server.address(each).json()["upload_endpoint"]["uri"] for each in sessions]
    with ThreadPoolExecutor(UPLOADS) as together:
        statuses = list(together.map(lambda each: httpx.put(each, content=bytes(SIZE), timeout=60).status_code, addresses))
    assert sorted(statuses) == [200] * FITTING + [507] * (UPLOADS - FITTING)
    assert server.quota(library)["reserved_bytes"] == FITTING * SIZE
    for session, status in zip(sessions, statuses, strict=True):
        ending = "complete" if status == 200 else "cancel"
        server.done("POST", f"content/library/item/update-session/{session}?action={ending}")
    found = server.quota(library)
    assert (found["bytes"], found["reserved_bytes"], found["state"]) == (FITTING * SIZE, 0, "FULL")


def test_what_a_killed_server_had_reserved_is_given_back_with_its_sessions(tmp_path: Path) -> None:
    with serving(tmp_path, *OPTIONS, CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        server = Server(running.url)
        library, sessions = _limited(server)
        with ThreadPoolExecutor(UPLOADS) as together:
            statuses = list(together.map(lambda each: server.address(each, size=SIZE).status_code, sessions))
        assert sorted(statuses) == [201] * FITTING + [400] * (UPLOADS - FITTING)
    with serving(tmp_path, *OPTIONS, CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        server = Server(running.url)
        assert server.quota(library)["reserved_bytes"] == FITTING * SIZE
        for session in sessions:
            server.done("POST", f"content/library/item/update-session/{session}?action=cancel")
        assert server.quota(library)["reserved_bytes"] == 0
