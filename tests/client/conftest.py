from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from client.commands import Terminal
from client.making import Keyring
from contentlib.client.connection import ServerConnection
from contentlib.client.profiles import Profile, Profiles
from processes import Running, serving
from publisher import ALLOW
from whole import NAME, PASSWORD


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server for all tests of a process; each makes a library of its own."""
    settings = {"CONTENTLIB_ADMIN_PASSWORD": PASSWORD, "CONTENTLIB_OUTBOUND_ALLOW": json.dumps(ALLOW)}
    with serving(tmp_path_factory.mktemp("server"), "--no-tls", **settings) as running:
        yield running


@pytest.fixture(scope="session")
def profile(server: Running) -> Profile:
    """A login at the server."""
    auth = httpx.BasicAuth(NAME.encode(), PASSWORD.encode())
    session = httpx.post(f"{server.url}/api/session", auth=auth, timeout=60).json()
    return Profile(server.url, NAME, session)


@pytest.fixture
async def connection(profile: Profile) -> AsyncIterator[ServerConnection]:
    async with ServerConnection(profile) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "files"
    found.mkdir()
    return found


@pytest.fixture(autouse=True)
def keyring() -> Iterator[Keyring]:
    """A keyring that cannot be used, in place of that of who runs the tests."""
    import keyring

    before, ring = keyring.get_keyring(), Keyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def terminal(tmp_path: Path, profile: Profile) -> Terminal:
    """A user who is logged in."""
    Profiles(tmp_path / "config" / "contentlib" / "profiles.json").put("default", profile)
    return Terminal(tmp_path)
