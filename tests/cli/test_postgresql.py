"""Servers on PostgreSQL as processes of their own: several workers, other servers, and a database that is killed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
