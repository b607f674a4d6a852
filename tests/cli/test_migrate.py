"""A server is moved to PostgreSQL while it is used: what was acknowledged is there, whenever the command is killed."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import postgresql
from cli.test_postgresql import Client
from processes import CONTENTLIB, ENVIRONMENT, Running, eventually, run, serve, serving
from whole import PASSWORD

pytestmark = pytest.mark.slow
_SETTINGS = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD}
_LIBRARIES = "/rest/com/vmware/content/local-library"
_PHASES = ("copy: ", "create indexes: ", "catch up: ", "catch up and verify, read-only: ")


class Writer:
    """Creates libraries all the time, and notes which were acknowledged and how others were refused."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.made: list[str] = []
        self.refused: list[httpx.Response] = []

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _write(self) -> None:
        number = 0
        while not self._end.is_set():
            number += 1
            answer = self._client.send("POST", _LIBRARIES, {"create_spec": {"name": f"library {number}"}})
            if answer.status_code == 200:
                self.made.append(answer.json()["value"])
            else:
                self.refused.append(answer)
                self._end.wait(0.01)

    def goes_on(self) -> bool:
        """Whether more is acknowledged."""
        before = len(self.made)
        return eventually(lambda: len(self.made) > before + 1)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    server, name = postgresql.server(), postgresql.name_of(tmp_path)
    yield server.new_database(name)
    server.drop(name)


def migrate(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run([str(CONTENTLIB), "migrate", "--data-dir", "data", *options], directory)


@contextmanager
def begun(directory: Path, url: str) -> Iterator[subprocess.Popen[str]]:
    command = [str(CONTENTLIB), "migrate", "--data-dir", "data", "--database", url]
    with subprocess.Popen(command, cwd=directory, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        yield process


def killed_in(directory: Path, url: str, phase: str) -> bool:
    """Kills the command when it has begun a phase; whether it had not ended before that."""
    with begun(directory, url) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(phase):
                process.kill()
                return process.wait() != 0
    raise AssertionError(f"the command ended without {phase!r}")


def test_a_server_is_moved_while_it_is_used_and_the_command_is_killed(tmp_path: Path, url: str) -> None:
    with serving(tmp_path, "--no-tls", "--workers", "2", **_SETTINGS) as server:
        writing, reading = Client(server.url), Client(server.url)
        threading.Thread(target=server.output.read, daemon=True).start()  # the server would wait once the pipe is full
        with Writer(writing) as writer:
            assert writer.goes_on()
            for phase in _PHASES:
                if not killed_in(tmp_path, url, phase):
                    break  # it was faster than this process
                assert writer.goes_on(), phase
            done = migrate(tmp_path, "--database", url, "--json")
            assert done.returncode == 0, done.stderr
            assert eventually(lambda: "was moved to" in writer.refused[-1].text)
            made = len(writer.made)
            assert reading.has(writer.made[0])
        assert len(writer.made) == made
        _check_refusals(writer)
        reading.close()
        writing.close()
        _check_old(tmp_path)
    assert json.loads(done.stdout)["rows"].get("libraries", made) == made
    with serving(tmp_path, "--no-tls", "--database", url, **_SETTINGS) as server:
        _check_new(server, writer)
        verified = run([str(CONTENTLIB), "audit", "verify", "--data-dir", "data"], tmp_path, CONTENTLIB_DATABASE=url)
        assert verified.returncode == 0, verified.stderr


def _check_refusals(writer: Writer) -> None:
    """Nobody was refused for another reason, and each was told to try again."""
    for each in writer.refused:
        assert (each.status_code, each.headers["retry-after"]) == (503, "10"), each.text
        assert "the server cannot make changes now: the database " in each.text
        assert "is being moved to another one" in each.text or "was moved to database " in each.text


def _check_old(directory: Path) -> None:
    """The old database names the new one."""
    listed = run([str(CONTENTLIB), "user", "list", "--data-dir", "data"], directory)
    assert listed.returncode == 1
    assert "was moved to database " in listed.stderr


def _check_new(server: Running, writer: Writer) -> None:
    """All that was acknowledged is there, and nothing that was refused."""
    client = Client(server.url)
    assert sorted(client.send("GET", _LIBRARIES).json()["value"]) == sorted(writer.made)
    assert client.has(client.library("new"))
    client.close()


def test_a_move_is_undone(tmp_path: Path, url: str) -> None:
    with serving(tmp_path, "--no-tls", "--workers", "1", **_SETTINGS) as server:
        client = Client(server.url)
        kept = client.library("kept")
        assert migrate(tmp_path, "--database", url).returncode == 0
        assert client.send("POST", _LIBRARIES, {"create_spec": {"name": "refused"}}).status_code == 503
        undone = migrate(tmp_path, "--undo", "--database", url)
        assert (undone.returncode, undone.stderr) == (0, "")
        assert client.has(client.library("made again"))  # without a restart
        client.close()
    refused = serve(tmp_path, "--no-tls", "--database", url, **_SETTINGS)
    assert refused.ended() == 1
    assert "`contentlib migrate` was not finished" in refused.output.read()
    refused.output.close()
    with serving(tmp_path, "--no-tls", "--workers", "1", **_SETTINGS) as server:
        client = Client(server.url)
        assert client.has(kept)
        client.close()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "--database is required"),
        (("--database", "sqlite:///file"), "must be a URL as postgresql://USER@HOST/NAME, not 'sqlite'"),
        (("--undo",), "was not moved; there is nothing to undo"),
    ],
)
def test_what_is_wrong_with_the_options_is_an_error(data_dir: Path, options: tuple[str, ...], told: str) -> None:
    done = run([str(CONTENTLIB), "migrate", "--data-dir", str(data_dir), *options], data_dir.parent)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr


def test_a_server_that_is_on_postgresql_already_is_an_error(data_dir: Path) -> None:
    command = [str(CONTENTLIB), "migrate", "--data-dir", str(data_dir), "--database", "postgresql://host/name"]
    done = run(command, data_dir.parent, CONTENTLIB_DATABASE="postgresql://host/other")
    assert done.returncode == 1
    assert "is a PostgreSQL URL already; it must name the SQLite database that is moved" in done.stderr
