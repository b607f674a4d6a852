"""The link to the console, at the first start and beside a server that is running."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from cli.test_people import done, run
from contentlib.console import front
from processes import Running
from whole import NAME

REDEEM = "/api/contentlib/access/login-links?action=redeem"
LINK = "/console#/login/"


def redeemed(url: str, secret: str) -> int:
    return httpx.post(url + REDEEM, json={"secret": secret}, timeout=60).status_code


@pytest.mark.embedded
def test_a_link_logs_in_at_one_of_two_workers_once(serve: Callable[..., Running], tmp_path: Path) -> None:
    server = serve("--no-tls", "--workers", "2")
    data_dir = tmp_path / "data"
    printed = done(data_dir, "console-link", "--url", f"{server.url}/").strip()
    assert printed.startswith(server.url + LINK)
    secret = printed.removeprefix(server.url + LINK)
    with ThreadPoolExecutor(12) as callers:
        answers = list(callers.map(lambda _: redeemed(server.url, secret), range(24)))
    assert sorted(answers) == [201] + [401] * 23
    with closing(sqlite3.connect(data_dir / "contentlib.db")) as database:
        noted = database.execute("SELECT operation, user FROM audit WHERE operation LIKE '%link%' ORDER BY sequence").fetchall()
    assert noted[0][0] == "contentlib console-link"
    assert noted[0][1].startswith("local:")
    assert ("contentlib.access.login_links.redeem", NAME) in noted


@pytest.mark.skipif(not front.is_built(), reason="the console is not built")
def test_the_first_start_prints_a_link(serve: Callable[..., Running]) -> None:
    server = serve("--no-tls")
    secret = server.value("console: ").split()[0].removeprefix(server.url + LINK)
    assert redeemed(server.url, secret) == 201
    assert redeemed(server.url, secret) == 401


def test_without_a_known_port_the_address_must_be_given(data_dir: Path) -> None:
    (data_dir.parent / "contentlib.toml").write_text('listen = "127.0.0.1:0"\n')
    ended = run(data_dir, "console-link", "--config", str(data_dir.parent / "contentlib.toml"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "contentlib: the settings do not name the port of the server; give its address with --url\n"


def test_the_address_is_that_of_the_settings(data_dir: Path) -> None:
    assert done(data_dir, "console-link").startswith(f"https://127.0.0.1:8443{LINK}cll_")
    (data_dir.parent / "contentlib.toml").write_text('public_url = "https://images.example.com/lib"\n')
    printed = done(data_dir, "console-link", "--config", str(data_dir.parent / "contentlib.toml"))
    assert printed.startswith(f"https://images.example.com/lib{LINK}cll_")
