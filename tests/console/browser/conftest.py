"""A real browser, in front of a server of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from clients.once import once
from clients.program import locked
from console.browser.person import NAME, PASSWORD, Person
from processes import Running, serving

_ROOT = Path(__file__).parents[3]
_CACHE = _ROOT / "console" / ".cache"
_BUILD, _SETUP = _ROOT / "scripts" / "build-console.sh", _ROOT / "scripts" / "setup-chromium.sh"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The console is built from its source, by the first process that needs it."""

    def build() -> None:
        with locked(_CACHE / "build.lock"):
            subprocess.run([_BUILD, sys.executable], check=True)

    once(tmp_path_factory, "console", build)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser without a window; it is installed if it is missing. Its event loop runs as long: no test beside it has one."""
    with locked(_CACHE / "chromium.lock"):
        subprocess.run([_SETUP], check=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server is started; its data is in `data`."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def server(built: None, directory: Path) -> Iterator[Running]:
    """A server that nobody has used yet."""
    with serving(directory, "--no-tls", CONTENTLIB_ADMIN_PASSWORD=PASSWORD) as running:
        yield running


@pytest.fixture
def person(chromium: Browser, server: Running) -> Iterator[Person]:
    """An administrator at the login page."""
    with Person(chromium, server.url, NAME, PASSWORD) as visiting:
        yield visiting
