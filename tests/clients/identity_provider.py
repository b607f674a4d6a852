"""A real identity provider, npm's oidc-provider: installed from its lock file, and started on loopback."""

from __future__ import annotations

import html
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx

from clients.program import locked
from processes import start

_HERE = Path(__file__).parent / "provider"
_SETUP = Path(__file__).parents[2] / "scripts" / "setup-node.sh"
AUDIENCE, CLIENT, SECRET = "https://contentlib.test", "contentlib", "secret of the tests"
_ACTION = re.compile(r'<form[^>]* action="([^"]+)"')
_HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
_PROMPT = re.compile(r'name="prompt" value="(\w+)"')


def _install() -> None:
    modules = _HERE / "node_modules"
    with locked(_HERE.parent / ".cache" / "provider.lock"):
        installed, lock = modules / ".package-lock.json", _HERE / "package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            subprocess.run([_SETUP], check=True)
            subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=_HERE, check=True)


@contextmanager
def provider() -> Iterator[str]:
    """The address of a provider, as long as the block runs."""
    _install()
    running = start(["node", "provider.js"], _HERE)
    try:
        yield running.value("issuing as ")
    finally:
        running.kill()


def log_in(browser: httpx.Client, url: str, login: str) -> httpx.Response:
    """Goes to an address and through the provider's pages; the page at their end."""
    return _through(browser, browser.get(url), login)


def _through(browser: httpx.Client, page: httpx.Response, login: str) -> httpx.Response:
    while (found := _ACTION.search(page.text)) and (prompt := _PROMPT.search(page.text)):
        form = {"prompt": prompt[1], "login": login, "password": "any"}
        page = browser.post(urljoin(str(page.url), html.unescape(found[1])), data=form)
    return page


def enter_code(browser: httpx.Client, address: str, login: str, answer: str = "confirm") -> httpx.Response:
    """Opens the address of a device login, with its code in it, and confirms or aborts it; the page at the end."""
    page = browser.get(address)  # it sends itself, with a script
    for more in ({}, {answer: "yes"}):
        page = browser.post(address.partition("?")[0], data=_fields(page.text) | more)
    return _through(browser, page, login)


def _fields(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}
