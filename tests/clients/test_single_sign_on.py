"""Single sign-on with a real identity provider, at a server of two worker processes."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from clients.identity_provider import AUDIENCE, CLIENT, SECRET, enter_code, log_in, provider
from processes import CONTENTLIB, ENVIRONMENT, PATIENCE_SECONDS, serving

NAME, PASSWORD = "administrator@vsphere.local", "Correct-horse 1!"
TOKEN = "vmware-api-session-id"
_ASKED = re.compile(r"open (\S+) and enter ([A-Z]{4}-[A-Z]{4})\n")


class Company:
    """A provider and a server that knows it."""

    def __init__(self, issuer: str, url: str) -> None:
        self.issuer = issuer
        self.url = url
        token = httpx.post(f"{url}/api/session", auth=(NAME, PASSWORD), timeout=60).json()
        self._admin = httpx.Client(base_url=url, headers={TOKEN: token}, timeout=60)

    def done(self, method: str, path: str, body: object = None) -> Any:
        answer = self._admin.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def close(self) -> None:
        self._admin.close()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with provider() as issuer:
        table = {"name": "corp", "issuer": issuer, "client_id": CLIENT, "client_secret": SECRET, "insecure_loopback": True}
        more = {"scopes": ["openid", "profile", "email", "groups"], "audience": [AUDIENCE], "domain": "corp.test"}
        options = {"CONTENTLIB_OIDC": json.dumps([table | more]), "CONTENTLIB_ADMIN_PASSWORD": PASSWORD}
        with serving(tmp_path_factory.mktemp("server"), "--no-tls", "--workers", "2", **options) as server:
            found = Company(issuer, server.url)
            group = {"name": "publishers", "source": "oidc:corp", "external_name": "/publishers"}
            found.done("POST", "/api/contentlib/access/groups", group)
            permission = {"principal": "publishers", "principal_type": "GROUP", "role": "Content publisher"}
            found.done("PUT", "/api/contentlib/access/permissions", permission)
            yield found
            found.close()


def test_a_person_logs_in_with_a_browser(company: Company) -> None:
    with httpx.Client(follow_redirects=True, timeout=60) as browser:
        page = log_in(browser, f"{company.url}/cls/login/corp", "robin")
        assert (page.status_code, str(page.url).partition("?")[0]) == (200, f"{company.url}/cls/login/corp/callback")
        assert "Logged in as robin@corp.test" in page.text
        again = browser.get(str(page.url))  # as the browser's button does
        assert again.status_code == 400
        found = browser.get(f"{company.url}/api/contentlib/access/self").json()
    assert (found["user"], found["display_name"]) == ("robin@corp.test", "robin of the tests")
    assert found["groups"] == ["publishers"]
    assert "ContentLibrary.UpdateSession" in found["privileges"]


def test_logging_out_leads_to_the_provider(company: Company) -> None:
    with httpx.Client(follow_redirects=True, timeout=60) as browser:
        log_in(browser, f"{company.url}/cls/login/corp", "robin")
        browser.follow_redirects = False
        for _ in range(8):  # some at the worker that did not log in, which may not know the provider's page
            out = browser.post(f"{company.url}/cls/logout")
            assert out.status_code == 303
        assert browser.get(f"{company.url}/api/session").status_code == 401


@contextmanager
def at_a_terminal(company: Company) -> Iterator[subprocess.Popen[str]]:
    """`contentlib login`, which waits for the person."""
    command = [str(CONTENTLIB), "login", company.url, "--issuer", company.issuer, "--client-id", "terminal"]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def answered(running: subprocess.Popen[str], answer: str) -> str:
    """Opens the address that the command prints, logs in there, and confirms or aborts; the last page."""
    assert running.stderr is not None
    asked = _ASKED.fullmatch(running.stderr.readline())
    assert asked is not None
    with httpx.Client(follow_redirects=True, timeout=60) as browser:
        return enter_code(browser, asked[1], "robin", answer).text


def test_a_person_logs_in_at_a_terminal(company: Company) -> None:
    with at_a_terminal(company) as running:
        assert "Sign-in Success" in answered(running, "confirm")
        session, said = running.communicate(timeout=PATIENCE_SECONDS)
        assert (running.returncode, said) == (0, "")
    found = httpx.get(f"{company.url}/api/contentlib/access/self", headers={TOKEN: session.strip()}, timeout=60).json()
    assert (found["user"], found["groups"]) == ("robin@corp.test", ["publishers"])


def test_a_login_at_a_terminal_can_be_denied(company: Company) -> None:
    with at_a_terminal(company) as running:
        assert "interrupted" in answered(running, "abort")
        heard = running.communicate(timeout=PATIENCE_SECONDS)
        assert (running.returncode, heard) == (1, ("", "contentlib: the login was denied at the provider\n"))


def test_a_pipeline_calls_with_the_providers_access_token(company: Company) -> None:
    form = {"grant_type": "client_credentials"}
    answer = httpx.post(f"{company.issuer}/token", data=form, auth=("pipeline", "pipeline"), timeout=60).json()
    headers = {"authorization": f"Bearer {answer['access_token']}"}
    for _ in range(8):  # by both workers
        found = httpx.get(f"{company.url}/api/contentlib/access/self", headers=headers, timeout=60)
        assert found.status_code == 200, found.text
        assert (found.json()["user"], found.json()["groups"]) == ("pipeline@corp.test", ["publishers"])
    company.done("PATCH", "/api/contentlib/access/users/pipeline@corp.test", {"enabled": False})
    heard = {httpx.get(f"{company.url}/api/contentlib/access/self", headers=headers, timeout=60).status_code for _ in range(8)}
    assert heard == {401}
