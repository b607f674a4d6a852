"""A SQLite database with rows, and an empty PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import postgresql
from metadata.moves.filled import Place, fill, place


@pytest.fixture(autouse=True)
def _small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contentlib.metadata.moves.source.ROWS", 4)


@pytest.fixture
def source(database: Path) -> Path:
    fill(database)
    return database


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Place]:
    with place(postgresql.name_of(tmp_path), postgresql.empty()) as made:
        yield made


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Place]:
    """A database without tables."""
    with place(f"{postgresql.name_of(tmp_path)}_bare") as made:
        yield made
