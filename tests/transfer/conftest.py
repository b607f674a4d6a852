from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from transfer.parts import Client, Parts, parts_on


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[Parts]:
    """The real parts on a directory of the test's own."""
    async with parts_on(tmp_path) as parts:
        yield parts


@pytest.fixture
def client(parts: Parts) -> Client:
    """A client of those parts."""
    return Client(parts.application())
