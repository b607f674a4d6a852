"""Servers on PostgreSQL as processes of their own: several workers, other servers, and a database that is killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import postgresql
from contentlib.metadata.postgresql.turns import LOCKS
from processes import CONTENTLIB, PATIENCE_SECONDS, eventually, run, serve, serving
from whole import NAME, PASSWORD

pytestmark = pytest.mark.slow
_CONTENT = "/rest/com/vmware/content"
_SETTINGS = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_DATABASE_WAIT_SECONDS": "0.5"}


@pytest.fixture
def database() -> Iterator[postgresql.Server]:
    """A database server of the test, with an empty database `library`."""
    with postgresql.another_server() as server:
        server.new_database("library")
        yield server


class Client:
    """A caller of a server, who is logged in."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=PATIENCE_SECONDS)
        answer = self._http.post("/rest/com/vmware/cis/session", auth=httpx.BasicAuth(NAME.encode(), PASSWORD.encode()))
        self._http.headers["vmware-api-session-id"] = answer.json()["value"]
        self._http.cookies.clear()

    def send(self, method: str, target: str, body: object = None) -> httpx.Response:
        """The answer to a request."""
        return self._http.request(method, target, json=body)

    def library(self, name: str) -> str:
        """The identifier of a new library."""
        answer = self.send("POST", f"{_CONTENT}/local-library", {"create_spec": {"name": name}})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["value"])

    def item(self, library: str, name: str = "item") -> str:
        """The identifier of a new item."""
        spec = {"create_spec": {"library_id": library, "name": name}}
        return str(self.send("POST", f"{_CONTENT}/library/item", spec).json()["value"])

    def update(self, item: str) -> str:
        """The identifier of a new update session."""
        spec = {"create_spec": {"library_item_id": item}}
        return str(self.send("POST", f"{_CONTENT}/library/item/update-session", spec).json()["value"])

    def add(self, session: str, name: str, size: int) -> str:
        """The path to which the bytes of a new file are sent."""
        spec = {"file_spec": {"name": name, "source_type": "PUSH", "size": size}}
        answer = self.send("POST", f"{_CONTENT}/library/item/updatesession/file/id:{session}?~action=add", spec)
        return str(urlsplit(answer.json()["value"]["upload_endpoint"]["uri"]).path)

    def file(self, session: str, name: str) -> dict[str, Any]:
        """A file of an update session."""
        answer = self.send("POST", f"{_CONTENT}/library/item/updatesession/file/id:{session}?~action=get", {"file_name": name})
        found: dict[str, Any] = answer.json()["value"]
        return found

    def filled(self, item: str, data: bytes) -> str:
        """The path of the bytes of an item that is given a file."""
        session = self.update(item)
        assert self._http.put(self.add(session, "old", len(data)), content=data).status_code == 200
        assert self.send("POST", f"{_CONTENT}/library/item/update-session/id:{session}?~action=complete").status_code == 200
        spec = {"create_spec": {"library_item_id": item}}
        download = self.send("POST", f"{_CONTENT}/library/item/download-session", spec).json()["value"]
        answer = self.send(
            "POST",
            f"{_CONTENT}/library/item/downloadsession/file/id:{download}?~action=prepare",
            {"file_name": "old"},
        )
        return str(urlsplit(answer.json()["value"]["download_endpoint"]["uri"]).path)

    @contextmanager
    def half_sent(self, path: str, data: bytes) -> Iterator[Callable[[], int]]:
        """Sends half of a file; the rest is sent by the function, which returns the status."""
        with self._connected() as connection:
            connection.putrequest("PUT", path)
            connection.putheader("content-length", str(len(data)))
            connection.endheaders()
            connection.send(data[: len(data) // 2])

            def send_rest() -> int:
                connection.send(data[len(data) // 2 :])
                return connection.getresponse().status

            yield send_rest

    @contextmanager
    def half_read(self, path: str, size: int) -> Iterator[Callable[[], bytes]]:
        """Reads half of a file; the function returns all of it."""
        with self._connected() as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            first = answer.read(size // 2)
            yield lambda: first + answer.read()

    @contextmanager
    def _connected(self) -> Iterator[HTTPConnection]:
        connection = HTTPConnection(self._http.base_url.host, self._http.base_url.port, timeout=PATIENCE_SECONDS)
        with closing(connection):
            yield connection

    def has(self, library: str) -> bool:
        """Whether a library can be read."""
        return self.send("GET", f"{_CONTENT}/local-library/id:{library}").status_code == 200

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()


def test_a_server_answers_503_while_its_database_is_away_and_goes_on_by_itself(
    tmp_path: Path, database: postgresql.Server
) -> None:
    url = database.url("library")
    with serving(tmp_path, "--no-tls", "--workers", "2", "--database", url, **_SETTINGS) as server:
        client = Client(server.url)
        kept = [client.library(f"kept {number}") for number in range(5)]
        database.kill()
        for method, target, body in (
            ("GET", f"{_CONTENT}/local-library/id:{kept[0]}", None),
            ("POST", f"{_CONTENT}/local-library", {"create_spec": {"name": "away"}}),
        ):
            answer = client.send(method, target, body)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "10"), answer.text
        assert client.send("GET", "/readyz").status_code == 503
        database.start()
        assert eventually(lambda: client.send("GET", "/readyz").status_code == 200)
        assert all(client.has(each) for each in kept)
        assert client.has(client.library("back"))
        client.close()


def test_transfers_and_sessions_survive_a_database_that_is_away(tmp_path: Path, database: postgresql.Server) -> None:
    url = database.url("library")
    settings = _SETTINGS | {"CONTENTLIB_NODE_LEASE_SECONDS": "1"}
    with serving(tmp_path, "--no-tls", "--workers", "2", "--database", url, **settings) as server:
        client = Client(server.url)
        item, data = client.item(client.library("library")), bytes(range(256)) * 4096
        session = client.update(item)
        upload, download = client.add(session, "new", len(data)), client.filled(client.item(client.library("old")), data)
        with client.half_sent(upload, data) as sending, client.half_read(download, len(data)) as reading:
            assert eventually(lambda: client.file(session, "new")["status"] == "TRANSFERRING")
            database.kill()
            assert client.send("GET", f"{_CONTENT}/library/item/id:{item}").status_code == 503
            assert reading() == data  # needs no database
            time.sleep(3)  # longer than the lease; nothing depends on how much longer
            database.start()
            assert eventually(lambda: client.send("GET", "/readyz").status_code == 200)
            assert client.file(session, "new")["status"] == "TRANSFERRING"
            assert sending() == 200
        assert client.file(session, "new")["status"] == "READY"
        assert client.send("POST", f"{_CONTENT}/library/item/update-session/id:{session}?~action=complete").status_code == 200
        client.close()


def test_a_server_with_other_keys_than_those_of_the_running_one_is_refused(tmp_path: Path, database: postgresql.Server) -> None:
    url = database.url("library")
    with serving(tmp_path, "--no-tls", "--database", url, **_SETTINGS):
        (tmp_path / "other").mkdir()
        second = serve(tmp_path / "other", "--no-tls", "--database", url, **_SETTINGS)
        assert second.ended() == 1
        assert "contains other keys than those of the other servers of this database; set `keys_dir`" in second.output.read()
        second.output.close()


def test_a_server_of_an_earlier_version_keeps_the_database_as_it_is(tmp_path: Path, database: postgresql.Server) -> None:
    with ThreadPoolExecutor(1) as thread:
        other = thread.submit(database.psql, "library", f"SELECT pg_advisory_lock({LOCKS}, 3), pg_sleep(600)")
        assert eventually(lambda: database.run("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "1")
        second = serve(tmp_path, "--no-tls", "--database", database.url("library"), **_SETTINGS)
        assert second.ended() == 1
        assert "is in use by a server of an earlier version; stop it first" in second.output.read()
        second.output.close()
        database.run("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        assert other.result().returncode != 0


def test_commands_work_beside_a_server(tmp_path: Path, database: postgresql.Server) -> None:
    url = database.url("library")
    with serving(tmp_path, "--no-tls", "--database", url, **_SETTINGS) as server:
        listed = run([str(CONTENTLIB), "user", "list", "--data-dir", "data"], tmp_path, CONTENTLIB_DATABASE=url)
        assert (listed.returncode, listed.stderr) == (0, "")
        assert NAME in listed.stdout
        client = Client(server.url)
        client.library("written")
        client.close()
        command = [str(CONTENTLIB), "publish-static", "written", "out", "--data-dir", "data"]
        written = run(command, tmp_path, CONTENTLIB_DATABASE=url)
        assert written.returncode == 0, written.stderr
        assert (tmp_path / "out" / "lib.json").exists()


def test_a_password_in_the_address_is_never_shown(tmp_path: Path) -> None:
    url = "postgresql://ann:tr0ub4dor@127.0.0.1:1/library"
    shown = run([str(CONTENTLIB), "settings"], tmp_path, CONTENTLIB_DATABASE=url)
    refused = serve(tmp_path, "--no-tls", "--database", url, CONTENTLIB_DATABASE_WAIT_SECONDS="0")
    assert refused.ended() == 1
    said = refused.output.read()
    refused.output.close()
    assert "postgresql://ann:********@127.0.0.1:1/library" in shown.stdout
    assert "the database cannot be reached" in said
    assert "tr0ub4dor" not in shown.stdout + said
