"""A server follows another one, each a process of its own; the one that follows is killed while it fetches."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import processes
from backends import BACKEND, default_storage
from processes import Running
from transfer.raw import Raw
from whole import CONTENT, SESSION

PASSWORD = "Correct-horse 1!"
LARGE = os.urandom(1 << 20) * 64
FILES = {"large.iso": LARGE, "small.iso": b"small"}


class Server:
    """A server, which may be killed and started again, and its owner."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.http = httpx.Client(timeout=60)
        self._running = self._started()

    def _started(self) -> Running:
        variables = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_OUTBOUND_ALLOW": '["127.0.0.0/8"]'}
        running = processes.serve(self._directory, "--no-tls", **variables)
        self.http.base_url = httpx.URL(running.url)
        self.http.headers.pop("vmware-api-session-id", None)
        answer = self.http.post(SESSION, auth=httpx.BasicAuth(b"administrator@vsphere.local", PASSWORD.encode()))
        self.http.headers["vmware-api-session-id"] = answer.json()["value"]
        return running

    def kill(self) -> None:
        self._running.kill()

    def restart(self) -> None:
        self.kill()
        self._running = self._started()

    def rest(self, method: str, target: str, body: object = None) -> Any:
        answer = self.http.request(method, CONTENT + target, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"] if answer.content else None

    def publish(self) -> str:
        """Publishes an item, and answers where."""
        info = {"published": True, "authentication_method": "NONE"}
        library = self.rest("POST", "/local-library", {"create_spec": {"name": "source", "publish_info": info}})
        item = self.rest("POST", "/library/item", {"create_spec": {"name": "one", "library_id": library}})
        session = self.rest("POST", "/library/item/update-session", {"create_spec": {"library_item_id": item}})
        for name, data in FILES.items():
            add = {"file_spec": {"name": name, "source_type": "PUSH"}}
            added = self.rest("POST", f"/library/item/updatesession/file/id:{session}?~action=add", add)
            assert self.http.put(added["upload_endpoint"]["uri"], content=data).status_code == 200
        self.rest("POST", f"/library/item/update-session/id:{session}?~action=complete")
        return str(self.rest("GET", f"/library/id:{library}")["publish_info"]["publish_url"])

    def follow(self, url: str, *, on_demand: bool) -> str:
        info = {
            "subscription_url": url,
            "authentication_method": "NONE",
            "automatic_sync_enabled": False,
            "on_demand": on_demand,
        }
        return str(
            self.rest(
                "POST", "/subscribed-library", {"create_spec": {"name": f"mirror {uuid.uuid4()}", "subscription_info": info}}
            )
        )

    def items(self, library: str) -> list[str]:
        return list(self.rest("GET", f"/library/item?library_id={library}"))

    def prepare(self, item: str, name: str) -> str:
        """Where a file is read, as soon as it can be."""
        session = self.rest("POST", "/library/item/download-session", {"create_spec": {"library_item_id": item}})
        target = f"/library/item/downloadsession/file/id:{session}?~action="
        self.rest("POST", f"{target}prepare", {"file_name": name})

        def found() -> Any:
            return self.rest("POST", f"{target}get", {"file_name": name})

        assert processes.eventually(lambda: found()["status"] == "PREPARED")
        return str(found()["download_endpoint"]["uri"])

    def staged(self) -> int:
        return sum(each.size() for each in BACKEND.unfinished(default_storage(self._directory / "data")))

    def slow_down(self, megabits: int) -> None:
        self.rest("PATCH", "/configuration", {"model": {"transfer_throttling_bandwidth_total": megabits}})


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    pair = []
    for name in ("publisher", "follower"):
        (tmp_path / name).mkdir()
        pair.append(Server(tmp_path / name))
    yield pair[0], pair[1]
    for server in pair:
        server.kill()
        server.http.close()


def test_a_server_that_is_killed_goes_on_where_it_was(servers: tuple[Server, Server]) -> None:
    publisher, follower = servers
    follower.slow_down(8)  # it would take more than a minute
    library = follower.follow(publisher.publish(), on_demand=False)
    assert processes.eventually(lambda: follower.staged() > 1 << 20)
    before = follower.staged()
    follower.restart()
    assert before <= follower.staged() < len(LARGE)
    follower.slow_down(0)
    assert processes.eventually(lambda: follower.items(library) != [], 120)
    (item,) = follower.items(library)
    for name, data in FILES.items():
        answer = follower.http.get(follower.prepare(item, name))
        assert hashlib.sha256(answer.content).digest() == hashlib.sha256(data).digest()


def test_a_reader_is_cut_off_with_the_publisher(servers: tuple[Server, Server]) -> None:
    publisher, follower = servers
    follower.slow_down(8)
    library = follower.follow(publisher.publish(), on_demand=True)
    assert processes.eventually(lambda: follower.items(library) != [])
    (item,) = follower.items(library)
    address = follower.prepare(item, "large.iso")
    with Raw(address) as reader:
        reader.send("GET", urlsplit(address).path)
        assert reader.head()[1]["content-length"] == str(len(LARGE))
        follower.rest("DELETE", f"/subscribed-library/id:{library}")
        follower.slow_down(0)
        assert len(reader.body(len(LARGE))) < len(LARGE)
