"""A migrated database a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from databases import new_database


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return new_database(tmp_path / "contentlib.db")
