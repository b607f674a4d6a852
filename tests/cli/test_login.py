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

CODE = {"device_code": "secret", "user_code": "ABCD-EFGH", "verification_uri": "https://id.example/device", "interval": 1}


def offers(issuer: Issuer, **token: Any) -> None:
    """Makes a provider offer device codes, which its user has allowed already."""
    issuer.changes["device_authorization_endpoint"] = f"{issuer.url}/device"
    issuer.bodies["/device"] = json.dumps(CODE).encode()
    issuer.bodies["/token"] = json.dumps({"access_token": issuer.token(**token), "token_type": "Bearer"}).encode()


def logged_in(url: str, issuer: str, directory: Path) -> tuple[int, str, str]:
    """What `contentlib login` exits with and prints."""
    command = [str(CONTENTLIB), "login", url, "--issuer", issuer, "--client-id", "terminal"]
    ended = run(command, directory)
    return ended.returncode, ended.stdout, ended.stderr


async def test_a_person_logs_in_with_a_code(tmp_path: Path) -> None:
    async with issuing() as issuer:
        offers(issuer)
        given = {"CONTENTLIB_OIDC": json.dumps([table(issuer)]), "CONTENTLIB_ADMIN_PASSWORD": PASSWORD}
        with serving(tmp_path, "--no-tls", **given) as running:
            code, session, said = await asyncio.to_thread(logged_in, running.url, issuer.url, tmp_path)
            assert (code, said) == (0, "open https://id.example/device and enter ABCD-EFGH\n")
            headers = {"vmware-api-session-id": session.strip()}
            async with httpx.AsyncClient(base_url=running.url) as client:
                me = (await client.get("/api/contentlib/access/self", headers=headers)).json()
            assert me["user"] == "ann@corp.example"
            offers(issuer, aud="somebody else")
            code, session, said = await asyncio.to_thread(logged_in, running.url, issuer.url, tmp_path)
            assert (code, session) == (1, "")
            assert "refused the login with status 401" in said


async def test_a_provider_without_device_codes_is_told(tmp_path: Path) -> None:
    async with issuing() as issuer:
        answer = await asyncio.to_thread(logged_in, "http://127.0.0.1:9", issuer.url, tmp_path)
        assert answer == (1, "", f"contentlib: provider {issuer.url} does not offer device codes\n")
        offers(issuer)
        issuer.bodies["/token"] = b'{"error": "access_denied"}'
        issuer.statuses["/token"] = 400
        code, _, said = await asyncio.to_thread(logged_in, "http://127.0.0.1:9", issuer.url, tmp_path)
        assert (code, "refused the login" in said) == (1, True)


@pytest.mark.parametrize("url", ["nowhere", "https://127.0.0.1:9"])
def test_a_provider_that_is_not_there_is_told(tmp_path: Path, url: str) -> None:
    code, _, said = logged_in("http://127.0.0.1:9", url, tmp_path)
    assert code == 1
    assert said.startswith("contentlib: ")
    assert "Traceback" not in said
