"""Keeps pictures of screens for the docs, where `make screenshots` asks for them."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

VARIABLE = "CONTENTLIB_SCREENSHOTS"
"""The environment variable with the folder that the pictures go to."""


_ANYWHERE = r"""() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const node = texts.currentNode;
        node.data = node.data.replace(/\/\S+\/data(?=\/|$)/, "/var/lib/contentlib");
        node.data = node.data.replace(/127\.0\.0\.1:\d+/, "127.0.0.1:8443");
    }
}"""
"""Shows the directory and the port of a usual server in place of those of the test."""


def keep(page: Page, address: str, scheme: str, width: int) -> None:
    """Keeps a picture of the screen at an address, named by it, by the colors and by the width."""
    folder = os.environ.get(VARIABLE)
    if folder:
        name = address.partition("?")[0].replace("/", "-").replace("-{library}", "").replace("-{item}", "")
        page.evaluate(_ANYWHERE)
        page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", animations="disabled", caret="hide")
