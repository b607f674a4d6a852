"""The audit log of an application in process, as its database holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from backends import BACKEND


def entries(database: Path, operation: str = "") -> list[dict[str, Any]]:
    """All entries whose operation starts so, oldest first."""
    found = [json.loads(content) for content in BACKEND.texts(database, "SELECT content FROM audit ORDER BY sequence")]
    return [each for each in found if each.get("operation", "").startswith(operation)]


def named(entry: dict[str, Any]) -> dict[str, str]:
    """The names of the things of an entry, by type."""
    return {each["type"]: each.get("name", "") for each in entry.get("things", ())}
