"""Named subscribers of a server with two worker processes: other servers that subscribe, and clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from processes import CONTENTLIB, eventually, run, serving
from whole import NAME, PASSWORD

_ENOUGH = 24  # connections, which the two processes share
VARIABLES = {
    "CONTENTLIB_ADMIN_PASSWORD": PASSWORD,
    "CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.0/8"]',
    "CONTENTLIB_LEASE_SECONDS": "12",  # touches are saved in a quarter of it
}
TASKS = "/api/cis/tasks?services=com.vmware.content.subscribed_library"


class Server:
    """A running server, as its administrator uses it."""

    def __init__(self, url: str, data: Path) -> None:
        self.url = url
        self.data = data
        self._token = httpx.post(f"{url}/api/session", auth=(NAME.encode(), PASSWORD.encode()), timeout=60).json()

    def send(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"vmware-api-session-id": self._token}
        return httpx.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=60)

    def done(self, method: str, path: str, body: object = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def item(self, library: str, name: str, content: bytes) -> str:
        item = str(self.done("POST", "/api/content/library/item", {"library_id": library, "name": name}))
        self.fill(item, content)
        return item

    def fill(self, item: str, content: bytes) -> None:
        path = "/api/content/library/item/update-session"
        session = self.done("POST", path, {"library_item_id": item})
        added = self.done("POST", f"{path}/{session}/file", {"name": "a.iso", "source_type": "PUSH"})
        assert httpx.put(added["upload_endpoint"]["uri"], content=content, timeout=60).status_code == 200
        self.done("POST", f"{path}/{session}?action=complete")


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("publisher")
    with serving(directory, "--no-tls", "--workers", "2", **VARIABLES) as running:
        yield Server(running.url, directory / "data")


@pytest.fixture(scope="module")
def follower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("follower")
    with serving(directory, "--no-tls", **VARIABLES) as running:
        yield Server(running.url, directory / "data")


class Published:
    """A library of the publisher with an item."""

    def __init__(self, server: Server, name: str) -> None:
        info = {"published": True, "authentication_method": "BASIC", "password": "s3cret"}
        self.server = server
        self.library = str(server.done("POST", "/api/content/local-library", {"name": name, "publish_info": info}))
        self.url = server.done("GET", f"/api/content/local-library/{self.library}")["publish_info"]["publish_url"]
        self.path = f"/api/contentlib/library/{self.library}/subscribers"
        self.item = server.item(self.library, "image", b"first")

    def add(self, name: str) -> tuple[str, str]:
        made = self.server.done("POST", self.path, {"name": name})
        return made["subscriber"], made["password"]

    def heard(self, password: str) -> set[int]:
        """What a password is answered by all processes; each request is a connection of its own."""
        with httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=60) as client:
            return {client.get(self.url, auth=("vcsp", password)).status_code for _ in range(_ENOUGH)}

    def state(self, subscriber: str) -> tuple[str, int | None]:
        info = self.server.done("GET", f"{self.path}/{subscriber}")
        return info["state"], info.get("reading", {}).get("versions_behind")

    def is_behind(self, subscriber: str) -> bool:
        state, versions = self.state(subscriber)
        return state == "BEHIND" and bool(versions)

    def fetched(self, subscriber: str) -> list[tuple[str, bool]]:
        """The items that a subscriber has fetched, and whether in the current version."""
        items = self.server.done("GET", f"{self.path}/{subscriber}/items")
        return [(each["item"], each["version"] == each["current_version"]) for each in items]


def _subscribe(follower: Server, published: Published, name: str, password: str) -> str:
    info = {
        "subscription_url": published.url,
        "authentication_method": "BASIC",
        "password": password,
        "on_demand": False,
        "automatic_sync_enabled": False,
    }
    return str(follower.done("POST", "/api/content/subscribed-library", {"name": name, "subscription_info": info}))


def _synchronized(follower: Server, library: str) -> tuple[str, str]:
    """How the last sync of a library has ended."""
    found: list[dict[str, Any]] = []

    def is_over() -> bool:
        tasks = follower.done("GET", TASKS).values()
        found[:] = [each for each in tasks if each["target"]["id"] == library]
        return bool(found) and all(each["status"] in ("SUCCEEDED", "FAILED") for each in found)

    assert eventually(is_over)
    last = max(found, key=lambda each: each["start_time"])
    return last["status"], str(last.get("error", ""))


def test_servers_follow_each_with_its_own_credential_and_one_is_revoked(publisher: Server, follower: Server) -> None:
    published = Published(publisher, "two sites")
    (first, one), (second, two) = published.add("Oslo"), published.add("Bergen")
    oslo, bergen = _subscribe(follower, published, "oslo", one), _subscribe(follower, published, "bergen", two)
    for library in (oslo, bergen):
        assert _synchronized(follower, library)[0] == "SUCCEEDED"
    assert eventually(lambda: {published.state(each) for each in (first, second)} == {("UP_TO_DATE", 0)})
    assert eventually(lambda: all(published.fetched(each) == [(published.item, True)] for each in (first, second)))
    publisher.fill(published.item, b"second")
    publisher.done("PATCH", f"{published.path}/{first}", {"enabled": False})
    for library in (oslo, bergen):
        follower.send("POST", f"/api/content/subscribed-library/{library}?action=sync")
    assert _synchronized(follower, oslo)[0] == "FAILED"
    assert _synchronized(follower, bergen)[0] == "SUCCEEDED"
    assert eventually(lambda: published.state(second) == ("UP_TO_DATE", 0))
    assert eventually(lambda: published.is_behind(first))


def test_a_change_of_a_credential_holds_for_the_next_request_in_every_process(publisher: Server) -> None:
    published = Published(publisher, "changes")
    subscriber, password = published.add("Oslo")
    assert published.heard(password) == {200}
    for change, expected in (({"enabled": False}, 401), ({"enabled": True}, 200)):
        publisher.done("PATCH", f"{published.path}/{subscriber}", change)
        assert published.heard(password) == {expected}
    newer = publisher.done("POST", f"{published.path}/{subscriber}?action=rotate", {"overlap_seconds": 3600})
    assert published.heard(newer) == published.heard(password) == {200}
    publisher.done("DELETE", f"{published.path}/{subscriber}")
    assert httpx.get(published.url, auth=("vcsp", newer), timeout=60).status_code == 401


def test_what_one_process_has_seen_is_told_by_the_other(publisher: Server) -> None:
    published = Published(publisher, "seen")
    subscriber, password = published.add("Oslo")
    httpx.get(published.url.replace("lib.json", "items.json"), auth=("vcsp", password), timeout=60)
    assert eventually(lambda: {published.state(subscriber)[0] for _ in range(_ENOUGH)} == {"UP_TO_DATE"})


def test_a_static_copy_of_a_library_has_nothing_of_its_subscribers(publisher: Server, tmp_path: Path) -> None:
    published = Published(publisher, "static")
    command = [str(CONTENTLIB), "publish-static", published.library, "--data-dir", str(publisher.data)]
    trees = []
    for n in range(2):
        target = tmp_path / str(n)
        ended = run([*command, str(target)], tmp_path)
        assert ended.returncode == 0, ended.stderr
        trees.append({each.relative_to(target): each.read_bytes() for each in target.rglob("*") if each.is_file()})
        published.add(f"site {n}")
    assert trees[0] == trees[1]
