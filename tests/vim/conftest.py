from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from vim.soap import Soap
from whole import HandClock, whole

STORAGES = {"datastore-7": "fast disks", "datastore-8": "archive", "datastore-9": "nas/1"}


@pytest.fixture
async def soap(data_dir: Path, tmp_path: Path, clock: HandClock) -> AsyncIterator[Soap]:
    """A caller that is logged in to an application with three storages."""
    storage = [{"id": key, "name": name, "path": tmp_path / key} for key, name in STORAGES.items()]
    async with whole(data_dir, clock, storage=storage) as app:
        yield Soap(app)
