"""Changes of roles, groups and users, as two worker processes of a server see them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from processes import serving
from whole import NAME, PASSWORD

_ENOUGH = 24  # connections, which the two processes share


class Server:
    """A server of two processes; each call is a connection of its own, to either."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = httpx.post(f"{url}/api/session", auth=(NAME.encode(), PASSWORD.encode()), timeout=60).json()

    def done(self, method: str, path: str, body: object = None) -> object:
        """What the administrator is answered."""
        headers = {"vmware-api-session-id": self.token}
        answer = httpx.request(method, f"{self.url}/api/{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def heard(self, secret: str, library: str) -> set[int]:
        """What the owner of a token is answered by all processes."""
        headers = {"authorization": f"Bearer {secret}"}
        path = f"{self.url}/api/content/library/{library}"
        return {httpx.get(path, headers=headers, timeout=60).status_code for _ in range(_ENOUGH)}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, "--no-tls", "--workers", "2", CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        yield Server(running.url)


def test_a_change_holds_for_the_next_call_in_every_process(server: Server) -> None:
    access = "contentlib/access"
    library = str(server.done("POST", "content/local-library", {"name": "lab"}))
    server.done("POST", f"{access}/users", {"name": "robin"})
    server.done("POST", f"{access}/groups", {"name": "packagers"})
    server.done("POST", f"{access}/roles", {"name": "reader", "privileges": ["System.Read"]})
    made = server.done("POST", f"{access}/tokens", {"name": "nightly", "user": "robin@vsphere.local"})
    assert isinstance(made, dict)
    member = {"name": "robin@vsphere.local", "type": "USER"}
    permission = {"principal": "packagers", "principal_type": "GROUP", "role": "reader", "library": library}
    steps: list[tuple[str, str, object, int]] = [
        ("PUT", f"{access}/permissions", permission, 404),
        ("POST", f"{access}/groups/packagers?action=add-member", member, 200),
        ("PATCH", f"{access}/roles/reader", {"privileges": []}, 404),
        ("PATCH", f"{access}/roles/reader", {"privileges": ["System.Read"]}, 200),
        ("POST", f"{access}/groups/packagers?action=remove-member", member, 404),
        ("POST", f"{access}/groups/packagers?action=add-member", member, 200),
        ("PATCH", f"{access}/users/robin@vsphere.local", {"enabled": False}, 401),
    ]
    for method, path, body, expected in steps:
        server.done(method, path, body)
        assert server.heard(made["secret"], library) == {expected}, path


def test_the_expensive_calls_of_a_user_at_all_processes_count_together(tmp_path: Path) -> None:
    most, spacing = 4, 60 / 4
    settings = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_EXPENSIVE_CALLS_PER_MINUTE": str(most)}
    with serving(tmp_path, "--no-tls", "--workers", "2", **settings) as running:
        server = Server(running.url)
        headers, began = {"vmware-api-session-id": server.token}, time.monotonic()
        copy = f"{server.url}/api/content/library/item/nothing?action=copy"
        body = {"library_id": "nothing", "name": "copy"}
        heard = [httpx.post(copy, json=body, headers=headers, timeout=60).status_code for _ in range(_ENOUGH)]
        refilled = int((time.monotonic() - began) / spacing) + 1
    assert 429 not in heard[:most]
    assert sum(each != 429 for each in heard) <= most + refilled
