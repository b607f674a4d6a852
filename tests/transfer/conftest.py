from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contentlib.metadata.migrate import upgrade
from transfer.parts import DATABASE, Client, Parts, parts_on


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database; a copy of it is faster than a new one."""
    path = tmp_path_factory.mktemp("empty") / DATABASE
    upgrade(path)
    return path


@pytest.fixture
async def parts(tmp_path: Path, database: Path) -> AsyncIterator[Parts]:
    """The real parts on a directory of the test's own."""
    shutil.copy(database, tmp_path)
    async with parts_on(tmp_path) as parts:
        yield parts


@pytest.fixture
def client(parts: Parts) -> Client:
    """A client of those parts."""
    return Client(parts.application())
