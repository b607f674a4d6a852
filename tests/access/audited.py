"""The audit log of an application in process, as its database holds it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def entries(database: Path, operation: str = "") -> list[dict[str, Any]]:
    """All entries whose operation starts so, oldest first."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT content FROM audit ORDER BY sequence").fetchall()
    found = [json.loads(content) for (content,) in rows]
    return [each for each in found if each.get("operation", "").startswith(operation)]


def named(entry: dict[str, Any]) -> dict[str, str]:
    """The names of the things of an entry, by type."""
    return {each["type"]: each.get("name", "") for each in entry.get("things", ())}
