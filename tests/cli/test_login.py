"""`contentlib login` at a running server, with a provider that offers device codes."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from issuer import Issuer, issuing, table
from processes import CONTENTLIB, run, serving
from whole import PASSWORD

ASKED = "open https://id.example/device and enter ABCD-EFGH\n"
CODE = {"device_code": "secret", "user_code": "ABCD-EFGH", "verification_uri": "https://id.example/device", "interval": 1}


def offers(issuer: Issuer, **token: Any) -> None:
    """Makes a provider offer device codes, which its user has allowed already."""
    issuer.changes["device_authorization_endpoint"] = f"{issuer.url}/device"
    issuer.bodies["/device"] = json.dumps(CODE).encode()
    issuer.bodies["/token"] = json.dumps({"access_token": issuer.token(**token), "token_type": "Bearer"}).encode()


def plays_server(issuer: Issuer, session: bytes) -> None:
    """Makes a provider also answer as a server would that has such sessions."""
    offers(issuer)
    issuer.bodies["/cls/login"] = b"[]"
    issuer.bodies["/api/session"] = session


def logged_in(url: str, issuer: str, directory: Path) -> tuple[int, str, str]:
    """What `contentlib login` exits with and prints, with a given issuer."""
    return login(url, directory, "--issuer", issuer, "--client-id", "terminal")


def login(url: str, directory: Path, *more: str) -> tuple[int, str, str]:
    """What `contentlib login` exits with and prints."""
    ended = run([str(CONTENTLIB), "login", url, *more], directory)
    return ended.returncode, ended.stdout, ended.stderr


def listed(url: str, *names: str) -> bytes:
    """A list of providers with an issuer, as a server has it."""
    return json.dumps([{"name": name, "issuer": url, "client_id": "terminal"} for name in names]).encode()


async def test_a_person_logs_in_with_a_code(tmp_path: Path) -> None:
    async with issuing() as issuer:
        offers(issuer)
        tables = [table(issuer, device_client_id="terminal")]
        given = {"CONTENTLIB_OIDC": json.dumps(tables), "CONTENTLIB_ADMIN_PASSWORD": PASSWORD}
        with serving(tmp_path, "--no-tls", **given) as running:
            code, session, said = await asyncio.to_thread(login, running.url, tmp_path)
            assert (code, said) == (0, ASKED)
            headers = {"vmware-api-session-id": session.strip()}
            async with httpx.AsyncClient(base_url=running.url) as client:
                me = (await client.get("/api/contentlib/access/self", headers=headers)).json()
            assert me["user"] == "ann@corp.example"
            offers(issuer, aud="somebody else")
            code, session, said = await asyncio.to_thread(logged_in, running.url, issuer.url, tmp_path)
            assert (code, session) == (1, "")
            assert "refused the login with status 401: token of oidc:corp" in said
            assert "made for another audience" in said


async def test_one_of_several_providers_is_chosen_by_its_name(tmp_path: Path) -> None:
    async with issuing() as issuer:
        plays_server(issuer, b'"session"')
        issuer.bodies["/cls/login"] = listed(issuer.url, "corp", "lab")
        ended = await asyncio.to_thread(login, issuer.url, tmp_path)
        assert ended == (1, "", f"contentlib: {issuer.url} has several providers; choose one with --provider: corp, lab\n")
        ended = await asyncio.to_thread(login, issuer.url, tmp_path, "--provider", "home")
        assert ended == (1, "", f"contentlib: {issuer.url} has no provider 'home'; available: corp, lab\n")
        assert await asyncio.to_thread(login, issuer.url, tmp_path, "--provider", "lab") == (0, "session\n", ASKED)


@pytest.mark.parametrize("answer", [b"[]", b'[{"name": "corp", "login": "/cls/login/corp"}]', b'[{"name": 1}, null, []]'])
async def test_a_server_that_names_no_client_for_device_codes_is_told(tmp_path: Path, answer: bytes) -> None:
    async with issuing() as issuer:
        issuer.bodies["/cls/login"] = answer
        ended = await asyncio.to_thread(login, issuer.url, tmp_path)
        told = "names no provider with a client for device codes; give --issuer and --client-id, or --user"
        assert ended == (1, "", f"contentlib: {issuer.url} {told}\n")


@pytest.mark.parametrize("url", ["http://id.example", "file:///etc/passwd", "https://[::1"])
async def test_an_issuer_that_a_server_names_must_be_usable(tmp_path: Path, url: str) -> None:
    async with issuing() as issuer:
        issuer.bodies["/cls/login"] = listed(url, "corp")
        code, _, said = await asyncio.to_thread(login, issuer.url, tmp_path)
        assert (code, said.count("\n"), "of the provider is not usable: " in said) == (1, 1, True)


def test_an_issuer_needs_its_client(tmp_path: Path) -> None:
    code, _, said = login("https://lib.example", tmp_path, "--issuer", "https://id.example")
    assert (code, said) == (1, "contentlib: --issuer and --client-id must be given together\n")


async def test_a_provider_without_device_codes_is_told(tmp_path: Path) -> None:
    async with issuing() as issuer:
        plays_server(issuer, b"")
        del issuer.changes["device_authorization_endpoint"]
        answer = await asyncio.to_thread(logged_in, issuer.url, issuer.url, tmp_path)
        assert answer == (1, "", f"contentlib: provider {issuer.url} does not offer device codes\n")


async def test_a_refusal_of_the_provider_is_shown(tmp_path: Path) -> None:
    async with issuing() as issuer:
        plays_server(issuer, b"")
        issuer.statuses["/token"] = 400
        answer = await asyncio.to_thread(logged_in, issuer.url, issuer.url, tmp_path)
        assert answer == (1, "", f"{ASKED}contentlib: the provider refused the login: server_error\n")


async def test_no_code_is_shown_if_the_server_does_not_answer(tmp_path: Path) -> None:
    async with issuing() as issuer:
        offers(issuer)
        for server in ("http://127.0.0.1:9", issuer.url):
            code, _, said = await asyncio.to_thread(logged_in, server, issuer.url, tmp_path)
            assert (code, f"{server}/cls/login" in said) == (1, True)
        assert issuer.asked["/device"] == 0


@pytest.mark.parametrize(
    "answer", [b"<html>log in</html>", b'"ab\\u001b]0;title\\u0007"', b'"two words"', b"", b'"' + b"a" * (1 << 20) + b'"']
)
async def test_only_a_session_identifier_is_printed_as_one(tmp_path: Path, answer: bytes) -> None:
    async with issuing() as issuer:
        plays_server(issuer, answer)
        code, session, said = await asyncio.to_thread(logged_in, issuer.url, issuer.url, tmp_path)
        assert (code, session) == (1, "")
        assert said.startswith(f"{ASKED}contentlib: {issuer.url}")
        assert said.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    ("server", "issuer"),
    [
        ("http://lib.example", "https://id.example"),
        ("https://lib.example", "http://id.example"),
        ("https://[::1", "https://id.example"),
        ("https://lib.example", "https://id.example:99999"),
        ("lib.example:8443", "https://id.example"),
    ],
)
def test_tokens_are_only_sent_over_tls_to_a_usable_address(tmp_path: Path, server: str, issuer: str) -> None:
    code, _, said = logged_in(server, issuer, tmp_path)
    assert (code, said.count("\n")) == (1, 1)
    assert " is not usable: " in said


@pytest.mark.parametrize("url", ["nowhere", "https://127.0.0.1:9"])
def test_a_provider_that_is_not_there_is_told(tmp_path: Path, url: str) -> None:
    code, _, said = logged_in("http://127.0.0.1:9", url, tmp_path)
    assert code == 1
    assert said.startswith("contentlib: ")
    assert "Traceback" not in said
