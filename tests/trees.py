"""A small reader of static trees that knows nothing of ours: what a subscriber finds behind `lib.json`, checked as it goes."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote


def read_tree(root: Path) -> dict[str, dict[str, bytes]]:
    """The items by name, their files by name; every reference is followed, and every size compared."""
    lib = document(root)
    items = json.loads((root / lib["itemsHref"]).read_text())["items"]
    assert [json.loads((root / unquote(item["selfHref"])).read_text()) for item in items] == items
    return {item["name"]: {file["name"]: _bytes(root, file) for file in item["files"]} for item in items}


def document(root: Path) -> Any:
    """What `lib.json` says."""
    return json.loads((root / "lib.json").read_text())


def items(root: Path) -> dict[str, Any]:
    """What `items.json` says, by name."""
    return {each["name"]: each for each in json.loads((root / "items.json").read_text())["items"]}


def state(root: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder of a tree with its inode and the time of its last change."""
    found = {}
    for folder, _, names in os.walk(root):
        for name in (".", *names):
            with suppress(FileNotFoundError):  # somebody is writing to it
                stat = (Path(folder) / name).stat()
                found[os.path.relpath(Path(folder) / name, root)] = stat.st_ino, stat.st_mtime_ns
    return found


def _bytes(root: Path, file: dict[str, Any]) -> bytes:
    (href,) = file["hrefs"]
    path = (root / unquote(href)).resolve()
    assert path.is_relative_to(root.resolve())
    content = path.read_bytes()
    assert len(content) == file["size"], file
    return content
