"""`contentlib doctor`, at servers that work and at some that do not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import certificates
from client.commands import Terminal
from contentlib.client.profiles import Profile, Profiles
from processes import serving
from whole import NAME, PASSWORD


def checked(terminal: Terminal, **changes: Any) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit code and the results of the checks, of a profile with changes."""
    profiles = Profiles(terminal.home / "config" / "contentlib" / "profiles.json")
    given = profiles.get("default")
    profiles.put("doctor", Profile(**{"url": given.url, "session": given.session} | changes))
    ended = terminal.run("doctor", "--profile", "doctor", "--json")
    return ended.code, {each["check"]: each for each in json.loads(ended.out)}


def test_an_installation_that_works_is_said_to_work(terminal: Terminal) -> None:
    code, found = checked(terminal)
    assert code == 0
    warned = {name for name, each in found.items() if each["state"] != "ok"}
    assert (len(found), warned) == (8, {"certificate"})
    assert found["certificate"]["advice"] == "Log in again with the https URL."
    assert "contentlib doctor" not in terminal.done("library", "ls")
    assert "contentlib doctor" not in terminal.done("trash", "ls")


def test_published_libraries_are_read_at_their_address(terminal: Terminal) -> None:
    terminal.done("library", "create", "published for doctor")
    terminal.done("library", "publish", "published for doctor")
    _, found = checked(terminal)
    terminal.done("library", "rm", "published for doctor", "--yes")
    assert found["publishing"]["found"].endswith(" published libraries can be read")
    assert not found["publishing"]["found"].startswith("0 ")


def test_what_fails_says_what_to_do(terminal: Terminal) -> None:
    code, found = checked(terminal, session="0" * 64)
    assert (code, found["login"]["state"], found["login"]["advice"]) == (1, "failed", "Log in again.")
    assert found["transfer"] == {"check": "transfer", "state": "skipped", "found": "because of login", "advice": ""}
    code, found = checked(terminal, url="http://127.0.0.1:9")
    assert (code, found["server"]["advice"]) == (1, "Check that the server runs, and what its log says.")


class Broken(BaseHTTPRequestHandler):
    """A server whose clock is wrong, and whose database is gone if its address says so."""

    ready = True

    def do_GET(self) -> None:
        status, text = (200, b"ready") if self.ready or self.path == "/healthz" else (503, b"database: connection refused")
        self.send_response_only(status)
        self.send_header("Date", "Mon, 01 Jan 2024 00:00:00 GMT")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@contextmanager
def broken(*, ready: bool) -> Iterator[str]:
    handler = type("Handler", (Broken,), {"ready": ready})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_name_that_does_not_exist(terminal: Terminal) -> None:
    code, found = checked(terminal, url="http://no-such-server.invalid:8443")
    assert (code, found["name"]["state"]) == (1, "failed")
    assert found["name"]["advice"] == "Check the host in the URL, and the DNS server."


def test_a_proxy_is_named(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://someone:secret@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    _, found = checked(terminal)
    assert (found["proxy"]["state"], found["proxy"]["found"]) == ("warning", "requests pass http://127.0.0.1:9")
    assert found["proxy"]["advice"] == "If they should not, add 127.0.0.1 to NO_PROXY."
    assert found["server"]["state"] == "failed"


def test_a_database_that_is_gone(terminal: Terminal) -> None:
    with broken(ready=False) as url:
        code, found = checked(terminal, url=url)
    assert (code, found["server"]["state"]) == (1, "failed")
    assert found["server"]["found"] == "/readyz answered 503: database: connection refused"
    assert "what its log says" in found["server"]["advice"]


def test_a_clock_that_is_wrong(terminal: Terminal) -> None:
    with broken(ready=True) as url:
        _, found = checked(terminal, url=url)
    assert (found["clock"]["state"], found["clock"]["advice"]) == (
        "warning",
        "Set both clocks by NTP; single sign-on needs this.",
    )
    assert found["login"]["state"] == "failed"


def test_an_address_that_clients_do_not_reach(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    unreachable = "http://127.0.0.1:9"
    with serving(tmp_path, "--no-tls", CONTENTLIB_ADMIN_PASSWORD=PASSWORD, CONTENTLIB_PUBLIC_URL=unreachable) as server:
        terminal.run("login", server.url, "--user", NAME, "--password-file", "-", stdin=PASSWORD)
        terminal.done("library", "create", "published")
        terminal.done("library", "publish", "published")
        code, found = checked(terminal)
        assert "contentlib doctor" not in terminal.done("library", "ls")
    assert (code, found["transfer"]["state"]) == (1, "failed")
    assert found["transfer"]["advice"].startswith("Check that public_url is an address that this machine reaches")
    assert found["publishing"]["found"] == f"subscribers are sent to {unreachable}, you use {server.url}"
    assert found["publishing"]["advice"] == "Set public_url to the address that clients reach."


def test_a_certificate_that_is_not_trusted_or_ends_soon(tmp_path: Path) -> None:
    certificate = certificates.make(tmp_path / "certificate.pem", days=5).path
    terminal = Terminal(tmp_path)
    given = dict.fromkeys(("CONTENTLIB_TLS_CERTIFICATE", "CONTENTLIB_TLS_KEY"), str(certificate))
    with serving(tmp_path, CONTENTLIB_ADMIN_PASSWORD=PASSWORD, **given) as server:
        login = ("login", server.url, "--user", NAME, "--password-file", "-", "--ca", certificate)
        terminal.run(*login, stdin=PASSWORD)
        code, found = checked(terminal)
        assert (code, found["certificate"]["state"]) == (1, "failed")
        assert found["certificate"]["advice"] == "Log in again with --ca, or with --thumbprint after comparing it."
        code, found = checked(terminal, ca=str(certificate))
    assert (code, found["certificate"]["state"]) == (0, "warning")
    assert found["certificate"]["advice"] == "Renew it, and tell clients that compare the thumbprint."


def test_a_user_who_may_not_create_libraries(terminal: Terminal) -> None:
    user = f"reader-{uuid.uuid4()}@vsphere.local"
    terminal.done("users", "add", user, "--no-password")
    token = terminal.done("tokens", "add", "doctor", "--user", user).strip()
    code, found = checked(terminal, session=None, token=token)
    assert (code, found["transfer"]["state"]) == (1, "failed")
    assert found["transfer"]["advice"] == "The check needs the privilege to create and delete a library; ask an administrator."
